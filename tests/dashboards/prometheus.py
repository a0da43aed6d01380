# SPDX-License-Identifier: Apache-2.0
"""A Prometheus of the test's own: on a free port of 127.0.0.1, its data in a folder of the test's, ended by its process.
`./dev setup` puts the programs into build/deps/prometheus."""

import json
import os
import pathlib
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from processes import Process, find_free_port, wait_for  # noqa: E402

RULES = ROOT / "helm" / "tidewaiter" / "alerts" / "tidewaiter.yaml"


def find_program(name):
    """Where `prometheus` or `promtool` is."""
    own = ROOT / "build" / "deps" / "prometheus" / "bin" / name
    found = str(own) if os.access(own, os.X_OK) else shutil.which(name)
    if not found:
        raise AssertionError(f"{name} is neither in the path nor in build/deps/prometheus/bin: run ./dev setup")
    return found


class PrometheusError(Exception):
    """What Prometheus says against a query."""


class Prometheus:
    """Scrapes `targets` (host:port to further labels) every `interval` seconds and evaluates the alerts as often."""

    def __init__(self, folder, targets, interval=0.5):
        self.port = find_free_port()
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": f"{int(interval * 1000)}ms", "scrape_timeout": f"{int(interval * 1000)}ms",
                       "evaluation_interval": f"{int(interval * 1000)}ms"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "tidewaiter", "static_configs": [
                {"targets": [target], "labels": labels} for target, labels in targets.items()]}]}))
        self.process = Process("prometheus", [
            find_program("prometheus"), "--config.file", config, "--storage.tsdb.path", folder / "prometheus-data",
            "--web.listen-address", f"127.0.0.1:{self.port}", "--log.level", "warn",
            "--storage.tsdb.min-block-duration", "2h"], folder)
        wait_for(self._is_ready, self.process.read_log)

    def _is_ready(self):
        if not self.process.is_running():
            raise AssertionError(f"prometheus ended by itself:\n{self.process.read_log()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise PrometheusError(json.load(error)["error"]) from None

    def query(self, expression, **parameters):
        """The series of an instant query: [{"metric": {...}, "value": [time, text]}]."""
        return self._get("query", query=expression, **parameters)["result"]

    def query_range(self, expression, start, end, step):
        """The series of a range query: [{"metric": {...}, "values": [[time, text]]}]."""
        return self._get("query_range", query=expression, start=start, end=end, step=step)["result"]

    def rules(self):
        """Every alert with its health and state."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def label_values(self, label, selector):
        return self._get(f"label/{label}/values", **{"match[]": selector})

    def stop(self):
        self.process.stop()
