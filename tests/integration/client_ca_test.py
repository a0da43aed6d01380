#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`--client-ca`: who is served, who is refused and how that is told, and what a changed file does."""

import http.client
import json
import pathlib
import re
import ssl
import subprocess
import tempfile
import unittest

from webhook import BOUND, Webhook, load_review, run, wait_until

REFUSED = 'tidewaiter_errors_total{reason="client_refused"}'
BAD_FILE = 'tidewaiter_errors_total{reason="certificate_reload"}'
REVIEW = json.dumps(load_review("create-pod.json"))


class ClientCaTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        for name in ("one", "two"):
            self.openssl(f"{name}-ca", "-addext", "keyUsage=critical,keyCertSign")
            self.openssl(name, "-CA", self.path / f"{name}-ca.crt", "-CAkey", self.path / f"{name}-ca.key",
                         "-addext", "extendedKeyUsage=clientAuth", "-addext", "basicConstraints=CA:FALSE")
        self.file = self.path / "client-ca.crt"
        self.file.write_text((self.path / "one-ca.crt").read_text())
        self.webhook = Webhook("--drain-seconds", "0", "--client-ca", self.file)
        self.addCleanup(self.stop)

    def stop(self):
        self.webhook.connection.close()
        self.webhook.process.terminate()
        self.webhook.process.wait(BOUND)
        self.webhook.log_reader.join(BOUND)
        self.webhook.process.stdout.close()
        self.webhook.process.stderr.close()

    def openssl(self, name, *more):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", f"/CN={name}", "-keyout", self.path / f"{name}.key",
                        "-out", self.path / f"{name}.crt", *more], check=True, capture_output=True, timeout=BOUND)

    def ask(self, client=None, version=ssl.TLSVersion.TLSv1_3):
        """The status of an answer to this client, or the words of the TLS alert."""
        context = ssl.create_default_context(cadata=self.webhook.ca)
        context.maximum_version = version
        if client:
            context.load_cert_chain(self.path / f"{client}.crt", self.path / f"{client}.key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.webhook.port, context=context, timeout=BOUND)
        try:
            connection.request("POST", "/validate", REVIEW, {"Content-Type": "application/json"})
            return connection.getresponse().status
        except ssl.SSLError as error:
            return re.search(r"alert[ _]([a-z_ ]+)", str(error), re.IGNORECASE)[1].replace("_", " ").lower().strip()
        finally:
            connection.close()

    def test_who_is_served(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.ask("one", version), 200)
            self.assertEqual(self.ask("two", version), "unknown ca")
        self.assertEqual(self.ask(None, ssl.TLSVersion.TLSv1_3), "certificate required")
        self.assertEqual(self.ask(None, ssl.TLSVersion.TLSv1_2), "handshake failure")
        self.assertEqual(self.webhook.metrics()[REFUSED], 4)
        wait_until(lambda: self.refusals(), "a log line")
        self.assertEqual(len(self.refusals()), 1, "logged once a minute")
        self.assertEqual(self.refusals()[0]["level"], "warn")

    def refusals(self):
        return [line for line in map(json.loads, self.webhook.log_lines) if line["msg"].startswith("client refused")]

    def test_changed_file(self):
        (self.path / "new").write_text((self.path / "two-ca.crt").read_text())
        (self.path / "new").rename(self.file)
        wait_until(lambda: self.ask("two") == 200, "the new CA is in use")
        self.assertEqual(self.ask("one"), "unknown ca")
        self.file.write_text("nonsense")
        wait_until(lambda: self.webhook.metrics()[BAD_FILE] == 1, "the bad file is counted")
        self.assertEqual(self.ask("two"), 200)
        self.file.write_text((self.path / "one-ca.crt").read_text() + (self.path / "two-ca.crt").read_text())
        wait_until(lambda: self.ask("one") == 200, "both CAs are in use")
        self.assertEqual(self.ask("two"), 200)

    def test_bad_file_at_the_start(self):
        for text, message in (("nonsense", "no usable PEM certificate"), (None, "cannot be read: No such file")):
            file = self.path / "bad"
            file.write_text(text) if text else file.unlink()
            done = run("serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--client-ca", file)
            self.assertEqual(done.returncode, 2)
            self.assertTrue(done.stderr.startswith(f"tidewaiter: {file}: {message}"), done.stderr)


if __name__ == "__main__":
    unittest.main()
