"""Chromium without a window, spoken to in its own DevTools protocol over the websocket library that Jupyter brings."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websocket import create_connection

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120.0  # seconds for a page to show something, on a slow machine that does much else
KEYS = {"Enter": 13, "a": 65}  # by number, as a browser knows them
MIDDLE = """(async element => {
    if (!element) return null;
    element.scrollIntoView({block: "center"});
    const middle = () => {
        const box = element.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const before = middle();
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    return before.join() === middle().join() ? before : null;
})"""


def program() -> str | None:
    """The browser of this machine."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page of a browser that ends with it."""

    def __init__(self, url: str) -> None:
        self.folder = Path(tempfile.mkdtemp())
        # Chromium has no sandbox for root; it opens nothing here but our own pages.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += [f"--user-data-dir={self.folder}", "--window-size=1400,1000", "--remote-debugging-port=0"]
        self.process = subprocess.Popen(
            [program(), *options, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.sent = 0

    def __enter__(self) -> "Browser":
        try:
            self.socket = create_connection(self.address(), timeout=PATIENCE, suppress_origin=True)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.end()

    def end(self) -> None:
        """End it with all its processes, and take away what it wrote."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self) -> str:
        """Where its page listens."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with suppress(OSError, ValueError, LookupError):
                port = int((self.folder / "DevToolsActivePort").read_text().splitlines()[0])
                with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as reply:
                    pages = [page for page in json.load(reply) if page["type"] == "page"]
                return pages[0]["webSocketDebuggerUrl"]
            time.sleep(0.1)
        raise AssertionError("the browser did not start")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have it do something; returns what came of it."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.sent:
                assert "error" not in message, message
                return message["result"]

    def value(self, script: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Wait until an expression is true in the page; returns its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := self.value(script):
                return found
            time.sleep(0.1)
        raise AssertionError(f"the page never came to {script}; it shows: {self.value('document.body.innerText')}")

    def click(self, element: str) -> None:
        """Click in the middle of an element, given as an expression, once it is there and stands still."""
        x, y = self.wait_for(f"{MIDDLE}({element})")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press_control(self, key: str) -> None:
        """Press a key while control is down."""
        event = {"key": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": 2}
        self.send("Input.dispatchKeyEvent", type="rawKeyDown", **event)
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def write(self, text: str) -> None:
        """Put text in at the cursor."""
        self.send("Input.insertText", text=text)
