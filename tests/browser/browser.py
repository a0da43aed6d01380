# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over the DevTools protocol by pipes: one page, its console and its requests. Only what the
tests of pages need; ends with its process."""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

BOUND = 90.0  # seconds that anything may take before the test fails; a small machine starts a browser slowly
COMMANDS = ("chromium", "chromium-browser", "google-chrome")
KEYS = {"Enter": ("\r", 13), "Tab": ("\t", 9), "Escape": ("", 27), "ArrowDown": ("", 40), "ArrowUp": ("", 38), " ": (" ", 32)}


class Browser:
    def __init__(self):
        command = next((path for path in map(shutil.which, COMMANDS) if path), None)
        if command is None:
            raise RuntimeError("no Chromium here: './dev test' installs the package chromium")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # High numbers, so that the two that Chromium reads and writes are free in the child.
        read_end, self._to = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in os.pipe())
        self._from, write_end = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in os.pipe())

        def place_pipes():
            os.dup2(read_end, 3)
            os.dup2(write_end, 4)
        self._process = subprocess.Popen(
            [command, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--hide-scrollbars", f"--user-data-dir={self._profile.name}"],
            pass_fds=(3, 4), preexec_fn=place_pipes, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self._profile.name})
        os.close(read_end)
        os.close(write_end)
        self._buffer = b""
        self._last_id = 0
        self._session = None
        self._has_scripts = True
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(domain + ".enable")

    def close(self):
        for end in (self._to, self._from):
            os.close(end)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def call(self, method, **parameters):
        """The result of a command of the protocol."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        deadline = time.monotonic() + BOUND
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._last_id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def _read(self, deadline):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(deadline - time.monotonic(), 0))
            data = os.read(self._from, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("Chromium ended" if ready else "Chromium does not answer")
            self._buffer += data
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def wait_for(self, method):
        """The next event of that name that was not looked at yet; events that came before it are kept."""
        deadline = time.monotonic() + BOUND
        seen = 0
        while True:
            for event in self.events[seen:]:
                if event.get("method") == method:
                    return event["params"]
            seen = len(self.events)
            self.events.append(self._read(deadline))

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=f"file://{path}")
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        """The value of JavaScript, a promise's when it is resolved."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def settle(self):
        """Waits until what input has set off is done and drawn."""
        if not self._has_scripts:  # then timers of the page do not run either
            return
        self.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done))))")

    def press(self, key):
        text, code = KEYS.get(key, (key, ord(key[0].upper())))
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
        self.settle()

    def write(self, text):
        for character in text:
            self.press(character)

    def complaints(self):
        """What the page wrote to the console as an error or warning, and what it threw."""
        self.settle()
        names = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening")
        return [event for event in self.events if event.get("method") in names]

    def requests(self):
        """What was asked for besides the page itself."""
        self.settle()
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"][1:]

    def use(self, scheme="light", width=1200, height=900, scripts=True):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._has_scripts = scripts

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
