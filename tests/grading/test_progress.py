"""A learner sees what passes, why the rest does not, and what comes next."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from small_course import CHAPTER, NOTEBOOK, Student, right, signature

from minisft.cli import main
from minisft.grading import worker
from minisft.grading.generate import generate
from minisft.grading.needed import is_stub, needed
from minisft.grading.notebooks import Cell
from minisft.grading.progress import states
from minisft.grading.running import Limits


@pytest.fixture
def exercises(solutions, tmp_path) -> Path:
    """The student versions."""
    generate(solutions, tmp_path / "exercises")
    return tmp_path / "exercises"


def write(exercises: Path, functions: dict[str, str], extra: str = "") -> Path:
    """A learner's work, saved; what is not in `functions` is as it was handed out."""
    path = exercises / CHAPTER / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        name = cell["id"].removeprefix("solution-")
        if cell["id"].startswith("solution-") and name in functions:
            cell["source"] = functions[name]
        if cell["id"] == "first":
            cell["source"] += extra.splitlines(keepends=True) and ["\n" + extra]
    path.write_text(json.dumps(notebook))
    return path


def test_an_untouched_course_runs_nothing(exercises, capsys, monkeypatch) -> None:
    monkeypatch.setattr("minisft.grading.progress.run", None)
    assert main(["progress", str(exercises)]) == 0
    printed = capsys.readouterr().out.splitlines()
    path = exercises / CHAPTER / f"{NOTEBOOK}.ipynb"
    assert printed[0] == f"{path}: 0 of 4"
    assert printed[1].split() == ["to", "do", "softmax"]
    assert printed[-1] == f"next: softmax in {path}"


def test_it_says_what_passes_and_what_is_next(exercises, capsys) -> None:
    unscaled = right("attention").replace(" / math.sqrt(query.shape[-1])", "")
    path = write(exercises, {"softmax": right("softmax"), "attention": unscaled})
    assert main(["progress", str(path)]) == 0
    printed = capsys.readouterr().out
    assert f"{path}: 1 of 4" in printed
    assert "  right   softmax" in printed
    assert "  not yet attention" in printed
    assert "without the division" in " ".join(printed.split())
    assert "  to do   layer_norm" in printed
    assert f"next: attention in {path}" in printed


def test_all_done(exercises, capsys) -> None:
    write(exercises, {name: right(name) for name in ("softmax", "attention", "layer_norm", "adamw_update")})
    assert main(["progress", str(exercises)]) == 0
    assert "nothing is left to do here" in capsys.readouterr().out


def test_only_what_is_needed_runs(exercises) -> None:
    path = write(exercises, {"softmax": right("softmax")})
    notebook = json.loads(path.read_text())
    endless = Student(before=["while True:\n    unrelated = 1"]).notebook.cells[1]
    notebook["cells"].insert(1, json.loads(json.dumps(endless)))
    path.write_text(json.dumps(notebook))
    (state,) = states(exercises, Limits(cell=5.0, exercise=5.0, restarts=0))
    assert [mark.status for mark in state.marks] == ["right", "stub", "stub", "stub"]


def test_a_loop_is_no_end_of_it(exercises) -> None:
    write(
        exercises,
        {"softmax": f"{signature('softmax')}\n    while True:\n        pass", "attention": right("attention")},
    )
    (state,) = states(exercises, Limits(cell=3.0, exercise=3.0))
    assert [mark.status for mark in state.marks] == ["time", "right", "stub", "stub"]
    assert state.open.exercise == "softmax"


def test_a_damaged_notebook_is_said_to_be_one(exercises, capsys) -> None:
    (exercises / CHAPTER / f"{NOTEBOOK}.ipynb").write_text("{")
    assert main(["progress", str(exercises)]) == 0
    printed = capsys.readouterr().out
    assert "empty or damaged" in printed
    assert "nothing is left" not in printed


@pytest.mark.parametrize("source", ['%time check("softmax", softmax)', 'check("softmax", softmax'])
def test_a_check_that_is_no_python_leaves_the_other_notebooks_alone(exercises, capsys, source: str) -> None:
    path = exercises / CHAPTER / f"{NOTEBOOK}.ipynb"
    other = exercises / CHAPTER / "9_2_other.ipynb"
    other.write_text(path.read_text())
    notebook = json.loads(path.read_text())
    next(cell for cell in notebook["cells"] if cell["id"] == "check-softmax")["source"] = source
    path.write_text(json.dumps(notebook))
    assert main(["progress", str(exercises)]) == 0
    printed = capsys.readouterr().out
    assert f"{path}: a cell with points must call check(" in printed
    assert f"{other}: 0 of 4" in printed
    assert f"next: softmax in {other}" in printed


def test_a_function_of_another_name_is_said_to_be_missing(exercises, capsys) -> None:
    write(exercises, {"softmax": right("softmax").replace("def softmax", "def soft_max")})
    assert main(["progress", str(exercises)]) == 0
    assert "there is no function softmax in the notebook" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("again", [False, True])
def test_a_deleted_cell_is_one_missing_exercise(exercises, capsys, again: bool) -> None:
    path = write(exercises, {"softmax": right("softmax")})
    notebook = json.loads(path.read_text())
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "solution-attention"]
    if again:
        notebook["cells"].append(json.loads(json.dumps(Student(before=[right("attention")]).notebook.cells[1])))
    path.write_text(json.dumps(notebook))
    assert main(["progress", str(path)]) == 0
    printed = capsys.readouterr().out
    assert f"{path}: {2 if again else 1} of 4" in printed
    assert "  to do   layer_norm" in printed
    said = "the cell of attention is gone: write the function in a new cell above its check"
    assert (said in " ".join(printed.split())) != again
    assert f"next: {'layer_norm' if again else 'attention'} in {path}" in printed
    assert "grade_id" not in printed


def test_a_notebook_that_may_not_be_opened_is_said_to_be_one(exercises, capsys, monkeypatch) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert main(["progress", str(exercises)]) == 0
    assert "it cannot be opened: Permission denied" in capsys.readouterr().out


def test_a_typo_is_not_answered_with_advice_that_takes_work_away(tmp_path, capsys) -> None:
    assert main(["progress", str(tmp_path / "exercise")]) == 2
    assert "minisft exercises" not in capsys.readouterr().err


def test_on_windows_it_says_that_it_cannot(exercises, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)  # as if there were none
    runpy.run_path(worker.__file__)
    assert main(["progress", str(exercises)]) == 2
    assert "on Windows, use WSL" in capsys.readouterr().err


@pytest.mark.parametrize(("where", "message"), [("nowhere", "there is no notebook or folder"), (".", "no notebook in")])
def test_bad_input_gets_one_line(tmp_path, capsys, where, message) -> None:
    assert main(["progress", str(tmp_path / where)]) == 2
    assert message in capsys.readouterr().err


def cells(*sources: str) -> list[Cell]:
    return [Cell(number, source) for number, source in enumerate(sources, 1)]


def test_needed_cells_are_those_that_a_function_reaches() -> None:
    notebook = cells(
        "import torch", "def helper(x):\n    return torch.exp(x)", "slow = 1", "def f(x):\n    return helper(x)",
        "%matplotlib inline\nfrom math import *", "def g(): return slow", "def broken(:", "a, (b, c) = 1, (2, 3)",
        "def h(): return c",
    )  # fmt: skip
    assert [cell.number for cell in needed(notebook, ["f"])] == [1, 2, 4, 5]
    assert [cell.number for cell in needed(notebook, ["g"])] == [3, 5, 6]
    assert [cell.number for cell in needed(notebook, ["broken"])] == [5, 7]
    assert [cell.number for cell in needed(notebook, ["h"])] == [5, 8, 9]


@pytest.mark.parametrize(
    ("stub", "sources"),
    [
        (True, ['def f(x):\n    """What."""\n    raise NotImplementedError']),
        (True, ["def f(x):\n    y = x + 1\n    raise NotImplementedError\n    return y"]),  # a faded example
        (False, ["def f(x):\n    return x\n    raise NotImplementedError"]),
        (False, ["def f(x):\n    if x:\n        return x\n    raise NotImplementedError"]),
        (False, ["def f(x):\n    raise NotImplementedError", "def f(x):\n    return x"]),
        (False, ["def f(x):\n    raise NotImplementedError\n\n\ndef f(x):\n    return x"]),
        (False, ["def f(x:"]),
        (False, ["f = 1"]),
    ],
)
def test_a_stub_is_what_has_nothing_to_run(stub: bool, sources: list[str]) -> None:
    assert is_stub(cells(*sources), "f") == stub
