#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policies and certificates that change under the running server: every kind of edit takes effect within a second,
without a failed request; what is not good is logged, counted once and kept out, and the next good edit recovers."""

import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from webhook import BOUND, Webhook, load_review, wait_until

POLICIES = ("a", "b", "c", "one", "two", "mounted")
IN_FORCE = 1.0  # Seconds until an edit must be in force.
SUCCESS = 'tidewaiter_policy_reloads_total{result="success"}'
FAILURE = 'tidewaiter_policy_reloads_total{result="failure"}'
LOADED = "tidewaiter_policies_loaded"
BAD_CERTIFICATE = 'tidewaiter_errors_total{reason="certificate_reload"}'
EXPIRY = "tidewaiter_certificate_expiry_timestamp_seconds"


def review():
    """A Pod with a container for each policy, whose image has the tag of the policy's name."""
    review = load_review("create-pod.json")
    review["request"]["object"]["spec"]["containers"] = [{"name": name, "image": f"nginx:{name}"} for name in POLICIES]
    return json.dumps(review).encode()


BODY = review()


def policy(name, denies=True, more=""):
    return (f"apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: {name}}}\nspec:\n  controls:\n"
            f"    image-tag: {{forbidden: [{name if denies else 'other'}]}}\n{more}")


def replace(path, text):
    """As editors and GitOps tools do: a new file, renamed over the old one."""
    new = path.with_name("." + path.name + ".new")
    new.write_text(text)
    new.rename(path)


def swap(mount, target):
    """As the kubelet does with a mounted ConfigMap or Secret."""
    link = mount / "..data_tmp"
    link.symlink_to(target)
    link.rename(mount / "..data")


class Stream(threading.Thread):
    """Reviews on one connection after the other: kept for `requests_per_connection`, or for good. What is not answered
    with 200 is a failure, and the stream goes on."""

    def __init__(self, webhook, tls=None, requests_per_connection=None):
        super().__init__(daemon=True)
        self.webhook, self.tls, self.requests_per_connection = webhook, tls or webhook.tls, requests_per_connection
        self.failures, self.answered, self.denied_by, self.is_done = [], 0, None, threading.Event()
        self.start()

    def run(self):
        while not self.is_done.is_set():
            connection = http.client.HTTPSConnection("127.0.0.1", self.webhook.port, context=self.tls, timeout=BOUND)
            try:
                self.use(connection)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            finally:
                connection.close()

    def use(self, connection):
        count = 0
        while count != self.requests_per_connection and not self.is_done.wait(0.001):  # others need the processor too
            connection.request("POST", "/validate?timeout=10s", BODY, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            body = reply.read()
            if reply.status != 200:
                self.failures.append((reply.status, body))
                continue
            response = json.loads(body)["response"]
            text = "" if response["allowed"] else response["status"]["message"]
            self.denied_by = set(re.findall(r"\[(\S+)/image-tag\]", text))
            self.answered += 1
            count += 1

    def stop(self):
        self.is_done.set()
        self.join(BOUND)


class ReloadTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def serve(self, *arguments, streams=2, **keywords):
        """Starts the server, and streams that must not see one failure until the test ends."""
        self.webhook = Webhook("--drain-seconds", "0", *arguments, **keywords)
        self.streams = [Stream(self.webhook) for _ in range(streams)]
        self.addCleanup(self.end)
        wait_until(lambda: all(stream.answered > 10 for stream in self.streams), "a steady stream")

    def end(self):
        for stream in self.streams:
            stream.stop()
            self.assertEqual(stream.failures, [])
        self.webhook.stop()

    def denied_by(self):
        """The policies that deny now: what a request that is sent now is told."""
        before = [stream.answered for stream in self.streams]
        wait_until(lambda: all(stream.answered > count + 1 for stream, count in zip(self.streams, before)), "answers")
        return set().union(*(stream.denied_by for stream in self.streams))

    def take_effect(self, edit, holds, what):
        """Makes an edit, and sees to it that it is in force in time."""
        started = time.monotonic()
        edit()
        wait_until(holds, what)
        self.assertLess(time.monotonic() - started, IN_FORCE, what)

    def denies(self, *names):
        return lambda: all(stream.denied_by == set(names) for stream in self.streams)

    def watch_that_nothing_happens(self):
        """No event tells of that; so for longer than it may take, nothing that was counted or logged may change."""
        state = lambda: ({name: value for name, value in self.webhook.metrics().items()
                          if re.search("reload|policies_loaded|expiry", name)}, len(self.reload_lines()))
        before, end = state(), time.monotonic() + IN_FORCE
        while time.monotonic() < end:
            self.assertEqual(state(), before)

    def reload_lines(self):
        return [line for line in self.webhook.log() if "reloaded" in line["msg"]]

    def last_line(self, count):
        """The newest line about a reload, of which there must be so many."""
        wait_until(lambda: len(self.reload_lines()) >= count, "a log line")
        lines = self.reload_lines()
        self.assertEqual(len(lines), count, lines)
        return lines[-1]

    def check_metrics(self, **expected):
        metrics = self.webhook.metrics()
        names = {"success": SUCCESS, "failure": FAILURE, "loaded": LOADED, "bad_certificate": BAD_CERTIFICATE}
        self.assertEqual({name: metrics[names[name]] for name in expected}, expected)


class PolicyReloadTest(ReloadTest):
    def setUp(self):
        """A folder of policies, a file, and a mounted ConfigMap."""
        super().setUp()
        self.folder, self.file, self.mount = self.path / "folder", self.path / "one.yaml", self.path / "mount"
        self.folder.mkdir()
        (self.folder / "a.yaml").write_text(policy("a"))
        self.file.write_text(policy("one", denies=False))
        for version, denies in [("..2026_1", False), ("..2026_2", True)]:
            (self.mount / version).mkdir(parents=True)
            (self.mount / version / "mounted.yaml").write_text(policy("mounted", denies=denies))
        (self.mount / "..data").symlink_to("..2026_1")
        (self.mount / "mounted.yaml").symlink_to("..data/mounted.yaml")
        self.serve("--policies", self.folder, "--policies", self.file, "--policies", self.mount)
        self.assertEqual(self.denied_by(), {"a"})

    def test_every_kind_of_edit(self):
        two = "---\n" + policy("two")
        edits = [
            ("edit in place", lambda: self.file.write_text(policy("one")), ["a", "one"], 3),
            ("rename over the file", lambda: replace(self.file, policy("one", denies=False)), ["a"], 3),
            ("second document", lambda: self.file.write_text(policy("one") + two), ["a", "one", "two"], 4),
            ("document removed", lambda: replace(self.file, policy("one", denies=False)), ["a"], 3),
            ("file added", lambda: (self.folder / "b.yml").write_text(policy("b")), ["a", "b"], 4),
            ("file renamed over another", lambda: (self.folder / "b.yml").rename(self.folder / "a.yaml"), ["b"], 3),
            ("file added by rename", lambda: replace(self.folder / "c.yaml", policy("c")), ["b", "c"], 4),
            ("file removed", lambda: (self.folder / "c.yaml").unlink(), ["b"], 3),
            ("ConfigMap updated", lambda: swap(self.mount, "..2026_2"), ["b", "mounted"], 3),
            ("ConfigMap rolled back", lambda: swap(self.mount, "..2026_1"), ["b"], 3),
        ]
        controls = 3
        for count, (what, edit, names, loaded) in enumerate(edits, 1):
            with self.subTest(what):
                self.take_effect(edit, self.denies(*names), what)
                self.check_metrics(success=count, failure=0, loaded=loaded)
                line = self.last_line(count)
                self.assertEqual((line["level"], line["msg"]), ("info", "policies reloaded"))
                self.assertEqual((line["policies"], line["controls"]), (str(loaded), str(loaded)))
                self.assertEqual((line["policies_before"], line["controls_before"]), (str(controls), str(controls)))
                controls = loaded

    def test_what_is_not_good_is_kept_out(self):
        other = self.path / "away"
        good = policy("one", denies=False)
        cases = [
            ("misspelt key", lambda: self.file.write_text(policy("one", more="    imag-tag: {}\n")),
             rf'{self.file}:7:5: spec.controls.imag-tag: unknown control; did you mean "image-tag"\?',
             lambda: self.file.write_text(good)),
            ("no YAML", lambda: replace(self.file, "{"), rf"{self.file}:\d+:\d+: ", lambda: replace(self.file, good)),
            ("empty", lambda: self.file.write_text(""), f"{self.file}: holds no document",
             lambda: self.file.write_text(good)),
            ("file vanished", lambda: self.file.rename(other), f"{self.file}: cannot be read: ",
             lambda: other.rename(self.file)),
            ("name used twice", lambda: (self.folder / "b.yaml").write_text(policy("a")),
             rf'{self.folder}/b.yaml:1: metadata.name: "a" is the name of ', (self.folder / "b.yaml").unlink),
            ("folder vanished", lambda: self.folder.rename(other), f"{self.folder}: cannot be read: ",
             lambda: other.rename(self.folder)),
            ("unreadable file in the folder", lambda: (self.folder / "b.yaml").symlink_to("b.yaml"),
             f"{self.folder}/b.yaml: cannot be read: ", (self.folder / "b.yaml").unlink),
            ("ConfigMap's folder gone", (self.mount / "..data").unlink, f"{self.mount}/mounted.yaml: cannot be read: ",
             lambda: swap(self.mount, "..2026_1")),
        ]
        for count, (what, spoil, message, mend) in enumerate(cases, 1):
            with self.subTest(what):
                self.take_effect(spoil, lambda: self.webhook.metrics()[FAILURE] == count, what)
                self.check_metrics(success=count - 1, loaded=3)
                line = self.last_line(2 * count - 1)
                self.assertEqual((line["level"], line["msg"]),
                                 ("error", "policies not reloaded: the last good ones stay in force"))
                self.assertRegex(line["error"], r"\A" + message)
                self.assertEqual(self.denied_by(), {"a"})
                if "vanished" in what:
                    self.watch_that_nothing_happens()  # told once, not at every look
                self.take_effect(mend, lambda: self.webhook.metrics()[SUCCESS] == count, "mended")
                self.assertEqual(self.last_line(2 * count)["level"], "info")
                self.assertEqual(self.denied_by(), {"a"})
                self.check_metrics(failure=count, loaded=3)

    def test_good_edit_over_a_bad_one(self):
        self.take_effect(lambda: self.file.write_text("nonsense"), lambda: self.webhook.metrics()[FAILURE] == 1, "bad")
        self.take_effect(lambda: self.file.write_text(policy("one")), self.denies("a", "one"), "good")
        self.check_metrics(success=1, failure=1, loaded=3)

    def test_same_content_is_no_change(self):
        os.utime(self.file)
        self.file.write_text(self.file.read_text())
        replace(self.folder / "a.yaml", policy("a"))
        (self.folder / "README.md").write_text("not a policy")
        (self.folder / ".a.yaml.swp").write_text("not a policy")
        self.watch_that_nothing_happens()
        self.check_metrics(success=0, failure=0)
        self.assertEqual(self.reload_lines(), [])

    def test_half_written_file_is_waited_for(self):
        for _ in range(20):
            written = self.write_slowly(policy("one"))
            self.take_effect(lambda: None, self.denies("a", "one"), "written at last")
            if written:
                break
            self.take_effect(lambda: self.file.write_text(policy("one", denies=False)), self.denies("a"), "again")
        else:
            self.fail("this machine is too busy for this test")
        self.assertEqual(self.webhook.metrics()[FAILURE] - self.failures_before, 0)

    def write_slowly(self, text):
        """Writes a file in pieces over 0.3 s; False when there was a pause in which it could be taken for finished."""
        self.failures_before = self.webhook.metrics()[FAILURE]
        pause, longest = threading.Event(), 0
        started = last = time.monotonic()
        with self.file.open("w") as file:
            for index, character in enumerate(text):
                file.write(character)
                file.flush()
                pause.wait(max(0, started + 0.3 * index / len(text) - time.monotonic()))
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
        return longest < 0.08 and last - started < 0.4

    def test_stops_while_files_change(self):
        for stream in self.streams:
            stream.stop()
        self.file.write_text(policy("one"))
        started = time.monotonic()
        self.webhook.stop()
        self.assertLess(time.monotonic() - started, 3)


class CertificateReloadTest(ReloadTest):
    def setUp(self):
        super().setUp()
        self.mount = self.path / "secret"
        for days, name in enumerate(("one", "two", "three"), 2):
            folder = self.mount / f"..{name}"
            folder.mkdir(parents=True)
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", str(days), "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                            "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
                           check=True, capture_output=True, timeout=BOUND)
        swap(self.mount, "..one")
        for name in ("tls.crt", "tls.key"):
            (self.mount / name).symlink_to(f"..data/{name}")
        self.certificates = {name: (self.mount / f"..{name}" / "tls.crt").read_text()
                             for name in ("one", "two", "three")}
        self.serve("--tls-cert", self.mount / "tls.crt", "--tls-key", self.mount / "tls.key",
                   ca="".join(self.certificates.values()), streams=1)
        self.streams.append(Stream(self.webhook, requests_per_connection=1))  # a new connection for each

    def served(self):
        """Whose certificate a new connection is shown."""
        shown = ssl.get_server_certificate(("127.0.0.1", self.webhook.port), timeout=BOUND)
        return next(name for name, pem in self.certificates.items()
                    if ssl.PEM_cert_to_DER_cert(pem) == ssl.PEM_cert_to_DER_cert(shown))

    def check_expiry(self, days):
        self.assertAlmostEqual(self.webhook.metrics()[EXPIRY], time.time() + days * 86400, delta=3600)

    def test_secret_is_updated(self):
        self.check_expiry(2)
        for count, (name, days) in enumerate([("two", 3), ("three", 4), ("one", 2)], 1):
            self.take_effect(lambda name=name: swap(self.mount, f"..{name}"), lambda name=name: self.served() == name, name)
            line = self.last_line(count)
            self.assertEqual((line["level"], line["msg"]), ("info", "certificate reloaded"))
            self.assertRegex(line["expires"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
            self.check_expiry(days)
        self.check_metrics(success=0, failure=0, bad_certificate=0)

    def test_bad_pair_is_kept_out(self):
        one, two = self.mount / "..one", self.mount / "..two"
        key, certificate = (one / "tls.key").read_text(), (one / "tls.crt").read_text()
        cases = [
            ("key of another", lambda: replace(one / "tls.key", (two / "tls.key").read_text()),
             "tls.key: is not the key of ", lambda: replace(one / "tls.key", key)),
            ("no certificate", lambda: (one / "tls.crt").write_text("nonsense"),
             "tls.crt: no usable PEM certificate: ", lambda: (one / "tls.crt").write_text(certificate)),
            ("key vanished", (one / "tls.key").unlink, "tls.key: cannot be read: ",
             lambda: (one / "tls.key").write_text(key)),
            ("Secret gone", (self.mount / "..data").unlink, "tls.crt: cannot be read: ",
             lambda: swap(self.mount, "..one")),
        ]
        for count, (what, spoil, message, mend) in enumerate(cases, 1):
            with self.subTest(what):
                self.take_effect(spoil, lambda: self.webhook.metrics()[BAD_CERTIFICATE] == count, what)
                line = self.last_line(2 * count - 1)
                self.assertEqual((line["level"], line["msg"]),
                                 ("error", "certificate not reloaded: the last good one stays in use"))
                self.assertRegex(line["error"], rf"\A{self.mount}/{message}")
                self.assertEqual(self.served(), "one")
                self.check_expiry(2)
                if "vanished" in what:
                    self.watch_that_nothing_happens()
                mend()
                self.assertEqual(self.last_line(2 * count)["msg"], "certificate reloaded")
                self.check_metrics(bad_certificate=count)

    def test_files_are_updated_one_after_the_other(self):
        one, two = self.mount / "..one", self.mount / "..two"
        replace(one / "tls.crt", (two / "tls.crt").read_text())
        wait_until(lambda: self.webhook.metrics()[BAD_CERTIFICATE] == 1, "half of the pair is refused")
        self.assertEqual(self.served(), "one")
        self.take_effect(lambda: replace(one / "tls.key", (two / "tls.key").read_text()),
                         lambda: self.served() == "two", "the other half")
        self.check_metrics(bad_certificate=1)


class NoWatcherTest(unittest.TestCase):
    def test_thread_only_where_there_is_something_to_watch(self):
        def count_threads(*arguments):
            webhook = Webhook("--drain-seconds", "0", *arguments)
            webhook.ops("/livez")  # all of the operations port's threads are there
            count = len(os.listdir(f"/proc/{webhook.process.pid}/task"))
            webhook.stop()
            return count

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "policy.yaml")
            path.write_text(policy("one"))
            self.assertEqual(count_threads("--policies", path), count_threads() + 1)


if __name__ == "__main__":
    unittest.main()
