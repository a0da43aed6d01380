# SPDX-License-Identifier: Apache-2.0
"""Child processes that do not outlive who started them, and what is needed to start servers: free ports and waiting
with a bound. Used by control_plane.py and webhook.py."""

import atexit
import ctypes
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

BOUND = 60.0  # seconds that anything may take before the test fails, also on a slow and busy machine
STOP_BOUND = 20.0  # seconds from SIGTERM to SIGKILL
_PR_SET_PDEATHSIG = 1  # prctl(2)
_libc = ctypes.CDLL(None)


def wait_for(holds, what, timeout=BOUND, interval=0.05):
    """Polls until `holds()` returns something true, and returns that. `what` may be a function, asked when it fails."""
    deadline = time.monotonic() + timeout
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain: {what() if callable(what) else what}")
        time.sleep(interval)
    return value


def find_free_port(given=set()):
    """A port of 127.0.0.1 that nobody uses, and that was not given out before. It is below those that the kernel hands
    out by itself, so that it stays free while a server restarts."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in given:
            given.add(port)
            return port


def start_time(pid):
    """When the process began, in the kernel's ticks (proc(5), stat: field 22); None when there is none, or only
    its remains."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


class Process:
    """A server with its output in FOLDER/NAME.log. It ends with its parent unless it is `detached`: that leaves
    FOLDER/NAME.pid, by which `stop_detached` finds it again."""

    def __init__(self, name, command, folder, environment=None, detached=False):
        self.name, self.log = name, folder / f"{name}.log"
        with open(self.log, "ab") as log:
            self._child = subprocess.Popen(
                [str(argument) for argument in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C is for who started it
                preexec_fn=None if detached else lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        self.pid = self._child.pid
        if detached:
            (folder / f"{name}.pid").write_text(f"{self.pid} {start_time(self.pid)}\n")
        else:
            atexit.register(self.stop)

    def is_running(self):
        return self._child.poll() is None

    def stop(self, seconds=STOP_BOUND):
        """SIGTERM, and SIGKILL when that does not end it within so many seconds. Returns the exit code."""
        atexit.unregister(self.stop)
        if self.is_running():
            self._child.terminate()
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        return self._child.returncode

    def read_log(self, lines=30):
        """The last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def is_detached_running(pid_file):
    """Whether the process that wrote this file still runs; not another one that got its number."""
    if not pid_file.exists():
        return False
    pid, started = pid_file.read_text().split()
    return str(start_time(pid)) == started


def stop_detached(pid_file):
    """Ends a detached process by its file, and removes the file."""
    pid = int(pid_file.read_text().split()[0])
    for number, seconds in ((signal.SIGTERM, STOP_BOUND), (signal.SIGKILL, STOP_BOUND)):
        if is_detached_running(pid_file):
            os.kill(pid, number)
            try:
                wait_for(lambda: not is_detached_running(pid_file), f"{pid_file.stem} ends", seconds)
            except AssertionError:
                if number == signal.SIGKILL:
                    raise
    pid_file.unlink()
