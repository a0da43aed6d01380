#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image that build_image.py saved: what is in it, and that it serves as a cluster would run it: read-only, without
capabilities or new privileges, under the default seccomp profile, in 32 MiB. IMAGE names the file."""

import contextlib
import datetime
import gzip
import hashlib
import http.client
import io
import json
import os
import pathlib
import re
import ssl
import struct
import sys
import tarfile
import tempfile
import threading
import time
import unittest

from build_image import STAGE_TAG, TAG
from docker_engine import ROOT, DockerEngine
from processes import BOUND, find_free_port, wait_for

sys.path.insert(0, str(ROOT / "tests" / "integration"))
from binary_hardening import find_weaknesses  # noqa: E402
from webhook import load_review, patch_of  # noqa: E402

IMAGE = pathlib.Path(os.environ.get("IMAGE", ROOT / "build" / "image" / "tidewaiter.tar"))
MOST_COMPRESSED = 16_000_000  # bytes
MOST_MEMORY = 12_000_000  # bytes, as its cgroup counts them: what the limit is held against
MOST_RESIDENT = 16_000_000  # bytes, with pages of its files that the kernel could drop and that replicas share
NO_SWAP = ["--memory-swap", "32m"]
RESTRICTIONS = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "32m"]
README = (ROOT / "README.md").read_text()
AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
# What Debian's build of the program is linked with. A library that is new here is a decision, not an accident.
LIBRARIES = ("ld-linux-x86-64", "ld-linux-aarch64", "libc", "libm",
             # where the sources to link these statically could not be had
             "libsimdjson", "libprometheus-cpp-core", "libstdc\\+\\+", "libgcc_s", "libz", "libzstd")


def print_figure(name, value):
    print(f"figure: {name}: {value}", flush=True)


def read_layers(path):
    """The configuration of the image in this file, and its members by name: (TarInfo, bytes)."""
    members = {}
    with tarfile.open(path) as archive:
        read = lambda name: archive.extractfile(name).read()
        manifest, = json.loads(read("manifest.json"))
        for layer in manifest["Layers"]:
            data = read(layer)
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:  # compressed or not
                for member in tar:
                    content = tar.extractfile(member).read() if member.isfile() else b""
                    members[member.name.removeprefix("./").rstrip("/")] = (member, content)
        return json.loads(read(manifest["Config"])), members


def read_dynamic(elf):
    """(interpreter, names of needed libraries) of a 64 bit little-endian ELF file, by the ELF specification."""
    program_offset, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", elf, program_offset + number * size) for number in range(count)]
    interpreter = next((elf[h[2]:h[2] + h[5]].rstrip(b"\0").decode() for h in headers if h[0] == 3), None)  # PT_INTERP
    entries = []
    for header in headers:
        if header[0] == 2:  # PT_DYNAMIC
            entries = list(struct.iter_unpack("<QQ", elf[header[2]:header[2] + header[5]]))
    tables = [value for tag, value in entries if tag == 5]  # DT_STRTAB, an address
    if not tables:
        return interpreter, []
    offset = next(tables[0] - h[3] + h[2] for h in headers if h[0] == 1 and h[3] <= tables[0] < h[3] + h[5])  # PT_LOAD
    text = lambda at: elf[offset + at:elf.index(b"\0", offset + at)].decode()
    return interpreter, [text(value) for tag, value in entries if tag == 1]  # DT_NEEDED


class ContentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.config, cls.members = read_layers(IMAGE)
        cls.files = {name: content for name, (member, content) in cls.members.items() if member.isfile()}

    def test_size(self):
        compressed = len(gzip.compress(IMAGE.read_bytes(), 6))
        unpacked = sum(len(content) for content in self.files.values())
        print_figure("image, compressed", f"{compressed / 1e6:.2f} MB")
        print_figure("image, unpacked", f"{unpacked / 1e6:.2f} MB in {len(self.files)} files")
        print_figure("program, stripped", f"{len(self.files['tidewaiter']) / 1e6:.2f} MB, "
                     f"sha256 {hashlib.sha256(self.files['tidewaiter']).hexdigest()}")
        self.assertLessEqual(compressed, MOST_COMPRESSED)
        self.assertIn(f"It is {compressed / 1e6:.0f} MB compressed", README)

    def test_files_are_the_program_its_libraries_and_the_authorities(self):
        self.assertEqual({member.type for member, _ in self.members.values()} - {tarfile.REGTYPE, tarfile.DIRTYPE}, set(),
                         "neither links nor devices")
        libraries = {name for name in self.files if re.search(r"\.so(\.|$)", name)}
        self.assertEqual(set(self.files) - libraries, {"tidewaiter", AUTHORITIES})
        allowed = re.compile(rf"({'|'.join(LIBRARIES)})\.so(\.[0-9a-z.]+)?")
        self.assertEqual([name for name in libraries if not allowed.fullmatch(name.rpartition("/")[2])], [])
        folders = {name for name, (member, _) in self.members.items() if member.isdir()} - {"", "."}
        self.assertEqual(folders, {str(parent) for name in self.files for parent in pathlib.PurePath(name).parents} - {"."})

    def test_libraries_are_exactly_those_that_are_needed(self):
        by_name = {name.rpartition("/")[2]: name for name in self.files}
        interpreter, pending = read_dynamic(self.files["tidewaiter"])
        self.assertIn(interpreter.lstrip("/"), self.files)
        needed = {interpreter.rpartition("/")[2]}
        while pending:
            name = pending.pop()
            if name not in needed:
                needed.add(name)
                self.assertIn(name, by_name)
                pending += read_dynamic(self.files[by_name[name]])[1]
        self.assertEqual(set(by_name) - needed, {"tidewaiter", "ca-certificates.crt"})

    def test_owner_modes_and_times(self):
        for name, (member, _) in self.members.items():
            with self.subTest(name):
                self.assertEqual((member.uid, member.gid), (0, 0))
                self.assertEqual(member.mode & 0o7022, 0, "nobody else writes it, and it runs as nobody else")
        times = {member.mtime for name, (member, _) in self.members.items() if name not in ("", ".")}
        self.assertEqual(len(times), 1, "all of one time, that of the commit")

    def test_no_path_of_the_build_is_in_the_program(self):
        self.assertNotIn(b"/source/", self.files["tidewaiter"])

    def test_the_program_is_hardened(self):
        with tempfile.NamedTemporaryFile() as program:
            program.write(self.files["tidewaiter"])
            program.flush()
            self.assertEqual(find_weaknesses(program.name), [])

    def test_authorities_are_read(self):
        context = ssl.create_default_context(cadata=self.files[AUTHORITIES].decode())
        self.assertGreater(len(context.get_ca_certs()), 100)
        self.assertIn(f"SSL_CERT_FILE=/{AUTHORITIES}", self.config["config"]["Env"])

    def test_readme_runs_it_with_all_restrictions(self):
        flags, version = re.search(r"^docker run (.*) --publish \S+ tidewaiter:(\S+)$", README, re.MULTILINE).groups()
        self.assertEqual(flags.split(), RESTRICTIONS)
        self.assertEqual(version, self.config["config"]["Labels"]["org.opencontainers.image.version"])

    def test_configuration(self):
        config = self.config["config"]
        self.assertRegex(config["User"], r"^[1-9][0-9]*:[1-9][0-9]*$")
        self.assertEqual(config["Entrypoint"], ["/tidewaiter"])
        self.assertEqual(set(config["ExposedPorts"]), {"8443/tcp", "8080/tcp"})
        labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
        version = re.search(r"project\(tidewaiter VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual((labels["title"], labels["licenses"], labels["version"]), ("tidewaiter", "Apache-2.0", version))
        self.assertRegex(labels["revision"], r"^([0-9a-f]{40}(-dirty)?|unknown)$")
        self.assertRegex(labels["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertTrue(labels["description"])


class Container:
    """The image serving on 127.0.0.1, with all restrictions."""

    def __init__(self, engine):
        self.engine = engine
        self.port, self.ops_port = find_free_port(), find_free_port()
        before = time.monotonic()
        self.name = engine.docker(
            "run", "--detach", *RESTRICTIONS, *NO_SWAP, "--network", "host", TAG, "serve", "--listen", f"127.0.0.1:{self.port}",
            "--ops-listen", f"127.0.0.1:{self.ops_port}", "--drain-seconds", "0").stdout.strip()
        try:
            wait_for(self._is_ready, lambda: f"it is ready: {self.state()} {self.read_output()}", interval=0.005)
            ready = time.time()
            self.seconds_to_ready = time.monotonic() - before
            started = datetime.datetime.fromisoformat(re.sub(r"\.(\d{6})\d*Z$", r".\1+00:00", self.state()["StartedAt"]))
            self.seconds_from_start = ready - started.timestamp()
        except BaseException:
            self.remove()
            raise

    def _is_ready(self):
        if not self.state()["Running"]:
            raise AssertionError(f"it ended by itself: {self.state()}\n{self.read_output()}")
        with contextlib.suppress(OSError):
            return self.ask_ops("/readyz")[0] == 200

    def state(self):
        return json.loads(self.engine.docker("inspect", "--format", "{{json .State}}", self.name).stdout)

    def read_output(self):
        done = self.engine.docker("logs", self.name)
        return done.stdout + done.stderr

    def ask_ops(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=BOUND)
        with contextlib.closing(connection):
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()

    def review(self, door, review):
        """The answer to this review, over TLS that is verified by the CA that the server printed."""
        ca = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", self.read_output(), re.DOTALL)[0]
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=BOUND,
                                                 context=ssl.create_default_context(cadata=ca))
        with contextlib.closing(connection):
            connection.request("POST", f"/{door}?timeout=10s", json.dumps(review), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 200:
                raise AssertionError(f"/{door}: HTTP {reply.status}: {text}")
            return json.loads(text)["response"]

    def remove(self):
        self.engine.docker("rm", "--force", self.name)


class ContainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(DockerEngine())
        cls.engine.docker("load", "--input", IMAGE)
        cls.container = Container(cls.engine)
        cls.addClassCleanup(cls.container.remove)

    def test_serves_decisions(self):
        create = load_review("create-pod.json")
        response = self.container.review("mutate", create)
        self.assertEqual((response["uid"], response["allowed"]), (create["request"]["uid"], True))
        added = {operation["path"] for operation in patch_of(response)}
        self.assertTrue(added, "the hardened policy adds what is missing")
        response = self.container.review("validate", create)
        self.assertFalse(response["allowed"], "as nothing was added to it")
        self.assertIn("[hardened/run-as-non-root]", response["status"]["message"])
        metrics = self.container.ask_ops("/metrics")[1]
        self.assertRegex(metrics, r'tidewaiter_admission_requests_total\{[^}]*decision="deny"[^}]*\} 1')
        self.assertIn("tidewaiter_build_info", metrics)
        self.assertEqual(self.container.ask_ops("/livez")[0], 200)

    def test_is_restricted(self):
        process = pathlib.Path("/proc", str(self.container.state()["Pid"]))
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(status["Uid"].split(), ["65532"] * 4)
        self.assertEqual(status["Gid"].split(), ["65532"] * 4)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), "2: a filter")
        self.assertEqual({int(status[each], 16) for each in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}, {0})
        root = next(line.split() for line in (process / "mountinfo").read_text().splitlines() if line.split()[4] == "/")
        self.assertIn("ro", root[5].split(","))

    def test_start_and_memory(self):
        state = self.container
        print_figure("`docker run` to ready", f"{state.seconds_to_ready * 1000:.0f} ms")
        print_figure("start of the process to ready", f"{state.seconds_from_start * 1000:.0f} ms")
        process = pathlib.Path("/proc", str(state.state()["Pid"]), "status").read_text()
        resident = {key: int(kilobytes) * 1024 for key, kilobytes in re.findall(r"(Rss\w+|VmRSS):\s+(\d+) kB", process)}
        used, unit = re.match(r"([0-9.]+)([KM]i?B) /", self.engine.docker(
            "stats", "--no-stream", "--format", "{{.MemUsage}}", state.name).stdout).groups()
        used = float(used) * {"KiB": 2**10, "MiB": 2**20, "kB": 1e3, "MB": 1e6}[unit]
        print_figure("memory at rest, of the container", f"{used / 1e6:.1f} MB")
        print_figure("memory at rest, of the process",
                     f"{resident['VmRSS'] / 1e6:.1f} MB, of that not from files {resident['RssAnon'] / 1e6:.1f} MB")
        self.assertLessEqual(used, MOST_MEMORY)
        self.assertLessEqual(resident["VmRSS"], MOST_RESIDENT)

    def test_stays_within_its_memory_under_load(self):
        create, failures = load_review("create-deployment.json"), []

        def ask_often():
            try:
                for _ in range(50):
                    self.container.review("validate", create)
            except Exception as failure:
                failures.append(failure)
        threads = [threading.Thread(target=ask_often) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(failures, [])
        self.assertEqual((self.container.state()["OOMKilled"], self.container.state()["Running"]), (False, True))

    def test_no_shell(self):
        for command in ("/bin/sh", "sh", "/bin/bash", "/busybox/sh"):
            with self.subTest(command):
                done = self.engine.docker("run", "--rm", "--network", "none", "--entrypoint", command, TAG, check=False)
                self.assertEqual(done.returncode, 127, "what Docker says for a command that is not there")

    def test_prints_its_version(self):
        done = self.engine.docker("run", "--rm", *RESTRICTIONS, "--network", "none", TAG, "version")
        self.assertRegex(done.stdout, r"^tidewaiter \d+\.\d+\.\d+")

    def test_ends_on_sigterm(self):
        container = Container(self.engine)
        try:
            self.engine.docker("kill", "--signal", "TERM", container.name)
            self.assertEqual(self.engine.docker("wait", container.name).stdout.strip(), "0")
        finally:
            container.remove()


class ReproducibleTest(unittest.TestCase):
    def test_built_again_the_program_is_the_same(self):
        with DockerEngine() as engine:
            # A part of the sources for all of them, which take a quarter of an hour, and the whole link, which is what
            # works in parallel.
            again = ("sha256sum build/image/tidewaiter && "
                     "find build/image -path '*_engine.dir/*' -name '*.o' -print -delete | wc -l | grep -qv '^0$' && "
                     "ninja -C build/image tidewaiter >/dev/null && strip --strip-all build/image/tidewaiter && "
                     "sha256sum build/image/tidewaiter")
            first, second = engine.docker("run", "--rm", "--network", "none", STAGE_TAG, "sh", "-c", again,
                                          timeout=1200).stdout.splitlines()
        self.assertEqual(first, second)
        _, members = read_layers(IMAGE)
        self.assertEqual(first.split()[0], hashlib.sha256(members["tidewaiter"][1]).hexdigest())


if __name__ == "__main__":
    unittest.main()
