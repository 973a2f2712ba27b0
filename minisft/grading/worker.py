"""The process in which a student's code runs: executes cells, then calls functions on cases, and judges nothing.

Started by path, where of `minisft` only `FILES` exist and the rest is hollow: no reference, no op, no solution.

Reads and writes lines (see `wire`): first the notebook; then, after its cells have run, one exercise a line, each tried
in a child, so that one which dies or does not end leaves the others alone.
"""

import base64
import contextlib
import importlib.machinery
import importlib.util
import inspect
import os
import pickle
import select
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

FILES = ("checks/contract.py", "checks/calling.py", "checks/plain.py", "grading/wire.py", "grading/worker.py")
PACKAGE = Path(__file__).parents[1]
LARGEST_ANSWER = 32_000_000  # bytes of a line


class NotThereError(Exception):
    """Raised where code calls minisft's own functions instead of being written."""


class Hollow(types.ModuleType):
    """A module in which everything can be found and nothing can be called."""

    __path__: tuple[str, ...] = ()  # so that it counts as a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class Nothing:
    """What stands for anything of minisft."""

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotThereError("minisft is not there while marks are given")

    __getitem__ = __iter__ = __len__ = __call__


class HollowFinder:
    """Finds every module of minisft, as a hollow one."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """The specification of a module, if it is one of minisft."""
        if name.split(".")[0] != "minisft":
            return None
        return importlib.machinery.ModuleSpec(name, HollowFinder, is_package=True)

    @staticmethod
    def create_module(spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A hollow module; `check` alone does nothing instead of raising."""
        module = Hollow(spec.name)
        if spec.name in ("minisft", "minisft.checks"):
            module.check = lambda *args, **kwargs: False
        return module

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        """Nothing to execute."""


def load(name: str) -> types.ModuleType:
    """One of our files, under its own name in a package that is otherwise hollow."""
    path = PACKAGE / f"{name.removeprefix('minisft.').replace('.', '/')}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Serve one notebook."""
    incoming, outgoing = take_over_the_standard_streams()
    sys.meta_path.insert(0, HollowFinder)
    contract, calling, plain = (load(f"minisft.checks.{name}") for name in ("contract", "calling", "plain"))
    wire = load("minisft.grading.wire")
    for name in ("contract", "calling", "plain"):
        del sys.modules[f"minisft.checks.{name}"]  # a student imports hollow ones
    orders, _ = wire.decode(incoming.readline())
    shell = quiet_shell()
    confine(orders)

    def say(message: dict[str, Any]) -> None:
        outgoing.write(wire.encode(message))
        outgoing.flush()

    say({"started": True})
    for number, source in orders["cells"]:
        say({"cell": number})
        run_cell(shell, number, source, say)
    end_others(orders["alone"])
    say({"ready": True})
    for line in incoming:
        order, arrays = wire.decode(line)
        function = shell.user_ns.get(order["function"])
        if not callable(function):
            say({"failed": "missing"})
            continue
        bare = bare_contract(contract.Contract, order)
        cases = [contract.Case("", arguments) for arguments in plain.unpack(order["cases"], arrays)]

        def answer(function: Any = function, bare: Any = bare, cases: list[Any] = cases) -> bytes:
            return wire.encode(*answers_of(calling, plain, bare, function, cases))

        sent = in_a_child(answer, order["seconds"], order["alone"])
        if isinstance(sent, bytes):
            outgoing.write(sent)
            outgoing.flush()
        else:
            say({"failed": sent})


def take_over_the_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The streams to the grader; in their place the student's code reads nothing and prints to nowhere."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(i, mode) for i, mode in enumerate(("r", "w", "w")))
    return incoming, outgoing


def confine(orders: dict[str, Any]) -> None:
    """Limits that cannot be lifted again; memory is counted from what is in use already."""
    import resource  # Windows has none; the grader imports this file there as well, and says so

    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go where memory runs out
    if orders["user"]:
        os.setgroups([])
        os.setresgid(*[orders["user"]] * 3)
        os.setresuid(*[orders["user"]] * 3)
    limits = {resource.RLIMIT_FSIZE: orders["file_size"], resource.RLIMIT_CORE: 0}
    if orders["alone"]:  # else the count would hold the user's other processes
        assert os.getppid() == 1, "not in a sandbox"
        limits[resource.RLIMIT_NPROC] = orders["processes"]
    status = Path("/proc/self/statm")
    if status.exists():
        mapped = int(status.read_text().split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = mapped + orders["memory"]
    for which, value in limits.items():
        resource.setrlimit(which, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file too large is an error, no death


def quiet_shell() -> Any:
    """IPython, without a history, windows and printed tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        """One that opens no windows."""

        def enable_gui(self, gui: str | None = None) -> None:
            """`%matplotlib` asks for it."""

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = Shell.instance(config=config)
    shell.showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
    return shell


def run_cell(shell: Any, number: int, source: str, say: Any) -> None:
    """Execute a cell; an error in it is reported, and ends the cell alone."""
    shell.execution_count = number
    myself = os.getpid()
    try:
        result = shell.run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as caught:  # what IPython itself does not catch
        error = caught
    if os.getpid() != myself:  # the cell has forked, and this is the copy
        os._exit(0)
    if error is not None:
        said = ""
        with contextlib.suppress(BaseException):  # an exception of the student's may fail to say what it is
            said = str(error).strip().split("\n")[0][:200]
        say({"error": number, "kind": type(error).__name__, "said": said})


def bare_contract(kind: type, order: dict[str, Any]) -> Any:
    """As much of a contract as calling needs: everything but the reference, the properties and the mistakes."""
    parameters = [inspect.Parameter(name, inspect._ParameterKind(how)) for name, how in order["parameters"]]

    def reference(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotThereError

    reference.__signature__ = inspect.Signature(parameters)
    functions = pickle.loads(base64.b64decode(order["functions"]))  # the grader's, not the student's
    return kind(
        name="", section="", reference=reference, properties={}, mutants=(), gradients=tuple(order["gradients"]),
        functions=functions, may_overwrite=order["may_overwrite"],
    )  # fmt: skip


def answers_of(calling: Any, plain: Any, contract: Any, function: Any, cases: list[Any]) -> tuple[dict, list]:
    """What a function gives for each case, packed; what no `except Exception` catches is a failure as well."""
    answers = []
    for case in cases:
        try:
            answers.append(calling.call(contract, function, case))
        except BaseException as error:
            line = calling.line_of(error, function)
            answers.append(
                calling.Answer(failure=calling.Failure("raised", f"it raises {type(error).__name__}", "", line))
            )
    packed, arrays = plain.pack(answers)
    if sum(array.nbytes for array in arrays) > LARGEST_ANSWER // 2:  # as text it is longer
        return {"failed": "size"}, []
    return {"answers": packed}, arrays


def in_a_child(answer: Any, seconds: float, alone: bool) -> bytes | str:
    """The line that a child sends within its time, or why there is none: `time`, `died` or `size`."""
    reading, writing = os.pipe()
    try:
        child = fork_with_room(alone)
    except OSError:
        return "died"
    if child == 0:
        with contextlib.suppress(BaseException):
            os.close(reading)
            myself = os.getpid()
            line = answer()
            if os.getpid() == myself:
                with os.fdopen(writing, "wb") as stream:
                    stream.write(line)
        os._exit(0)
    os.close(writing)
    try:
        return receive(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
        end_others(alone)
        with contextlib.suppress(OSError):
            os.waitpid(child, 0)


def fork_with_room(alone: bool) -> int:
    """os.fork(), for which processes that the cells have left make room. Raises OSError where none is made."""
    for _ in range(20):
        with contextlib.suppress(OSError):
            return os.fork()
        end_others(alone)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.05)
    return os.fork()


def end_others(alone: bool) -> None:
    """End all that the student's code has started and that still runs, where nothing else can be hit."""
    if alone:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)


def receive(descriptor: int, deadline: float) -> bytes | str:
    """A line from a pipe, before the deadline."""
    parts: list[bytes] = []
    size = 0
    while size <= LARGEST_ANSWER:
        if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return "time"
        part = os.read(descriptor, 1 << 20)
        if not part:
            return "died"
        parts.append(part)
        size += len(part)
        if part.endswith(b"\n"):
            return b"".join(parts)
    return "size"


if __name__ == "__main__":
    main()
