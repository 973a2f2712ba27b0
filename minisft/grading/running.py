"""A notebook's exercises, run by the worker: what each function answers, or why it does not.

Whatever the student's code does, this comes to an end: a process that says nothing in its time is killed. One cell or
exercise that ended a worker is left out, and another worker goes on with the rest.
"""

import base64
import importlib.util
import inspect
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import cloudpickle

from minisft.checks import Answer, AnswerKey, pack, unpack
from minisft.errors import InputError
from minisft.grading import wire
from minisft.grading.notebooks import Cell, Exercise
from minisft.grading.sandbox import ENVIRONMENT, WORKER, Sandbox
from minisft.grading.worker import LARGEST_ANSWER

LONGEST = 200  # characters of what is repeated
START = 120.0  # seconds until a worker has imported torch, on a machine that does much else


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Seconds are of wall time; memory is beyond what torch maps."""

    cell: float = 30.0  # seconds
    notebook: float = 120.0  # seconds of all cells together
    exercise: float = 20.0  # seconds
    restarts: int = 4
    memory: int = 1_000_000_000  # bytes
    processes: int = 32
    file_size: int = 32_000_000  # bytes


LIMITS = Limits()


@dataclass(frozen=True)
class Outcome:
    """What came of an exercise: an answer for each case, or in a word why there are none.

    `missing`: there is no such function; `time`, `died`, `size`: it took too long, ended its process, answered too
    much; `stopped`: too many other parts of the notebook had done so; `nonsense`: no answers, but something.
    """

    answers: list[Answer] | None = None
    failed: str = ""
    seconds: float = 0.0


@dataclass
class Run:
    """What came of a notebook: cells with an error, cells left out (`time` or `died`), and each exercise."""

    errors: dict[int, tuple[str, str]] = field(default_factory=dict)  # number: kind, first line of what it says
    left_out: dict[int, str] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by the exercise's name


class BrokenWorkerError(InputError):
    """The worker failed before it met any of the student's code: something is wrong with this machine."""


class WorkerEndedError(Exception):
    """The worker is gone: `time`, or `died`."""


class Key:
    """The cases of an exercise and what is expected, and the order that a worker gets."""

    def __init__(self, exercise: Exercise, answer_key: AnswerKey) -> None:
        contract = answer_key.contract
        self.answer_key = answer_key
        cases, self.arrays = pack([case.arguments for case in answer_key.cases])
        self.order = {
            "function": exercise.function,
            "parameters": [(name, int(one.kind)) for name, one in contract.signature.parameters.items()],
            "gradients": list(contract.gradients),
            "functions": base64.b64encode(functions_by_value(contract.functions)).decode(),
            "may_overwrite": contract.may_overwrite,
            "cases": cases,
        }
        self.line: bytes | None = None

    def encoded(self, settings: dict[str, Any]) -> bytes:
        """The order as a line, made once."""
        self.line = self.line or wire.encode({**self.order, **settings}, self.arrays)
        return self.line


def require_limits() -> None:
    """Raise InputError where the system has no limits for a process, so that no notebook can be run: Windows."""
    if importlib.util.find_spec("resource") is None:
        raise InputError("notebooks cannot be run on this system: expected Linux or macOS; on Windows, use WSL")


def functions_by_value(functions: Any) -> bytes:
    """Functions that cases are called with, whole: the worker cannot import them."""
    package = sys.modules["minisft"]
    cloudpickle.register_pickle_by_value(package)
    try:
        return cloudpickle.dumps(
            {name: {k: inspect.unwrap(f) for k, f in some.items()} for name, some in functions.items()}
        )
    finally:
        cloudpickle.unregister_pickle_by_value(package)


def run(cells: Sequence[Cell], keys: dict[str, Key], limits: Limits = LIMITS, sandbox: Sandbox | None = None) -> Run:
    """Execute the cells, then call every exercise's function on its cases.

    Raises BrokenWorkerError where the worker cannot be started.
    """
    found = Run()
    for _ in range(1 + limits.restarts):
        if attempt([cell for cell in cells if cell.number not in found.left_out], keys, limits, sandbox, found):
            return found
    for name in keys:
        found.outcomes.setdefault(name, Outcome(failed="stopped"))
    return found


def attempt(cells: Sequence[Cell], keys: dict[str, Key], limits: Limits, sandbox: Sandbox | None, found: Run) -> bool:
    """One worker's work, written into `found`. False where it ended before it was through."""
    found.errors.clear()
    with Worker(limits, sandbox) as worker:
        worker.start(cells)
        try:
            worker.run_cells(found.errors)
        except WorkerEndedError as error:
            found.left_out[worker.at] = str(error)
            return False
        for name, key in keys.items():
            if name in found.outcomes:
                continue
            began = time.monotonic()
            try:
                outcome = worker.call(key)
            except WorkerEndedError as error:
                found.outcomes[name] = Outcome(failed=str(error), seconds=time.monotonic() - began)
                return len(found.outcomes) == len(keys)
            found.outcomes[name] = Outcome(outcome.answers, outcome.failed, time.monotonic() - began)
    return True


class Worker:
    """A process that runs a student's code, and the talk with it."""

    def __init__(self, limits: Limits, sandbox: Sandbox | None) -> None:
        self.limits, self.sandbox = limits, sandbox
        self.at = 0  # the cell that runs
        self.numbers: set[int] = set()  # of the cells that are to run
        self.stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed on leaving)
        self.folder = tempfile.TemporaryDirectory() if sandbox is None else None
        where = (
            {"HOME": self.folder.name, "TMPDIR": self.folder.name, "IPYTHONDIR": self.folder.name}
            if self.folder
            else {}
        )
        self.process = subprocess.Popen(
            sandbox.command() if sandbox else WORKER,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, start_new_session=True,
            cwd=self.folder.name if self.folder else "/", env=ENVIRONMENT | where,
        )  # fmt: skip

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.stderr):
            with suppress(OSError):
                stream.close()
        self.process.wait()
        if self.folder:
            self.folder.cleanup()

    def kill(self) -> None:
        """End the process, and with it all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def start(self, cells: Sequence[Cell]) -> None:
        """Send the notebook. Raises BrokenWorkerError where nobody is there to take it."""
        self.numbers = {cell.number for cell in cells}
        orders = {
            "cells": [(cell.number, cell.source) for cell in cells],
            "user": self.sandbox.user() if self.sandbox else 0,
            "alone": self.sandbox is not None,
            "memory": self.limits.memory,
            "processes": self.limits.processes,
            "file_size": self.limits.file_size,
        }
        try:
            self.send(wire.encode(orders), START)
            message, _ = self.receive(START)
        except WorkerEndedError:
            self.stderr.seek(0)
            said = self.stderr.read().decode(errors="replace").strip().splitlines()
            raise BrokenWorkerError(f"the worker did not start: {said[-1] if said else 'it said nothing'}") from None
        if message != {"started": True}:
            raise BrokenWorkerError("the worker did not start as it should")

    def run_cells(self, errors: dict[int, tuple[str, str]]) -> None:
        """Wait until the last cell has run."""
        end = time.monotonic() + self.limits.notebook
        while time.monotonic() < end:
            try:
                message, _ = self.receive(self.limits.cell)
            except ValueError:  # the student's code wrote it
                raise WorkerEndedError("died") from None
            match message:
                case {"cell": int(number)}:
                    self.at = number
                case {"error": int(number), "kind": str(kind), "said": str(said)} if number in self.numbers:
                    errors[number] = kind[:LONGEST], said[:LONGEST]  # forged ones may be as long as a line
                case {"ready": True}:
                    return
                case _:
                    raise WorkerEndedError("died")
        raise WorkerEndedError("time")

    def call(self, key: Key) -> Outcome:
        """Have an exercise's function called on all cases."""
        wait = self.limits.exercise + 10
        self.send(key.encoded({"seconds": self.limits.exercise, "alone": self.sandbox is not None}), wait)
        try:
            message, arrays = self.receive(wait)
            if message.get("failed") in ("missing", "time", "died", "size"):
                return Outcome(failed=message["failed"])
            answers = unpack(message.get("answers"), arrays)
        except (ValueError, RecursionError):
            return Outcome(failed="nonsense")
        right = isinstance(answers, list) and all(isinstance(answer, Answer) for answer in answers)
        if not right or len(answers) != len(key.answer_key.cases):
            return Outcome(failed="nonsense")
        return Outcome(answers)

    def send(self, line: bytes, seconds: float) -> None:
        """Write a line."""
        with self.deadline(seconds):
            try:
                self.process.stdin.write(line)
                self.process.stdin.flush()
            except OSError:
                raise WorkerEndedError("died") from None

    def receive(self, seconds: float) -> tuple[dict[str, Any], list]:
        """Read a line. Raises WorkerEndedError where none comes, ValueError where it is no message."""
        with self.deadline(seconds):
            line = self.process.stdout.readline(LARGEST_ANSWER + 1)
        if not line.endswith(b"\n"):
            raise WorkerEndedError("died")
        message, arrays = wire.decode(line)
        if not isinstance(message, dict):
            raise ValueError("a message is a dict")
        return message, arrays

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Kill the worker where the block takes longer; then that is the reason for whatever failed in it."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            yield
        except WorkerEndedError:
            raise WorkerEndedError("time" if late.is_set() else "died") from None
        finally:
            timer.cancel()
        if late.is_set():
            raise WorkerEndedError("time")
