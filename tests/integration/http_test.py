#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 and TLS as clients of every kind speak it to the running server: keep-alive, HTTP/1.0, Expect, pipelining,
one byte at a time, ambiguous lengths, old TLS versions, no TLS at all, and the caller's deadline."""

import copy
import json
import socket
import ssl
import time
import unittest
import warnings

from webhook import BOUND, RawConnection, WebhookTest, load_review

SMALL = load_review("create-pod.json")
TEXT = json.dumps(SMALL).encode()


def with_uid(uid):
    review = copy.deepcopy(SMALL)
    review["request"]["uid"] = uid
    return json.dumps(review).encode()


def request(body, *headers, target="/validate", version="1.1", length=True):
    """The bytes of a POST."""
    lines = [f"POST {target} HTTP/{version}", "Host: tidewaiter.svc", "Content-Type: application/json", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class HttpTest(WebhookTest):
    def check_answered(self, raw, uid=SMALL["request"]["uid"]):
        answer = raw.read_answer()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.response["uid"], uid)
        return answer

    def check_refused(self, data, *statuses):
        """One answer with one of `statuses`, then the end of the connection."""
        with self.webhook.raw() as raw:
            raw.send(data)
            answer = raw.read_answer()
            self.assertIn(answer.status, statuses)
            self.assertTrue(answer.closes)
            self.assertTrue(raw.is_closed_by_server())
            self.assertEqual(raw.buffer, b"", "nothing comes after the refusal")
        self.assertEqual(self.webhook.post("/validate", TEXT).status, 200)
        return answer

    def test_keep_alive(self):
        connection = self.webhook.connect()
        self.webhook.post("/validate", TEXT, connection=connection)
        local = connection.sock.getsockname()
        for i in range(50):
            answer = self.webhook.post("/mutate" if i % 2 else "/validate", with_uid(str(i)), connection=connection)
            self.assertEqual(answer.response["uid"], str(i))
            self.assertFalse(answer.closes)
        self.assertEqual(connection.sock.getsockname(), local, "the same connection all along")
        # Longer than the API server's 90 s, so that a request never crosses with our close.
        self.assertGreater(int(answer.headers["Keep-Alive"].split("timeout=")[1].split(",")[0]), 90)
        connection.close()

    def test_client_that_asks_to_close(self):
        with self.webhook.raw() as raw:
            raw.send(request(TEXT, "Connection: close"))
            self.assertTrue(self.check_answered(raw).closes)
            self.assertTrue(raw.is_closed_by_server())

    def test_http_1_0(self):
        with self.webhook.raw() as raw:
            raw.send(request(TEXT, version="1.0"))
            self.check_answered(raw)
            self.assertTrue(raw.is_closed_by_server())

    def test_expect_100_continue_with_2_mb(self):
        review = copy.deepcopy(SMALL)
        review["request"]["object"]["metadata"]["annotations"] = {"filler": "x" * 2_000_000}
        body = json.dumps(review).encode()
        head, _, _ = request(body, "Expect: 100-continue").partition(b"\r\n\r\n")
        with self.webhook.raw() as raw:
            for _ in range(2):  # again on the same connection
                raw.send(head + b"\r\n\r\n")
                self.assertEqual(raw.read_head(), (100, {}))
                raw.send(body)
                self.check_answered(raw)
            raw.send(request(TEXT))
            self.check_answered(raw)

    def test_expect_100_continue_is_not_given_to_9_mib(self):
        self.check_refused(request(b"", "Expect: 100-continue", f"Content-Length: {9 << 20}", length=False), 413)

    def test_expect_with_the_body_at_once(self):
        with self.webhook.raw() as raw:
            raw.send(request(TEXT, "Expect: 100-continue"))
            status, headers = raw.read_head()
            if status == 100:
                status, headers = raw.read_head()
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "application/json")

    def test_chunked_is_411(self):
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(TEXT), TEXT)
        self.check_refused(request(chunked, "Transfer-Encoding: chunked", length=False), 411)

    def test_ambiguous_lengths_are_refused(self):
        length = f"Content-Length: {len(TEXT)}"
        chunked = "Transfer-Encoding: chunked"
        smuggled = request(TEXT)
        for headers, statuses in [
            ((length, length), (400,)),
            ((length, "Content-Length: 0"), (400,)),
            ((f"{length}, {len(TEXT)}",), (400,)),
            ((length, chunked), (400, 411)),
            ((chunked, length), (400, 411)),
            ((length, "transfer-encoding: identity"), (400, 411)),
            ((f"Content-Length: +{len(TEXT)}",), (400,)),
            (("Content-Length: -1",), (400,)),
            (("Content-Length: 0x10",), (400,)),
            (("Content-Length: 99999999999999999999999",), (400, 413)),
            (("Content-Length:",), (400,)),
            ((f"Content-Length : {len(TEXT)}",), (400,)),
            ((length, " folded: 1"), (400,)),
        ]:
            with self.subTest(headers=headers):
                self.check_refused(request(TEXT, *headers, length=False) + smuggled, *statuses)

    def test_headers_are_bounded(self):
        self.check_refused(request(TEXT, "X-Filler: " + "x" * (17 << 10)), 431)
        self.check_refused(request(TEXT, *(f"X-{i}: 1" for i in range(200))), 431)

    def test_garbage_is_refused(self):
        for line in (b"\x00\x01\x02", b"HELLO", b"BREW /validate HTTP/1.1", b"POST /validate HTTP/3.0",
                     b"POST /validate"):
            with self.subTest(line=line):
                self.check_refused(line + b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 400)

    def test_connection_is_closed_whenever_the_answer_says_so(self):
        for target, body, content_type, status in [("/nowhere", TEXT, "application/json", 404),
                                                   ("/validate", TEXT, "text/plain", 415),
                                                   ("/validate", b"{}", "application/json", 400),
                                                   ("/validate?timeout=1ns", TEXT, "application/json", 429)]:
            with self.subTest(status=status), self.webhook.raw() as raw:
                data = request(body, target=target).replace(b"application/json", content_type.encode(), 1)
                raw.send(data)
                answer = raw.read_answer()
                self.assertEqual(answer.status, status)
                if answer.closes:
                    self.assertTrue(raw.is_closed_by_server(), "said Connection: close and left it open")
                else:
                    raw.send(request(TEXT))
                    self.check_answered(raw)

    def test_one_byte_at_a_time(self):
        with self.webhook.raw() as raw:
            for byte in request(TEXT):
                raw.send(bytes([byte]))
            self.check_answered(raw)

    def test_pipelining_answers_in_order(self):
        uids = ["first", "second", "third"]
        with self.webhook.raw() as raw:
            raw.send(b"".join(request(with_uid(uid)) for uid in uids))
            for uid in uids:
                self.check_answered(raw, uid)
            raw.send(request(TEXT))
            self.check_answered(raw)

    def test_pipelined_request_that_comes_in_two_parts(self):
        data = request(with_uid("one")) + request(with_uid("two"))
        with self.webhook.raw() as raw:
            raw.send(data[:-100])
            self.check_answered(raw, "one")
            raw.send(data[-100:])
            self.check_answered(raw, "two")

    def test_client_that_only_half_closes_is_answered(self):
        with self.webhook.raw() as raw:
            raw.send(request(TEXT))
            with socket.fromfd(raw.socket.fileno(), socket.AF_INET, socket.SOCK_STREAM) as stream:
                stream.shutdown(socket.SHUT_WR)  # without close_notify; SSLSocket.shutdown would drop TLS
            self.check_answered(raw)

    def test_half_sent_requests_keep_nobody_waiting(self):
        slow = [self.webhook.raw() for _ in range(20)]
        for raw in slow:
            raw.send(request(TEXT)[:-1])
        started = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.webhook.post("/validate", TEXT).status, 200)
        self.assertLess(time.monotonic() - started, 5)
        for raw in slow:
            raw.send(request(TEXT)[-1:])
            self.check_answered(raw)
            raw.socket.close()

    def test_old_tls_versions_are_refused(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.subTest(version=version), self.assertRaises(ssl.SSLError) as raised:
                self.shake_hands(minimum_version=version, maximum_version=version)
            self.assertEqual(raised.exception.reason, "TLSV1_ALERT_PROTOCOL_VERSION")

    def test_ciphers_without_forward_secrecy_are_refused(self):
        with self.assertRaises(ssl.SSLError) as raised:
            self.shake_hands("AES128-GCM-SHA256:AES128-SHA", maximum_version=ssl.TLSVersion.TLSv1_2)
        self.assertIn("ALERT_HANDSHAKE_FAILURE", raised.exception.reason)

    def test_tls_1_2_and_1_3_work(self):
        for version, name in [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]:
            self.assertEqual(self.shake_hands(minimum_version=version, maximum_version=version), name)

    def shake_hands(self, ciphers="ALL:@SECLEVEL=0", **versions):
        """The agreed TLS version. The client allows all, so that a refusal is the server's."""
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions, on purpose
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(cadata=self.webhook.ca)
        tls.set_ciphers(ciphers)
        tls.minimum_version = ssl.TLSVersion.TLSv1
        for name, version in versions.items():
            setattr(tls, name, version)
        with RawConnection(tls, self.webhook.port) as raw:
            raw.send(request(TEXT))
            self.check_answered(raw)
            return raw.socket.version()

    def test_alpn_is_http_1_1(self):
        tls = ssl.create_default_context(cadata=self.webhook.ca)
        tls.set_alpn_protocols(["h2", "http/1.1"])
        with RawConnection(tls, self.webhook.port) as raw:
            self.assertEqual(raw.socket.selected_alpn_protocol(), "http/1.1")

    def test_plain_http_on_the_tls_port_does_not_hang(self):
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.webhook.port), BOUND) as plain:
            plain.sendall(request(TEXT))
            try:
                while data := plain.recv(65536):
                    self.assertFalse(data.startswith(b"HTTP/1.1 200"))
            except ConnectionResetError:
                pass
        self.assertLess(time.monotonic() - started, 3)
        self.assertEqual(self.webhook.post("/validate", TEXT).status, 200)

    def test_deadline_that_is_over_is_429(self):
        for door in ("validate", "mutate"):
            answer = self.webhook.post(f"/{door}?timeout=1ns", TEXT)
            self.assertEqual((answer.status, answer.headers.get("Retry-After")), (429, "1"))
        for timeout in ("10s", "1m30s", "1500ms", "nonsense", ""):
            self.assertEqual(self.webhook.post(f"/validate?timeout={timeout}", TEXT).status, 200, timeout)


if __name__ == "__main__":
    unittest.main()
