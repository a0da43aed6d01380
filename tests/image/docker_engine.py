# SPDX-License-Identifier: Apache-2.0
"""A real Docker engine for tests: the one that answers, or, as root where `dockerd` is installed, one of its own that
touches neither the machine's network nor its Docker. Not a test itself."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))
from processes import Process, wait_for  # noqa: E402

DATA = ROOT / "build" / "docker"  # images and build cache are kept there: a second build takes seconds


class DockerEngine:
    """Answers after construction; `stop` ends what construction started. The variable DOCKER_HOST of `environment` is
    how other programs find it."""

    def __init__(self):
        self.environment = dict(os.environ)
        self._process = self._folder = None
        if not self._answers():
            self._start()

    def _answers(self):
        with contextlib.suppress(FileNotFoundError):
            return self.docker("version", check=False).returncode == 0
        return False

    def _start(self):
        if os.geteuid() != 0 or not (dockerd := shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")):
            raise AssertionError("no Docker engine answers ('docker version'), and a test can start one only as root "
                                 "and where dockerd is installed (Debian's package docker.io)")
        # Sockets in a short folder: their paths may have 107 characters.
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="tidewaiter-docker-"))
        (self._folder / "daemon.json").write_text("{}")
        DATA.mkdir(parents=True, exist_ok=True)
        socket = f"unix://{self._folder}/docker.sock"
        self.environment["DOCKER_HOST"] = socket
        self._cgroups = self._find_cgroups()
        try:
            self._process = Process("dockerd", [
                dockerd, "--host", socket, "--data-root", DATA, "--exec-root", self._folder / "run",
                "--pidfile", self._folder / "dockerd.pid", "--config-file", self._folder / "daemon.json",
                "--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"], self._folder)

            def is_ready():
                if not self._process.is_running():
                    raise AssertionError(f"dockerd ended by itself:\n{self._process.read_log()}")
                return self._answers()
            wait_for(is_ready, lambda: f"dockerd answers:\n{self._process.read_log()}")
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _find_cgroups():
        return set(pathlib.Path("/sys/fs/cgroup").glob("docker")) | set(pathlib.Path("/sys/fs/cgroup").glob("*/docker"))

    def stop(self):
        """May be called twice."""
        if self._process:
            self._process.stop()
            self._process = None
            for folder in self._find_cgroups() - self._cgroups:
                with contextlib.suppress(OSError):  # somebody else's by now
                    folder.rmdir()
        if self._folder:
            for line in pathlib.Path("/proc/mounts").read_text().splitlines():
                if line.split()[1].startswith(f"{self._folder}/"):  # dockerd leaves its network namespace mounted
                    subprocess.run(["umount", line.split()[1]], check=True)
            shutil.rmtree(self._folder)
            self._folder = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def drop_unnamed_images(self):
        """Of an engine of its own, what earlier builds have left."""
        if self._process:
            self.docker("image", "prune", "--force", timeout=300)

    def docker(self, *arguments, check=True, timeout=60, **more):
        """Runs the docker command; another exit code than 0 fails the test unless `check` is false."""
        done = subprocess.run(["docker", *map(str, arguments)], env=self.environment, text=True, timeout=timeout,
                              check=False, **({"capture_output": True} | more))
        if check and done.returncode != 0:
            raise AssertionError(f"docker {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
        return done
