#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around the running server: it is told to stop or hung up on, files change under load, descriptors and
memory run out, the clock jumps, nothing can be written any more, and the API server that it watches is slow, talks
garbage or is gone. Clients that behave as the API server does see no failure, and what was lost comes back."""

import http.server
import json
import os
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from load_client import HonestClient, count_descriptors, resident_megabytes
from supervise_test import make_certificate
from webhook import BINARY, BOUND, ROOT, Webhook, load_review, wait_until

sys.path.insert(0, str(ROOT / "tests" / "dashboards"))
from api_server import NAMESPACES, POLICIES, ApiServer  # noqa: E402

GOOD = load_review("create-pod-typical-hardened.json")
BAD = load_review("create-pod.json")
BODY = json.dumps(GOOD).encode()
PATIENT = ("--max-wait-ms", "30000")  # a slow machine must not change an answer


def policy(tag):
    return (f"apiVersion: tidewaiter.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: p}}\nspec:\n  controls:\n"
            f"    image-tag: {{forbidden: [{tag}]}}\n")


class FaultTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.certificate, self.key = make_certificate(self.path)
        self.clients = []

    def serve(self, *arguments, **keywords):
        webhook = Webhook(*PATIENT, "--tls-cert", self.certificate, "--tls-key", self.key, *arguments,
                          ca=self.certificate.read_text(), **keywords)
        self.addCleanup(lambda: webhook.process.poll() is None and webhook.process.kill())
        return webhook

    def send_reviews(self, *webhooks, count=4):
        """Honest clients of all these servers, which must not see a failure until check_clients."""
        ports = [webhook.port for webhook in webhooks]
        self.clients = [HonestClient(ports, webhooks[0].tls, BODY, pause=0.001) for _ in range(count)]
        self.addCleanup(lambda: [client.stop() for client in self.clients])
        self.wait_for_answers()

    def wait_for_answers(self, more=10):
        counts = [len(client.seconds) for client in self.clients]
        wait_until(lambda: all(len(client.seconds) > count + more for client, count in zip(self.clients, counts)),
                   "a steady stream")

    def check_clients(self):
        for client in self.clients:
            client.stop()
            self.assertEqual(client.failures, [])


class SignalTest(FaultTest):
    def test_rolling_update_fails_no_request(self):
        """Two replicas; one is told to stop, and a new one takes its place, again and again."""
        old, other = self.serve("--drain-seconds", "1"), self.serve("--drain-seconds", "1")
        self.send_reviews(old, other)
        idle = HonestClient([old.port, other.port], old.tls, BODY, pause=3600)  # asks when it is told to
        self.addCleanup(idle.stop)
        for _ in range(3):
            self.assertIsNone(idle.ask())
            old.signal()
            wait_until(lambda old=old: old.ops("/readyz").status == 503, "/readyz fails")
            for client in [idle, *self.clients]:  # so the Service sends nothing new there
                client.ports.remove(old.port)
            self.assertEqual(old.wait(), 0)
            self.assertIsNone(idle.ask())  # its idle connection was closed: it connects anew
            self.wait_for_answers()
            new = self.serve("--drain-seconds", "1")
            for client in [idle, *self.clients]:
                client.ports.append(new.port)
            old, other = other, new
        self.check_clients()

    def test_hangup_changes_nothing(self):
        for arguments in ((), ("--supervise",)):
            webhook = self.serve("--drain-seconds", "0", *arguments)
            self.send_reviews(webhook)
            for _ in range(20):
                webhook.signal(signal.SIGHUP)
                self.wait_for_answers(1)
            self.check_clients()
            self.assertIs(webhook.ask("validate", GOOD)["allowed"], True)
            webhook.stop()

    def test_other_signals_that_are_harmless_elsewhere(self):
        webhook = self.serve("--drain-seconds", "0")
        self.send_reviews(webhook)
        for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGCONT):
            webhook.signal(number)
            self.wait_for_answers(1)
        webhook.signal(signal.SIGSTOP)  # a node that freezes for a moment
        webhook.signal(signal.SIGCONT)
        self.wait_for_answers()
        self.check_clients()
        webhook.stop()


class ReloadUnderLoadTest(FaultTest):
    def test_policies_and_certificates_all_the_time(self):
        """reload_test.py has every kind of edit; here they all come at once, under load."""
        policies = self.path / "policies"
        policies.mkdir()
        (policies / "p.yaml").write_text(policy("other"))
        webhook = self.serve("--drain-seconds", "0", "--policies", policies)
        authorities = [self.certificate.read_text()]
        for name in ("second", "third"):
            (self.path / name).mkdir()
            authorities.append(make_certificate(self.path / name)[0].read_text())
        tls = ssl.create_default_context(cadata="".join(authorities))
        clients = [HonestClient([webhook.port], tls, BODY, pause=0.001) for _ in range(3)]
        self.clients = clients
        self.addCleanup(lambda: [client.stop() for client in clients])
        self.wait_for_answers()
        loaded = webhook.metrics()['tidewaiter_policy_reloads_total{result="success"}']
        for round_number in range(6):
            (policies / "p.yaml").write_text(policy(f"other-{round_number}"))
            (policies / "broken.yaml").write_text("kind: [" if round_number % 2 else policy("x").replace("p}", "q}"))
            source = self.path / ("second", "third")[round_number % 2]
            for name in ("tls.crt", "tls.key"):
                (self.path / name).write_bytes((source / name).read_bytes())
            wait_until(lambda count=round_number: self.certificate_reloads(webhook) > count, "the certificate is in use")
            clients[0].stop()  # another one takes its place, whose connection gets the new certificate
            self.assertEqual(clients[0].failures, [])
            clients[0] = HonestClient([webhook.port], tls, BODY, pause=0.001)
            self.wait_for_answers(1)
        wait_until(lambda: webhook.metrics()['tidewaiter_policy_reloads_total{result="success"}'] > loaded, "reloads")
        self.check_clients()
        webhook.stop()

    @staticmethod
    def certificate_reloads(webhook):
        return sum("certificate reloaded" in line for line in webhook.log_lines)


class ScarcityTest(FaultTest):
    def test_out_of_descriptors_and_back(self):
        webhook = self.serve("--drain-seconds", "0")
        pid = webhook.process.pid
        self.send_reviews(webhook)
        before = count_descriptors(pid)
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (before + 20, hard))
        strangers = [socket.create_connection(("127.0.0.1", webhook.port), BOUND) for _ in range(60)]
        try:
            wait_until(lambda: count_descriptors(pid) >= before + 15, "it has hardly a descriptor left")
            self.wait_for_answers(50)  # whoever is connected is served
            with self.assertRaises(OSError):  # and nobody else
                webhook.tls.wrap_socket(socket.create_connection(("127.0.0.1", webhook.port), 0.2),
                                        server_hostname="127.0.0.1")
        finally:
            for stranger in strangers:
                stranger.close()
        newcomer = webhook.connect()
        self.assertIs(webhook.ask("validate", GOOD, newcomer)["allowed"], True)  # new connections are served
        newcomer.close()
        wait_until(lambda: count_descriptors(pid) <= before + 1, "descriptors come back")
        self.check_clients()
        webhook.stop()

    def test_close_to_the_limit_of_memory(self):
        """Some megabytes below what the largest reviews take: they may be refused, and nothing else may happen."""
        webhook = self.serve("--drain-seconds", "0")
        pid = webhook.process.pid
        self.send_reviews(webhook, count=2)
        size = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
        resource.prlimit(pid, resource.RLIMIT_AS, (size + (24 << 20), resource.RLIM_INFINITY))
        large = json.loads(BODY)
        large["request"]["object"]["metadata"]["annotations"] = {f"key-{i}": "x" * 60 for i in range(70_000)}
        large = json.dumps(large).encode()
        self.assertGreater(len(large), 5_000_000)
        seen = set()

        def send():
            for _ in range(5):
                connection = webhook.connect()
                try:
                    connection.request("POST", "/validate", large, {"Content-Type": "application/json"})
                    reply = connection.getresponse()
                    seen.add(reply.status)
                    reply.read()
                except OSError as error:
                    seen.add(type(error).__name__)
                connection.close()

        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(3 * BOUND)
            self.assertFalse(sender.is_alive())
        self.assertIsNone(webhook.process.poll(), "it ended for want of memory")
        self.assertTrue(seen - {200}, f"there was memory enough, nothing was tested: {seen}")
        self.assertLessEqual({status for status in seen if isinstance(status, int)}, {200, 413, 429, 500, 503}, seen)
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.assertEqual(webhook.post("/validate", large).status, 200)
        self.check_clients()
        webhook.stop()


class ClockTest(FaultTest):
    def test_clock_that_jumps_by_hours_and_days(self):
        library, clock = self.path / "clock.so", self.path / "clock"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library,
                        pathlib.Path(__file__).with_name("clock.c"), "-ldl"], check=True, timeout=BOUND)
        clock.write_text("0")
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
        policies = self.path / "policies.yaml"
        policies.write_text(policy("latest").replace("spec:\n", f'spec:\n  enforceFrom: "{tomorrow}"\n'))
        os.environ.update(LD_PRELOAD=str(library), CLOCK_FILE=str(clock))
        try:
            webhook = self.serve("--drain-seconds", "0", "--policies", policies)
        finally:
            for name in ("LD_PRELOAD", "CLOCK_FILE"):
                del os.environ[name]
        self.send_reviews(webhook)
        idle = webhook.raw()
        review = json.loads(json.dumps(BAD))
        review["request"]["object"]["spec"]["containers"] = [{"name": "x", "image": "nginx:latest"}]
        for hours, allowed in ((0, True), (3, None), (-7, True), (25, False), (24 * 400, False), (-24 * 400, True),
                               (0, True)):
            clock.write_text(str(hours * 3600))
            self.wait_for_answers()
            if allowed is not None:
                self.assertIs(webhook.ask("validate", review)["allowed"], allowed, f"{hours} hours from now")
        idle.send(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                  % len(BODY) + BODY)
        self.assertEqual(idle.read_answer().status, 200)  # no jump counted as idle time
        idle.socket.close()
        self.check_clients()
        webhook.stop()


class OutputTest(FaultTest):
    """Nothing depends on what it writes: it is started with a shell's redirections, at ports that were free."""

    def check(self, redirection, expected=0):
        with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
            port, ops_port = first.getsockname()[1], second.getsockname()[1]
        command = (f"exec '{BINARY}' serve --listen 127.0.0.1:{port} --ops-listen 127.0.0.1:{ops_port} --drain-seconds 0 "
                   f"--tls-cert '{self.certificate}' --tls-key '{self.key}' --log-level debug {redirection}")
        process = subprocess.Popen(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd="/", env={**os.environ, "TMPDIR": "/nowhere"})
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.wait(), process.stdout.close(),
                                 process.stderr.close()))
        tls = ssl.create_default_context(cadata=self.certificate.read_text())

        def is_up():
            self.assertIsNone(process.poll(), f"it has ended, with {redirection}")
            try:
                socket.create_connection(("127.0.0.1", port), BOUND).close()
                return True
            except ConnectionRefusedError:
                return False
        wait_until(is_up, "it listens")
        for number in range(3):  # no file or connection may get the number of a closed one
            target = os.readlink(f"/proc/{process.pid}/fd/{number}")
            self.assertTrue(target in ("/dev/null", "/dev/full") or target.startswith("pipe:"), (redirection, target))
        process.stdout.close()  # the reader of the pipes goes away as well
        process.stderr.close()
        bad = json.dumps(BAD).encode()  # a denial is logged
        for _ in range(5):
            clients = [HonestClient([port], tls, body) for body in (BODY, bad, BODY)]
            wait_until(lambda clients=clients: all(len(client.seconds) > 20 for client in clients), "answers")
            for client in clients:
                client.stop()
                self.assertEqual(client.failures, [], redirection)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(BOUND), expected)

    def test_disk_full(self):
        self.check(">/dev/full 2>/dev/full")

    def test_closed_outputs(self):
        for redirection in ("2>&-", ">&-", "<&- >&- 2>&-"):
            with self.subTest(redirection):
                self.check(redirection)

    def test_readers_that_go_away(self):
        self.check("")

    def test_disk_full_of_a_real_file_system(self):
        """A tmpfs of 16 KB, in a mount namespace of its own, that the log fills."""
        disk = self.path / "disk"
        disk.mkdir()
        script = (f"mount -t tmpfs -o size=16k tmpfs '{disk}' && "
                  f"exec '{BINARY}' serve --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 --drain-seconds 0 --log-level debug "
                  f"--tls-cert '{self.certificate}' --tls-key '{self.key}' 2> '{disk}/log'")
        unshare = ["unshare", "--mount", "bash", "-c", script]
        if os.geteuid() != 0:
            unshare = ["sudo", "-n", *unshare]
        process = subprocess.Popen(unshare, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.wait(), process.stdout.close()))
        port = int(process.stdout.readline().split("https://127.0.0.1:")[1].split()[0])
        tls = ssl.create_default_context(cadata=self.certificate.read_text())
        client = HonestClient([port], tls, json.dumps(BAD).encode())
        wait_until(lambda: len(client.seconds) > 300, "answers")
        client.stop()
        self.assertEqual(client.failures, [])
        log = pathlib.Path(f"/proc/{process.pid}/root{disk}/log")
        self.assertGreater(log.stat().st_size, 12_000, "the log has filled it")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(BOUND), 0)


class GarbageServer:
    """An HTTP server that answers every request with what `answer` says: (status, body), or None to say nothing."""

    def __init__(self, answer, port=0):
        outer = self
        self.answer, self.asked, self.is_stopped = answer, 0, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.asked += 1
                made = outer.answer
                if made is None:
                    outer.is_stopped.wait(BOUND)
                    self.close_connection = True
                    return
                status, body = made
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT = do_PATCH = do_GET

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # clients that hang up on garbage are right
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.is_stopped.set()
        self.server.shutdown()
        self.server.server_close()


class ApiServerTest(FaultTest):
    GARBAGE = [(200, b"<html>"), (200, b""), (200, b"{}"), (200, b"[]"), (200, b'{"items": 5}'),
               (200, b'{"metadata": {}, "items": [{"metadata": 7}]}'), (200, b'{"items": [' + b"[" * 100_000),
               (200, b"\xff" * 1000), (500, b"{"), (403, b'{"kind": "Status", "message": 5}'), (404, b"not found"),
               (302, b""), (410, b"{}"), (429, b"{}"), (200, b'{"metadata":{"resourceVersion":"1"},"items":null}')]

    def test_garbage_and_silence_from_the_beginning(self):
        garbage = GarbageServer(self.GARBAGE[0])
        self.addCleanup(garbage.stop)
        kubeconfig = ApiServer.write_kubeconfig(garbage, self.path / "kubeconfig")
        for answer in (None, *self.GARBAGE):
            # A process for each: the pauses between its questions grow to half a minute.
            garbage.answer, asked = answer, garbage.asked
            webhook = self.serve("--drain-seconds", "0", "--cluster", "--kubeconfig", kubeconfig)
            wait_until(lambda asked=asked: garbage.asked > asked + (0 if answer is None else 1), f"{answer!r:.80}")
            self.assertEqual(webhook.ops("/livez").status, 200)
            if answer != self.GARBAGE[-1]:  # which is a list of nothing
                self.assertEqual(webhook.ops("/readyz").status, 503, answer)
                self.assertEqual(webhook.post("/validate", BODY).status, 503, answer)  # never by no policy at all
            self.assertLess(resident_megabytes(webhook.process.pid), 64)
            self.assertIsNone(webhook.process.poll())
            webhook.stop()

    def test_api_server_that_goes_away_and_comes_back(self):
        api = ApiServer()
        self.addCleanup(api.stop)
        api.put(NAMESPACES, "default")
        spec = {"controls": {"image-tag": {"forbidden": ["latest"]}}}
        api.put(POLICIES, "p", spec=spec)
        webhook = self.serve("--drain-seconds", "0", "--cluster", "--kubeconfig",
                             api.write_kubeconfig(self.path / "kubeconfig"))
        wait_until(lambda: webhook.ops("/readyz").status == 200, "it is ready")
        self.send_reviews(webhook, count=2)
        review = json.loads(json.dumps(BAD))
        review["request"]["object"]["spec"]["containers"] = [{"name": "x", "image": "nginx:latest"}]
        self.assertIs(webhook.ask("validate", review)["allowed"], False)
        api.go_away()
        self.wait_for_answers(50)
        self.assertIs(webhook.ask("validate", review)["allowed"], False)  # by what was known last
        self.assertEqual(webhook.ops("/readyz").status, 200)
        api.put(POLICIES, "p", spec={"controls": {"image-tag": {"forbidden": ["other"]}}})
        api.go_away(False)
        wait_until(lambda: webhook.ask("validate", review)["allowed"], "what changed meanwhile is in force")
        self.check_clients()
        webhook.stop()


if __name__ == "__main__":
    unittest.main()
