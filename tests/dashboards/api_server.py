# SPDX-License-Identifier: Apache-2.0
"""As much of an API server as the cluster's metrics need: lists and watches (streamed lists as well) of namespaces and
PodPolicies, the patch of a policy's status, and one Lease. tests/bench uses it, too. Decisions against a real API server are tests/cluster's business."""

import http.server
import json
import threading
import urllib.parse

NAMESPACES = "/api/v1/namespaces"
POLICIES = "/apis/tidewaiter.dev/v1alpha1/podpolicies"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
KINDS = {NAMESPACES: ("v1", "Namespace"), POLICIES: ("tidewaiter.dev/v1alpha1", "PodPolicy")}
BOOKMARK_SECONDS = 1.0


class ApiServer:
    """Serves after construction. While `is_away`, every request fails with 503 and watches end."""

    def __init__(self):
        self.is_away = False
        self._changed = threading.Condition()
        self._version = 1
        self._objects = {NAMESPACES: {}, POLICIES: {}, LEASES: {}}
        self._events = []  # (version, collection, type, object)
        self._is_stopped = False
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                api._answer_get(self)

            def do_POST(self):
                api._answer_write(self)

            do_PUT = do_PATCH = do_POST

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def write_kubeconfig(self, path):
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "default"}}]}))
        return path

    def put(self, collection, name, labels=None, **content):
        """Makes or replaces an object, and tells the watches."""
        with self._changed:
            old = self._objects[collection].get(name)
            self._version += 1
            made = {"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": str(self._version),
                                 "generation": (old or {}).get("metadata", {}).get("generation", 0) + 1,
                                 "labels": labels or {}}, **content}
            api_version, kind = KINDS[collection]
            made.update(apiVersion=api_version, kind=kind)
            self._store(collection, name, made, "MODIFIED" if old else "ADDED")

    def stop(self):
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def go_away(self, is_away=True):
        with self._changed:
            self.is_away = is_away
            self._changed.notify_all()

    def _store(self, collection, name, made, event):
        self._objects[collection][name] = made
        self._events.append((self._version, collection, event, made))
        self._changed.notify_all()

    @staticmethod
    def _send(request, code, document):
        body = json.dumps(document).encode()
        request.send_response(code)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _fail(self, request, code, reason):
        self._send(request, code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                                   "reason": reason, "message": reason})

    def _answer_get(self, request):
        path, _, query = request.path.partition("?")
        if self.is_away:
            return self._fail(request, 503, "ServiceUnavailable")
        if path in KINDS and "watch=true" in query:
            return self._watch(request, path, urllib.parse.parse_qs(query))
        if path in KINDS:
            with self._changed:
                items, version = list(self._objects[path].values()), self._version
            api_version, kind = KINDS[path]
            return self._send(request, 200, {"apiVersion": api_version, "kind": kind + "List", "items": items,
                                             "metadata": {"resourceVersion": str(version)}})
        collection, _, name = path.rpartition("/")
        found = self._objects.get(collection, {}).get(name)
        return self._send(request, 200, found) if found else self._fail(request, 404, "NotFound")

    def _watch(self, request, collection, query):
        """From a version on; or first everything there is, and a bookmark that says so (sendInitialEvents)."""
        is_list = query.get("sendInitialEvents") == ["true"]
        seen = 0 if is_list else int(query["resourceVersion"][0])
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        api_version, kind = KINDS[collection]
        try:
            while True:
                with self._changed:
                    if is_list:
                        due = [(self._version, None, "ADDED", item) for item in self._objects[collection].values()]
                    else:
                        due = [each for each in self._events if each[0] > seen and each[1] == collection]
                    if not due and not is_list:
                        self._changed.wait(BOOKMARK_SECONDS)
                    if self._is_stopped or self.is_away:
                        return
                    version = self._version
                for number, _, event, item in due:
                    request.wfile.write(json.dumps({"type": event, "object": item}).encode() + b"\n")
                    seen = number
                if is_list or not due:
                    bookmark = {"apiVersion": api_version, "kind": kind, "metadata": {"resourceVersion": str(version)}}
                    if is_list:
                        bookmark["metadata"]["annotations"] = {"k8s.io/initial-events-end": "true"}
                        is_list, seen = False, version
                    request.wfile.write(json.dumps({"type": "BOOKMARK", "object": bookmark}).encode() + b"\n")
                request.wfile.flush()
        except OSError:
            pass  # the client has gone

    def _answer_write(self, request):
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length", 0))))
        if self.is_away:
            return self._fail(request, 503, "ServiceUnavailable")
        path = request.path.partition("?")[0]
        with self._changed:
            if path.startswith(LEASES):
                return self._write_lease(request, body, path)
            if path.startswith(POLICIES) and path.endswith("/status"):
                name = path.removeprefix(POLICIES + "/").removesuffix("/status")
                if name in self._objects[POLICIES]:
                    self._version += 1
                    made = {**self._objects[POLICIES][name], "status": body.get("status", {})}
                    made["metadata"] = {**made["metadata"], "resourceVersion": str(self._version)}
                    self._store(POLICIES, name, made, "MODIFIED")
                    return self._send(request, 200, made)
        return self._fail(request, 404, "NotFound")

    def _write_lease(self, request, body, path):
        """Creates when there is none, and replaces only what the writer has read; self._changed is held."""
        name = body["metadata"]["name"]
        old = self._objects[LEASES].get(name)
        if request.command == "POST" and old:
            return self._fail(request, 409, "AlreadyExists")
        if request.command == "PUT" and old["metadata"]["resourceVersion"] != body["metadata"].get("resourceVersion"):
            return self._fail(request, 409, "Conflict")
        self._version += 1
        body["metadata"]["resourceVersion"] = str(self._version)
        self._objects[LEASES][name] = body
        return self._send(request, 201 if request.command == "POST" else 200, body)
