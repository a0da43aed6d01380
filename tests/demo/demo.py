#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows the webhook at work: starts the real binary, sends it real AdmissionReviews over HTTPS the way the API server
does (mutate, apply the patch, validate), and prints what came of each. Keeps serving until Ctrl-C, or stops with --once.
Tested by tests/integration/demo_test.py."""

import argparse
import base64
import copy
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REVIEWS = ROOT / "tests" / "fixtures" / "reviews"
BINARY = os.environ.get("TIDEWAITER", str(ROOT / "build" / "tidewaiter"))
USE_COLOUR = sys.stdout.isatty() or os.environ.get("FORCE_COLOR")
RED, GREEN, YELLOW, BLUE, BOLD, DIM = "31", "32", "33", "34", "1", "2"


def paint(text, *codes):
    return f"\033[{';'.join(codes)}m{text}\033[0m" if USE_COLOUR and text.strip() else text


def with_image(review, image):
    """The same Pod with another image in its first container."""
    review = copy.deepcopy(review)
    review["request"]["object"]["spec"]["containers"][0]["image"] = image
    return review


def load_cases():
    load = lambda name: json.loads((REVIEWS / name).read_text())
    plain = load("create-pod.json")
    return [
        ("a hardened Pod", load("create-pod-typical-hardened.json")),
        ("a plain Pod that sets nothing", with_image(plain, "nginx:1.27.3")),
        ("a Pod with a moving tag", plain),
        ("a Deployment", load("create-deployment.json")),
        ("its annotation changes", load("update-deployment-annotation.json")),
        ("kubectl debug on a Pod", load("update-pod-ephemeralcontainers.json")),
        ("a resize in place", load("update-pod-resize.json")),
    ]


def free_port(wanted):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.close()
            with socket.socket() as other:
                other.bind(("127.0.0.1", 0))
                return other.getsockname()[1]
        return wanted


class Webhook:
    """The running binary and one keep-alive connection to it, its certificate checked against the CA it printed."""

    def __init__(self):
        self.port, self.ops_port = free_port(8443), free_port(8080)
        command = [BINARY, "serve", "--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{self.ops_port}",
                   "--drain-seconds", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        start_new_session=True)  # Ctrl-C is ours, not the server's
        certificate = ""
        for line in self.process.stdout:
            certificate += line
            if "END CERTIFICATE" in line:
                break
        match = re.search(r"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----", certificate, re.DOTALL)
        if not match:
            raise SystemExit(f"{BINARY} did not start (exit code {self.process.wait()})")
        context = ssl.create_default_context(cadata=match[0])
        self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)

    def ask(self, door, review):
        headers = {"Content-Type": "application/json"}
        self.connection.request("POST", f"/{door}?timeout=10s", json.dumps(review), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise SystemExit(f"POST /{door}: HTTP {answer.status}: {text}")
        return json.loads(text)["response"]

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=10)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        values = (line.rpartition(" ") for line in lines if line.startswith("tidewaiter_") and "_bucket" not in line)
        return {name: float(value) for name, _, value in values}

    def stop(self):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def apply_patch(document, patch):
    """RFC 6902 `add`, all that the webhook uses."""
    for operation in patch:
        assert operation["op"] == "add", operation
        *parents, last = [t.replace("~1", "/").replace("~0", "~") for t in operation["path"].split("/")[1:]]
        target = document
        for token in parents:
            target = target[int(token)] if isinstance(target, list) else target[token]
        if isinstance(target, list):
            target.insert(len(target) if last == "-" else int(last), operation["value"])
        else:
            target[last] = operation["value"]


def describe(title, review):
    request = review["request"]
    subresource = "/" + request["subResource"] if request.get("subResource") else ""
    return [paint(title, BOLD), f"{request['operation']} {request['kind']['kind']}{subresource}",
            f"{request['namespace']}/{request.get('name') or request['object']['metadata'].get('generateName')}"]


def group_injections(annotation):
    """`spec.containers[0].securityContext.runAsNonRoot=true [policy/control]; ...` as one line a container."""
    groups = {}
    for line in annotation.split("; ") if annotation else []:
        field = line.rpartition(" [")[0].removeprefix("spec.")
        owner, _, rest = field.partition("].") if field.startswith(("containers", "initC", "ephem")) else ("", "", field)
        value = rest.replace("securityContext.", "").replace("resources.", "")
        mount = re.match(r'volumeMounts\[\d+\]=.*"mountPath":"([^"]+)"', value)
        volume = re.match(r'volumes\[\d+\]=.*"name":"([^"]+)"', value)
        value = f"mount {mount[1]}" if mount else f"emptyDir {volume[1]}" if volume else value
        groups.setdefault(owner + "]" if owner else "spec", []).append(value.replace('"', ""))
    return [f"{owner}: {', '.join(values)}" for owner, values in groups.items()]


def run_case(webhook, title, review):
    mutated = webhook.ask("mutate", review)
    injected = group_injections(mutated.get("auditAnnotations", {}).get("injected", ""))
    after = copy.deepcopy(review)
    if mutated.get("patch"):
        apply_patch(after["request"]["object"], json.loads(base64.b64decode(mutated["patch"])))
    judged = webhook.ask("validate", after)
    findings = [(YELLOW, warning) for warning in mutated.get("warnings", []) + judged.get("warnings", [])]
    if not judged["allowed"]:
        lines = judged["status"]["message"].splitlines()
        findings = [(RED, line.removeprefix("- ")) for line in lines if not line.endswith("violations:")] + findings
    if not judged["allowed"]:
        decision = ("denied", RED)
    elif injected:
        decision = ("hardened", BLUE)
    else:
        decision = ("allowed", GREEN)
    return describe(title, review), decision, findings, injected


def print_table(rows):
    width = min(max(shutil.get_terminal_size((132, 24)).columns, 110), 150)
    first, second = 31, 10
    third = (width - first - second - 6) * 11 // 20
    fourth = width - first - second - third - 6
    wrap = lambda text, size: textwrap.wrap(text, size, break_long_words=True, break_on_hyphens=False, subsequent_indent="  ") or [""]
    cell = lambda lines, i, size: (lines[i] if i < len(lines) else ("", ()))
    print(paint(f"{'OBJECT':{first}}  {'DECISION':{second}}  {'FINDINGS':{third}}  {'INJECTED':{fourth}}".rstrip(), BOLD))
    for object_lines, (decision, colour), findings, injected in rows:
        print(paint("─" * width, DIM))
        columns = [
            [(line, ()) for line in object_lines],
            [(decision, (colour, BOLD))],
            [(part, (code,)) for code, text in findings for part in wrap(text, third)],
            [(part, (BLUE,)) for text in injected for part in wrap(text, fourth)],
        ]
        for i in range(max(map(len, columns))):
            parts = []
            for lines, size in zip(columns, (first, second, third, fourth)):
                text, codes = cell(lines, i, size)
                visible = len(re.sub(r"\033\[[0-9;]*m", "", text))
                parts.append((paint(text, *codes) if codes else text) + " " * (size - visible))
            print("  ".join(parts).rstrip())
    print(paint("─" * width, DIM))


def print_metrics(before, after):
    print(paint("\nMetrics that moved", BOLD))
    for name, value in sorted(after.items()):
        if value != before.get(name, 0.0) and "connections" not in name:
            print(f"  {name} {value - before.get(name, 0.0):.6g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="stop after the table instead of serving until Ctrl-C")
    arguments = parser.parse_args()
    started = time.monotonic()
    webhook = Webhook()
    try:
        before = webhook.metrics()
        rows = [run_case(webhook, title, review) for title, review in load_cases()]
        print_table(rows)
        print_metrics(before, webhook.metrics())
        print(f"\nServing on https://127.0.0.1:{webhook.port} (POST /mutate, /validate) and "
              f"http://127.0.0.1:{webhook.ops_port} (/livez /readyz /metrics); "
              f"start to here took {time.monotonic() - started:.2f} s.")
        if not arguments.once:
            print("Ctrl-C stops it.", flush=True)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
            signal.sigwait({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    except KeyboardInterrupt:
        pass
    finally:
        code = webhook.stop()
    print(f"Stopped, exit code {code}.")
    return code


if __name__ == "__main__":
    sys.exit(main())
