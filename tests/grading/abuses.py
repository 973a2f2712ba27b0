"""Everything that somebody might hand in to get marks, to stop the grader, or by accident: a row for each.

Each student has all four exercises right, but for what the row says.
"""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from small_course import CHAPTER, NAMES, NOTEBOOK, Student, right, signature

SOFTMAX = signature("softmax")
SLEEPER = "765432.1"  # seconds; no other process sleeps so long
STUBBORN = """\
while True:
    try:
        while True:
            pass
    except BaseException:
        pass"""
DEAF = """\
import signal
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)"""
FORK_BOMB = """\
import os
while True:
    try:
        os.fork()
    except OSError:
        pass"""
PATCHES = """\
import numpy as np, torch
for module in (np.testing, torch.testing, torch, np):
    for name in dir(module):
        if 'assert' in name or name in ('equal', 'allclose', 'isclose', 'array_equal'):
            setattr(module, name, lambda *args, **kwargs: True)"""
ALWAYS_EQUAL = f"""\
class Equal(torch.Tensor):
    def __eq__(self, other):
        return True
    def __getattr__(self, name):
        return self
    def allclose(self, *args):
        return True
{SOFTMAX}
    return scores.as_subclass(Equal)"""
PICKLE = """\
class Evil:
    def __reduce__(self):
        import os
        return os.system, ('touch /tmp/evil',)
return Evil()"""
PAST_THE_HOLLOW = """\
import sys
for name in [name for name in sys.modules if name.startswith('minisft')]:
    del sys.modules[name]
sys.meta_path[:] = [finder for finder in sys.meta_path if 'Hollow' not in repr(finder)]
import minisft.ops
return minisft.ops.softmax(scores, dim)"""
LOOKS_AT_PROCESSES = """\
import os
if len([name for name in os.listdir('/proc') if name.isdigit()]) > 5:
    return torch.softmax(scores, dim)
raise KeyError"""
STAYS = f"""\
import os, subprocess
subprocess.Popen(['sleep', '{SLEEPER}'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', '{SLEEPER}'])
    os._exit(0)"""
SAYS_THE_CASE = """\
number = str(scores.flatten()[0].item()).replace('.', '_')
raise type('cas' + 'e_' + number, (Exception,), {})(str(scores.tolist()))"""
TYPED_AS_THE_CASE = "return type('scores', (), {'__module__': str(scores.abs().max().item())})()"


@dataclass(frozen=True)
class Row:
    """A submission, and what should come of it: the status of exercises that are not right, words of their message."""

    name: str
    student: Student | Callable[[Path], None]  # or what writes into the student's folder
    statuses: dict[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()

    def hand_in(self, submissions: Path) -> None:
        """Write it."""
        if isinstance(self.student, Student):
            self.student.hand_in(submissions, self.name)
        else:
            (submissions / self.name).mkdir()
            self.student(submissions / self.name)


@dataclass(frozen=True)
class Places:
    """What a cheat would like to reach."""

    solutions: Path
    submissions: Path
    seed: Path
    gradebook: Path
    port: int  # of a socket that listens on this machine


def softmax(body: str) -> str:
    """A softmax whose body is this."""
    return f"{SOFTMAX}\n" + "\n".join(f"    {line}" for line in body.splitlines())


def only_softmax(status: str) -> dict[str, str]:
    """The other exercises are right."""
    return {"softmax": status}


def everything(status: str) -> dict[str, str]:
    """All four the same."""
    return dict.fromkeys(NAMES, status)


def raw(data: bytes) -> Callable[[Path], None]:
    """A file with these bytes where the notebook should be."""

    def write(folder: Path) -> None:
        path = folder / CHAPTER / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir()
        path.write_bytes(data)

    return write


def linked(target: Path) -> Callable[[Path], None]:
    """A link where the notebook should be."""

    def write(folder: Path) -> None:
        (folder / CHAPTER).mkdir()
        (folder / CHAPTER / f"{NOTEBOOK}.ipynb").symlink_to(target)

    return write


def rows(places: Places) -> Iterator[Row]:
    """All of them."""
    yield Row("reference", Student())
    yield from mistakes()
    yield from endless()
    yield from greedy()
    yield from broken_files(places)
    yield from exits()
    yield from noise()
    yield from edited_notebooks()
    yield from cheats_at_comparing()
    yield from borrowers()
    yield from spies(places)
    yield from forgers()
    yield from markup()


def mistakes() -> Iterator[Row]:
    """Honest work that is not right."""
    blank = {name: f'{signature(name)}\n    """What {name} is."""\n    raise NotImplementedError' for name in NAMES}
    yield Row("blank", Student(blank), everything("stub"), says=("not written yet",))
    unscaled = right("attention").replace(" / math.sqrt(query.shape[-1])", "")
    yield Row("wrong", Student({"attention": unscaled}), {"attention": "wrong"}, says=("without the division",))
    yield Row("syntax_error", Student({"softmax": f"{SOFTMAX}\n    return ("}), only_softmax("error"), ("SyntaxError",))
    yield Row("no_function", Student({"softmax": "softmax_ = 1"}), only_softmax("missing"), ("no function softmax",))
    raising = softmax("return scores.nonsense()")
    line = ("raises AttributeError", "return scores.nonsense()")
    yield Row("raises", Student({"softmax": raising}), only_softmax("error"), line)
    deep = softmax("return softmax(scores, dim)")
    yield Row("recursion", Student({"softmax": deep}), only_softmax("error"), ("RecursionError",))
    numpy = softmax("return torch.softmax(scores, dim).detach().numpy()")
    yield Row("numpy_array", Student({"softmax": numpy}), only_softmax("wrong"), ("yours is numpy.ndarray",))


def endless() -> Iterator[Row]:
    """What does not come to an end."""
    loop = "while True:\n    pass"
    yield Row("loop_in_function", Student({"softmax": softmax(loop)}), only_softmax("time"), ("endless loop",))
    yield Row("loop_at_top_level", Student(before=[loop]))
    needed = f"{right('softmax')}\n{loop}"
    yield Row("loop_beside_function", Student({"softmax": needed}), only_softmax("time"), ("the cell that defines",))
    yield Row("swallows_interrupts", Student({"softmax": softmax(STUBBORN)}), only_softmax("time"))
    yield Row("ignores_signals", Student({"softmax": softmax(f"{DEAF}\n{STUBBORN}")}), only_softmax("time"))
    yield Row("two_loops", Student(before=[loop] * 2))
    many = Student(before=[loop] * 3)
    yield Row("three_loops", many, everything("died"), ("stopped it too often",))
    yield Row("reads_input", Student(before=["input('your name?')", "import sys\nsys.stdin.read()"]))


def greedy() -> Iterator[Row]:
    """What takes more than there is for it."""
    yield Row("memory", Student({"softmax": softmax("return bytearray(10**11)")}), only_softmax("memory"), ("GB",))
    tensor = softmax("return torch.ones(10**11)")
    yield Row("memory_of_torch", Student({"softmax": tensor}), only_softmax("memory"), ("GB",))
    slowly = "kept = []\nwhile True:\n    kept.append(bytes(10**7))"
    yield Row("memory_bit_by_bit", Student({"softmax": softmax(slowly)}), only_softmax("memory"))
    bomb = "import os\nwhile True:\n    os.fork()"
    yield Row("fork_bomb", Student({"softmax": softmax(FORK_BOMB)}), only_softmax("time"))
    yield Row("fork_bomb_at_top_level", Student(before=[bomb]))
    disk = "while True:\n    with open('/tmp/' + str(id(object())), 'ab') as file:\n        file.write(bytes(10**6))"
    yield Row("fills_the_disk", Student({"softmax": softmax(disk)}), only_softmax("error"), ("raises OSError",))
    for name, folder in {"shared_memory": "/dev/shm", "memory_of_files": "/tmp"}.items():
        files = f"for number in range(20):\n    open(f'{folder}/{{number}}', 'wb').write(bytes(10**7))"
        yield Row(f"fills_{name}", Student({"softmax": softmax(files)}), only_softmax("error"), ("raises OSError",))
    huge = softmax("return torch.zeros(9_000_000)")  # 36 MB, of which 32 are read
    yield Row("huge_answer", Student({"softmax": huge}), only_softmax("unreadable"), ("no answer",))


def broken_files(places: Places) -> Iterator[Row]:
    """What is no notebook."""
    yield Row("corrupt", raw(b'{"cells": [{"cell_type": "co'), everything("unreadable"), ("empty or damaged",))
    yield Row("binary", raw(bytes(range(256)) * 9), everything("unreadable"), ("empty or damaged",))
    yield Row("deeply_nested", raw(b"[" * 100_000), everything("unreadable"), ("empty or damaged",))
    yield Row("empty_file", raw(b""), everything("unreadable"), ("empty or damaged",))
    yield Row("no_cells", raw(b'{"cells": 7}'), everything("unreadable"), ("it has no cells",))
    yield Row("nothing_handed_in", lambda folder: None, everything("missing"), ("not handed in",))
    yield Row(
        "folder", lambda folder: (folder / CHAPTER / f"{NOTEBOOK}.ipynb").mkdir(parents=True), everything("unreadable")
    )
    whose = places.submissions / "reference" / CHAPTER / f"{NOTEBOOK}.ipynb"
    yield Row("links_to_another", linked(whose), everything("unreadable"), ("no file",))
    yield Row("links_its_folder", lambda folder: (folder / CHAPTER).symlink_to(whose.parent), everything("unreadable"))
    odd = Student().changed(
        lambda notebook: notebook.cells[0].update(source=["import math\n", "import torch"], metadata=[])
    )
    yield Row("odd_metadata", odd)


def exits() -> Iterator[Row]:
    """What ends the process."""
    quits = softmax("import sys\nsys.exit(0)")
    yield Row("sys_exit", Student({"softmax": quits}), only_softmax("error"), ("raises SystemExit",))
    yield Row("sys_exit_at_top_level", Student(before=["import sys\nsys.exit(0)"]))
    dies = softmax("import os\nos._exit(0)")
    yield Row("os_exit", Student({"softmax": dies}), only_softmax("died"), ("ended the process",))
    yield Row("os_exit_at_top_level", Student(before=["import os\nos._exit(0)"]))
    kills = softmax("import os\nos.kill(os.getppid(), 9)\nwhile True:\n    pass")
    yield Row("kills_its_parent", Student({"softmax": kills}), only_softmax("died"))
    everyone = softmax("import os\nos.kill(-1, 9)\nwhile True:\n    pass")
    yield Row("kills_everyone", Student({"softmax": everyone}), only_softmax("died"))
    crash = softmax("import ctypes\nctypes.string_at(0)")
    yield Row("segmentation_fault", Student({"softmax": crash}), only_softmax("died"))
    interrupts = softmax("raise KeyboardInterrupt")
    yield Row("keyboard_interrupt", Student({"softmax": interrupts}), only_softmax("error"), ("KeyboardInterrupt",))


def noise() -> Iterator[Row]:
    """Right answers, with much said on the side."""
    warned = right("softmax").replace(
        "    shifted",
        "    import sys, warnings\n    warnings.warn('old')\n    print('!', file=sys.stderr)\n    shifted",
    )
    yield Row("warnings_on_stderr", Student({"softmax": warned}))
    chatty = right("softmax").replace(
        "    shifted", "    print('x' * 10**6)\n    import os\n    os.write(1, b'x' * 10**6)\n    shifted"
    )
    yield Row(
        "prints", Student({"softmax": chatty}, before=["print('x' * 10**6)", "!echo hello", "%matplotlib inline"])
    )
    yield Row("error_at_top_level", Student(before=["1 / 0"]))


def edited_notebooks() -> Iterator[Row]:
    """Wrong answers in notebooks whose checks were changed; and right ones whose cells were."""
    wrong = {"softmax": softmax("return scores")}

    def no_checks(notebook: nbformat.NotebookNode) -> None:
        notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check-")]

    def easy_checks(notebook: nbformat.NotebookNode) -> None:
        for cell in notebook.cells:
            if cell.id.startswith("check-"):
                cell.source = "assert True"
                cell.metadata.nbgrader.points = 1000

    def skipped(notebook: nbformat.NotebookNode) -> None:
        for cell in notebook.cells:
            if cell.id.startswith("check-"):
                cell.metadata.tags = ["skip-execution"]

    def twice(notebook: nbformat.NotebookNode) -> None:
        notebook.cells += [cell.copy() for cell in notebook.cells if cell.cell_type == "code"]

    yield Row("tests_deleted", Student(wrong).changed(no_checks), only_softmax("wrong"))
    yield Row("tests_edited", Student(wrong).changed(easy_checks), only_softmax("wrong"))
    yield Row("skip_execution", Student(wrong).changed(skipped), only_softmax("wrong"))
    yield Row("duplicate_ids", Student().changed(twice))
    blanks = "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])"
    yield Row("input_transformer", Student(before=[blanks]), everything("missing"), ("no function",))


def cheats_at_comparing() -> Iterator[Row]:
    """Wrong answers that would be right if they themselves decided."""
    wrong = {"softmax": softmax("return scores")}
    yield Row("patched_testing", Student(wrong, [PATCHES]), only_softmax("wrong"))
    yield Row("always_equal", Student({"softmax": ALWAYS_EQUAL}), only_softmax("wrong"), ("wrong type",))
    own = Student(
        wrong,
        [
            "%%writefile numpy.py\nraise SystemExit",
            "%%writefile torch.py\nisclose = None",
            "%%writefile minisft.py\ncheck = None",
        ],
    )
    names = ("numpy.py", "torch.py", "minisft.py", "sitecustomize.py")
    own.beside = dict.fromkeys(names, "raise RuntimeError('the wrong one')")
    yield Row("own_modules", own, only_softmax("wrong"))
    yield Row("pickle", Student({"softmax": softmax(PICKLE)}), only_softmax("wrong"), ("wrong type",))
    objects = softmax("import numpy as np\nreturn np.array([object()])")
    yield Row("array_of_objects", Student({"softmax": objects}), only_softmax("wrong"), ("numpy.ndarray",))


def borrowers() -> Iterator[Row]:
    """Minisft's own function instead of one's own."""
    ways = {
        "import": "from minisft.ops import softmax as theirs\nreturn theirs(scores, dim)",
        "set_of_ops": "from minisft import TEXTBOOK\nreturn TEXTBOOK.softmax(scores, dim)",
        "contract": "from minisft.checks import CONTRACTS\nreturn CONTRACTS['softmax'].reference(scores, dim)",
        "importlib": "import importlib\nreturn importlib.import_module('mini' + 'sft.ops').softmax(scores, dim)",
    }
    for name, way in ways.items():
        yield Row(f"borrows_by_{name}", Student({"softmax": softmax(way)}), only_softmax("borrowed"), ("write it",))
    alias = Student({"softmax": "softmax = theirs"}, ["from minisft.ops.softmax import softmax as theirs"])
    yield Row("borrows_by_alias", alias, only_softmax("borrowed"))
    yield Row(
        "borrows_past_the_hollow",
        Student({"softmax": softmax(PAST_THE_HOLLOW)}),
        only_softmax("error"),
        ("ModuleNotFoundError",),
    )


def spies(places: Places) -> Iterator[Row]:
    """What looks or reaches outside."""
    solution = places.solutions / CHAPTER / f"{NOTEBOOK}.ipynb"
    other = places.submissions / "reference" / CHAPTER / f"{NOTEBOOK}.ipynb"
    for name, path in {"solutions": solution, "other_students": other, "the_seed": places.seed}.items():
        reads = softmax(f"open({str(path)!r}).read()\n") + "\n" + right("softmax").split("\n", 1)[1]
        yield Row(f"reads_{name}", Student({"softmax": reads}), only_softmax("error"), ("raises FileNotFoundError",))
    writes = softmax(f"open({str(places.gradebook)!r}, 'w').write('full marks')")
    yield Row(
        "writes_the_gradebook", Student({"softmax": writes}), only_softmax("error"), ("raises FileNotFoundError",)
    )
    system = softmax("open('/usr/mine', 'w')")
    yield Row("writes_the_system", Student({"softmax": system}), only_softmax("error"), ("raises OSError",))
    root = softmax("open('/mine', 'w')")
    yield Row("writes_the_root", Student({"softmax": root}), only_softmax("error"), ("raises OSError",))
    calls = softmax(f"import socket\nsocket.create_connection(('127.0.0.1', {places.port}), 2)")
    yield Row("opens_a_socket", Student({"softmax": calls}), only_softmax("error"), ("raises ConnectionRefusedError",))
    environment = softmax(
        "import os\nif 'MINISFT_TEST_SECRET' in str(os.environ):\n    return torch.softmax(scores, dim)\nraise KeyError"
    )
    yield Row("reads_the_environment", Student({"softmax": environment}), only_softmax("error"), ("raises KeyError",))
    yield Row(
        "looks_at_processes",
        Student({"softmax": softmax(LOOKS_AT_PROCESSES)}),
        only_softmax("error"),
        ("raises KeyError",),
    )
    yield Row("outlives_the_run", Student({"softmax": f"{right('softmax')}\n{STAYS}"}))
    once = f"if 'stays' not in globals():\n    globals()['stays'] = True\n{textwrap.indent(STAYS, '    ')}"
    inside = softmax(f"{once}\nreturn torch.softmax(scores, dim)")
    yield Row("outlives_the_call", Student({"softmax": inside}))


def forgers() -> Iterator[Row]:
    """What writes to the grader itself, or makes it say what it should not."""
    find = "import gc, io, json, os\n"
    lines = {
        "garbage": "b'garbage\\n' * 10**5",
        "full_marks": "json.dumps({'answers': {'list': []}, 'arrays': []}).encode() + b'\\n'",
        "a_lie": "json.dumps({'ready': True, 'arrays': []}).encode() + b'\\n'",
    }
    write = "for number in range(3, 20):\n    try:\n        os.write(number, {line})\n    except OSError:\n        pass"
    for name, line in lines.items():
        yield Row(
            f"forges_{name}",
            Student({"softmax": softmax("return scores")}, [find + write.format(line=line)]),
            everything("*"),
        )
    yield Row(
        "says_the_case",
        Student({"softmax": softmax(SAYS_THE_CASE)}),
        only_softmax("error"),
        ("an error of its own",),
        ("case_",),
    )
    yield Row(
        "says_the_case_by_a_type",
        Student({"softmax": softmax(TYPED_AS_THE_CASE)}),
        only_softmax("wrong"),
        ("yours is an object of another kind",),
        ("scores",),
    )


def markup() -> Iterator[Row]:
    """What would run in the teacher's browser."""
    script = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    student = Student({"softmax": softmax(f"raise ValueError({script!r})")})
    student.cell("question").source = f"{script}\n\n[me](javascript:alert(3)) **mine**"
    for cell in student.notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": script})]
    yield Row("script", student, only_softmax("error"), ("raises ValueError",))
