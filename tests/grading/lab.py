"""The JupyterLab that `make lab` starts, in a folder like a fresh checkout, for a test to talk to."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import minisft

ROOT = Path(minisft.__file__).parents[1]
TOKEN = "a-token-for-a-test"
START = 120.0  # seconds until it answers, on a slow machine that does much else
ALARM = re.compile(r"^\[(W|E|C) |WARNING|ERROR|CRITICAL|Traceback")  # lines of a log that should not be there


def checkout(folder: Path, *parts: str) -> Path:
    """A folder with these parts of the course, and what nbgrader and make read."""
    folder.mkdir(parents=True)
    for part in (".jupyter", *parts):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for file in ("Makefile", "nbgrader_config.py"):
        shutil.copy(ROOT / file, folder)
    (folder / "minisft").symlink_to(ROOT / "minisft")
    return folder


def at_home(home: Path, exchange: Path) -> dict[str, str]:
    """The environment of somebody who lives there, and whose nbgrader knows the exchange."""
    settings = home / ".jupyter" / "nbgrader_config.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'c = get_config()\nc.Exchange.root = "{exchange}"\nc.CourseDirectory.course_id = "minisft"\n')
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "MINISFT"))}
    return kept | {"HOME": str(home), "OMP_NUM_THREADS": "1"}


def make(*arguments: str) -> list[str]:
    """A command of the Makefile's, with this Python, where everything is installed."""
    # `make test ARGS=...` hands its own ARGS to every make below it.
    alone = ["env", "-u", "MAKEFLAGS", "-u", "ARGS"]
    return [*alone, "make", "--silent", "--assume-old=.venv/.ready", f"BIN={Path(sys.executable).parent}", *arguments]


def command_of_lab(folder: Path) -> list[str]:
    """What `make lab` runs."""
    said = subprocess.run(make("--dry-run", "lab"), cwd=folder, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in said.splitlines() if "jupyter lab" in line]
    return shlex.split(line)


class Lab:
    """A running JupyterLab; everything that it started ends with it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.runtime = folder.parent / "runtime"
        self.log = folder.parent / "lab.log"
        options = [
            "--no-browser",
            "--ServerApp.port=0",
            "--ServerApp.open_browser=False",
            f"--IdentityProvider.token={TOKEN}",
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command_of_lab(folder), *options], cwd=folder, stdout=log, stderr=log, start_new_session=True,
                env=environment | {"JUPYTER_RUNTIME_DIR": str(self.runtime)},
            )  # fmt: skip

    def __enter__(self) -> "Lab":
        try:
            self.greeting = self.started()
        except BaseException:
            self.__exit__()
            raise
        return self

    def started(self) -> str:
        """Wait until it answers; returns what it has said by then."""
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            for file in self.runtime.glob("jpserver-*.json"):
                with suppress(ValueError, OSError):  # half written, or not listening yet
                    self.url = json.loads(file.read_text())["url"]
                    self.get("/api/status")
                    return self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not start: {self.log.read_text()}")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)  # it ends its kernels, which are in sessions of their own
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def alarms(self) -> list[str]:
        """What its log warned of when it started."""
        return [line for line in self.greeting.splitlines() if ALARM.search(line)]

    def address(self, path: str, /, **query: str) -> str:
        """A page's whole address."""
        return f"{self.url.rstrip('/')}{urllib.parse.quote(path)}?{urllib.parse.urlencode(query | {'token': TOKEN})}"

    def get(self, path: str, /, **query: str) -> Any:
        """What a page says: of JSON the value, else the text."""
        return self.answer(urllib.request.Request(self.address(path, **query)))

    def post(self, path: str, /, **form: str) -> Any:
        """What comes of sending a form."""
        headers = {"Authorization": f"token {TOKEN}"}
        body = urllib.parse.urlencode(form).encode()
        return self.answer(urllib.request.Request(self.url.rstrip("/") + path, body, headers, method="POST"))

    @staticmethod
    def answer(request: urllib.request.Request) -> Any:
        """The answer to a request."""
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                text = reply.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read().decode()[:2000]}") from error
        try:
            return json.loads(text)
        except ValueError:
            return text
