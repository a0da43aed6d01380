#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything that is no readable review, sent to the running server: each gets its exact HTTP status, or a denied
review that names the field and the expected type. Never "allowed", never a crash, and the next good review is
answered."""

import copy
import json
import ssl
import unittest

from webhook import WebhookTest, load_review

GOOD = load_review("create-pod-typical-hardened.json")
TEXT = json.dumps(GOOD).encode()
DOORS = ("validate", "mutate")
REVIEW_HEAD = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"'
DEEP = 100_000
ABSENT = object()


def altered(*path_and_value, raw=None):
    """The good review with the value at a path replaced, removed (ABSENT) or, given `raw`, written as those bytes."""
    *path, last, value = path_and_value
    review = copy.deepcopy(GOOD)
    target = review["request"]
    for token in path:
        target = target[token]
    if value is ABSENT:
        del target[last]
    else:
        target[last] = value
    body = json.dumps(review).encode()
    if raw is None:
        return body
    assert body.count(b'"@"') == 1
    return body.replace(b'"@"', raw)


SPEC = ("object", "spec")
FIRST = (*SPEC, "containers", 0)

# Name, body, HTTP status, what the text says.
REFUSED_BODIES = [
    ("not JSON", b"hello", 400, "not JSON"),
    ("empty body", b"", 400, "empty, where a JSON object was expected"),
    ("white space only", b" \n", 400, "malformed review: "),
    ("truncated", TEXT[:len(TEXT) // 2], 400, "not JSON"),
    ("truncated by one byte", TEXT[:-1], 400, "not JSON"),
    ("two documents", TEXT + TEXT, 400, "not JSON"),
    ("100,000 open arrays", b"[" * DEEP, 400, "malformed review: "),
    ("100,000 open objects", b'{"a":' * DEEP, 400, "malformed review: "),
    ("100,000 deep", b"[" * DEEP + b"]" * DEEP, 400, "nested deeper than 128 levels"),
    ("100,000 deep inside the object", altered("object", "metadata", "odd", "@", raw=b"[" * DEEP + b"]" * DEEP), 400,
     "nested deeper than 128 levels"),
    ("invalid UTF-8", TEXT.replace(b'"default"', b'"def\xff"', 1), 400, "not valid UTF-8"),
    ("overlong UTF-8", TEXT.replace(b'"default"', b'"def\xc0\xaf"', 1), 400, "not valid UTF-8"),
    ("no object at all", b"[]", 400, "expected an AdmissionReview object, found array"),
    ("null", b"null", 400, "expected an AdmissionReview object, found null"),
    ("no request", REVIEW_HEAD + b"}", 400, "request: required: expected an object"),
    ("request null", REVIEW_HEAD + b',"request":null}', 400, "request: required: expected an object"),
    ("request not an object", REVIEW_HEAD + b',"request":[]}', 400, "request: expected an object, found array"),
    ("no uid", altered("uid", ABSENT), 400, "request.uid: required"),
    ("empty uid", altered("uid", ""), 400, "request.uid: required"),
    ("uid not a string", altered("uid", 5), 400, "request.uid: expected a string, found integer"),
    ("uid twice", TEXT.replace(b'"uid":', b'"uid": "x", "uid":', 1), 400, "request.uid: given twice"),
    ("unknown operation", altered("operation", "PATCH"), 400, "request.operation: expected CREATE, UPDATE"),
    ("another kind of document", TEXT.replace(b'"AdmissionReview"', b'"Pod"'), 400, "expected AdmissionReview"),
    ("v1beta1", TEXT.replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"), 400,
     'apiVersion: expected admission.k8s.io/v1, found "admission.k8s.io/v1beta1"'),
    ("a number of 40 digits", altered(*SPEC, "securityContext", {"runAsUser": "@"}, raw=b"1" * 40), 400, "number"),
    ("a number beyond a double", altered(*SPEC, "securityContext", {"runAsUser": "@"}, raw=b"1e999"), 400, "number"),
]

# Name, body, code, the whole message.
DENIED_REVIEWS = [
    ("object null", altered("object", None), 422, "request.object: required on CREATE: expected an object"),
    ("object absent", altered("object", ABSENT), 422, "request.object: required on CREATE: expected an object"),
    ("object a string", altered("object", "x"), 422, "Pod: expected an object, found string"),
    ("oldObject null on UPDATE", json.dumps(
        {**GOOD, "request": {**GOOD["request"], "operation": "UPDATE", "oldObject": None,
                             "subResource": "ephemeralcontainers"}}).encode(), 422,
     "request.oldObject: required on UPDATE: expected an object"),
    ("spec null", altered(*SPEC, None), 422, "Pod: spec: required: expected an object"),
    ("spec a list", altered(*SPEC, []), 422, "Pod: spec: expected an object, found array"),
    ('runAsNonRoot "true"', altered(*FIRST, "securityContext", {"runAsNonRoot": "true"}), 422,
     "Pod: spec.containers[0].securityContext.runAsNonRoot: expected a boolean, found string"),
    ('runAsNonRoot "true" of the Pod', altered(*SPEC, "securityContext", {"runAsNonRoot": "true"}), 422,
     "Pod: spec.securityContext.runAsNonRoot: expected a boolean, found string"),
    ("runAsNonRoot 1", altered(*FIRST, "securityContext", {"runAsNonRoot": 1}), 422,
     "Pod: spec.containers[0].securityContext.runAsNonRoot: expected a boolean, found integer"),
    ("containers an object", altered(*SPEC, "containers", {}), 422,
     "Pod: spec.containers: expected an array, found object"),
    ("containers a string", altered(*SPEC, "containers", "x"), 422,
     "Pod: spec.containers: expected an array, found string"),
    ("a container is a string", altered(*FIRST, "x"), 422, "Pod: spec.containers[0]: expected an object, found string"),
    ("initContainers an object", altered(*SPEC, "initContainers", {}), 422,
     "Pod: spec.initContainers: expected an array, found object"),
    ("ephemeralContainers an object", altered(*SPEC, "ephemeralContainers", {}), 422,
     "Pod: spec.ephemeralContainers: expected an array, found object"),
    ("no name", altered(*FIRST, "name", ABSENT), 422, "Pod: spec.containers[0].name: required: a container has a name"),
    ("empty name", altered(*FIRST, "name", ""), 422, "Pod: spec.containers[0].name: required: a container has a name"),
    ("name a number", altered(*FIRST, "name", 7), 422,
     "Pod: spec.containers[0].name: expected a string, found integer"),
    ("no image", altered(*FIRST, "image", ABSENT), 422,
     'Pod: spec.containers[0].image: required: container "c0" has no image'),
    ("empty image", altered(*FIRST, "image", ""), 422,
     'Pod: spec.containers[0].image: required: container "c0" has no image'),
    ("a user of 10^30", altered(*SPEC, "securityContext", {"runAsUser": 1e30}), 422,
     "Pod: spec.securityContext.runAsUser: expected an integer, found number"),
    ("a user of 2^63", altered(*SPEC, "securityContext", {"runAsUser": 2**63}), 422,
     "Pod: spec.securityContext.runAsUser: expected an integer, found number"),
    ("a kind without a pod template", altered("kind", {"group": "", "version": "v1", "kind": "Service"}), 400,
     'kind Service of group "" holds no pod template known here: '
     "take it out of the rules of the webhook configuration, or tell where its template lies in spec.workloads of a "
     "policy"),
    ("a known kind of another group", altered("kind", {"group": "x.io", "version": "v1", "kind": "Deployment"}), 400,
     'kind Deployment of group "x.io" holds no pod template known here: '
     "take it out of the rules of the webhook configuration, or tell where its template lies in spec.workloads of a "
     "policy"),
]

# Method, path, Content-Type, status, text.
REFUSED_REQUESTS = [
    ("POST", "/{door}", "text/plain", 415, "Content-Type must be application/json"),
    ("POST", "/{door}", "application/jsonx", 415, "Content-Type must be application/json"),
    ("POST", "/{door}", None, 415, "Content-Type must be application/json"),
    ("GET", "/{door}", "application/json", 405, "only POST is answered here"),
    ("PUT", "/{door}", "application/json", 405, "only POST is answered here"),
    ("DELETE", "/{door}", "application/json", 405, "only POST is answered here"),
    ("POST", "/", "application/json", 404, "unknown path: POST /validate, /mutate or /validate-policy"),
    ("POST", "/{door}/", "application/json", 404, "unknown path: POST /validate, /mutate or /validate-policy"),
    ("POST", "/{door}x", "application/json", 404, "unknown path: POST /validate, /mutate or /validate-policy"),
    ("GET", "/metrics", "application/json", 404, "unknown path: POST /validate, /mutate or /validate-policy"),
]


class BadInputTest(WebhookTest):
    def check_next_works(self):
        """On the same connection (http.client opens another when the server closed it), and on a new one."""
        fresh = self.webhook.connect()
        for door, connection in zip(DOORS, (self.webhook.connection, fresh)):
            self.assertIs(self.webhook.ask(door, GOOD, connection)["allowed"], True)
        fresh.close()

    def check_each(self, cases, check):
        """Calls check(door, *case) for both doors; a good review must work after each."""
        for door in DOORS:
            for case in cases:
                with self.subTest(door=door, case=[part for part in case if isinstance(part, str)]):
                    check(door, *case)
                    self.check_next_works()

    def test_bodies_that_are_no_review(self):
        def check(door, _, body, status, text):
            answer = self.webhook.post(f"/{door}", body)
            self.assertEqual(answer.status, status)
            self.assertIn(text, answer.text)
            self.assertTrue(answer.text.startswith("malformed review: "))
            self.assertEqual(answer.text.count("\n"), 1, "one line")
            self.assertEqual(answer.headers["Content-Type"], "text/plain; charset=utf-8")

        self.check_each(REFUSED_BODIES, check)

    def test_reviews_of_objects_that_cannot_be_read(self):
        def check(door, _, body, code, message):
            answer = self.webhook.post(f"/{door}", body)
            self.assertEqual(answer.status, 200)
            self.assertIs(answer.response["allowed"], False)
            self.assertEqual(answer.response["uid"], GOOD["request"]["uid"])
            self.assertNotIn("patch", answer.response)
            status = answer.response["status"]
            self.assertEqual((status["code"], status["message"]), (code, message))
            self.assertEqual(status["reason"], {422: "Invalid", 400: "BadRequest"}[code])

        self.check_each(DENIED_REVIEWS, check)

    def test_requests_that_are_not_for_us(self):
        def check(door, method, path, content_type, status, text):
            headers = {"Content-Type": content_type} if content_type else {}
            answer = self.webhook.post(path.format(door=door), None if method == "GET" else TEXT, headers, method)
            self.assertEqual((answer.status, answer.text), (status, text + "\n"))
            self.assertEqual(answer.headers.get("Allow"), "POST" if status == 405 else None)

        self.check_each(REFUSED_REQUESTS, check)

    def test_content_type_may_have_parameters(self):
        answer = self.webhook.post("/validate", TEXT, {"Content-Type": "Application/JSON; charset=utf-8"})
        self.assertEqual(answer.status, 200)

    def test_unknown_subresource_is_judged_as_the_object(self):
        for name, allowed in [("create-pod.json", False), ("create-pod-typical-hardened.json", True)]:
            review = load_review(name)
            review["request"]["subResource"] = "frobnicate"
            self.assertIs(self.webhook.ask("validate", review)["allowed"], allowed)
            self.assertNotIn("patch", self.webhook.ask("mutate", review))
        self.check_next_works()

    def test_absurd_quantities_cost_nothing(self):
        before = self.webhook.resident_bytes()
        for text in ("1e2147483647", "1e-2147483648", "9" * 10_000, "1e99999999999999999999", "0x10", "1Gi1"):
            review = load_review("create-pod.json")
            container = review["request"]["object"]["spec"]["containers"][0]
            container["resources"] = {"requests": {"memory": text, "cpu": text}, "limits": {"memory": text}}
            with self.subTest(text=text[:24]):
                self.assertIs(self.webhook.ask("validate", review)["allowed"], False)  # its tag is latest
                self.webhook.ask("mutate", review)
                self.check_next_works()
        self.assertLess(self.webhook.resident_bytes() - before, 8 << 20)

    def test_body_of_9_mib_is_refused_once_its_length_is_known(self):
        for door in DOORS:
            with self.subTest(door=door), self.webhook.raw() as raw:
                raw.send(b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                         % (door.encode(), 9 << 20))
                answer = raw.read_answer()
                self.assertEqual((answer.status, answer.text), (413, "the body is larger than 8 MiB\n"))
                self.assertTrue(answer.closes)
                self.assertTrue(raw.is_closed_by_server())
            self.check_next_works()

    def test_client_that_sends_all_9_mib_first_still_reads_the_answer(self):
        for door in DOORS * 3:
            with self.subTest(door=door), self.webhook.raw() as raw:
                try:
                    raw.send(b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n" % (door.encode(), 9 << 20) + b" " * (9 << 20))
                except (ConnectionError, ssl.SSLError):
                    pass  # The server may stop reading; its answer must have come all the same.
                try:
                    answer = raw.read_answer()
                except (EOFError, OSError) as error:
                    self.fail(f"no answer, but: {error!r}")
                self.assertEqual(answer.status, 413)
            self.check_next_works()

    def test_largest_body_is_judged(self):
        body = TEXT + b" " * ((8 << 20) - len(TEXT))
        self.assertIs(self.webhook.post("/validate", body).response["allowed"], True)
        self.check_next_works()


if __name__ == "__main__":
    unittest.main()
