"""What students get: exactly what the solutions generate, and nothing of the solutions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from small_course import ANSWER, CHAPTER, NAMES, NOTEBOOK, Student, right, teachers_notebook

import minisft
from minisft.cli import main
from minisft.errors import InputError
from minisft.grading.generate import differences, generate, leaks, student_version

ROOT = Path(minisft.__file__).parents[1]


def test_exercises_are_what_the_solutions_generate() -> None:
    assert differences(ROOT / "solutions", ROOT / "exercises") == [], "run: make exercises"


def test_no_solution_can_be_read_in_the_exercises() -> None:
    assert leaks(ROOT / "solutions", ROOT / "exercises") == []


def notebook(solutions: Path) -> Path:
    return solutions / CHAPTER / f"{NOTEBOOK}.ipynb"


def test_stubs_take_the_place_of_solutions(solutions, tmp_path) -> None:
    generate(solutions, tmp_path / "exercises")
    path = tmp_path / "exercises" / CHAPTER / f"{NOTEBOOK}.ipynb"
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    for name in NAMES:
        source = cells[f"solution-{name}"].source
        assert source.startswith(f"def {name}(")
        assert source.endswith(f'"""What {name} is."""\n    raise NotImplementedError')
        assert cells[f"check-{name}"].metadata.nbgrader.points == 2
        assert cells[f"check-{name}"].metadata.editable is False
    assert cells["question"].source == "*Your answer.*"
    assert ANSWER not in path.read_text()
    assert "what a teacher saw" not in path.read_text()


def test_the_bytes_are_the_same_every_time(solutions, tmp_path) -> None:
    once, again = student_version(notebook(solutions)), student_version(notebook(solutions))
    assert once == again
    changes = generate(solutions, tmp_path / "exercises")
    assert (len(changes.written), changes.removed, changes.kept) == (1, [], [])
    assert generate(solutions, tmp_path / "exercises") == ([], [], [])


def test_they_are_the_bytes_of_nbgrader(solutions, tmp_path) -> None:
    course = tmp_path / "course"
    course.mkdir()
    solutions.rename(course / "solutions")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    (course / "minisft").symlink_to(ROOT / "minisft")
    (tmp_path / "minisft-class").mkdir()
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", CHAPTER]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert differences(course / "solutions", course / "exercises") == []


def test_a_difference_is_seen(solutions, tmp_path) -> None:
    exercises = tmp_path / "exercises"
    assert differences(solutions, exercises) == [f"{CHAPTER}/{NOTEBOOK}.ipynb: not generated"]
    generate(solutions, exercises)
    path = exercises / CHAPTER / f"{NOTEBOOK}.ipynb"
    path.write_text(path.read_text().replace("What and why.", "What?"))
    assert differences(solutions, exercises) == [f"{CHAPTER}/{NOTEBOOK}.ipynb: out of date"]
    (path.parent / "9_2_old.ipynb").write_text(path.read_text())
    assert differences(solutions, exercises)[1] == f"{CHAPTER}/9_2_old.ipynb: no solution"
    generate(solutions, exercises)
    assert differences(solutions, exercises) == []


def fill_in(learners: NotebookNode) -> None:
    next(cell for cell in learners.cells if cell.id == "solution-softmax").source = right("softmax")


def answer(learners: NotebookNode) -> None:
    next(cell for cell in learners.cells if cell.id == "question").source = "Because the logits grow."


def run_a_cell(learners: NotebookNode) -> None:
    learners.cells[0].execution_count = 1


def only_notes(learners: NotebookNode) -> None:
    learners.cells = [nbformat.v4.new_markdown_cell("What I did not understand.")]


@pytest.mark.parametrize("work", [fill_in, answer, run_a_cell, only_notes])
@pytest.mark.parametrize("file", [f"{NOTEBOOK}.ipynb", "my_own.ipynb"])
def test_what_somebody_has_worked_in_stays(solutions, tmp_path, work, file) -> None:
    exercises = tmp_path / "exercises"
    generate(solutions, exercises)
    path = exercises / CHAPTER / file
    learners = nbformat.read(exercises / CHAPTER / f"{NOTEBOOK}.ipynb", as_version=4)
    work(learners)
    nbformat.write(learners, path)
    before = path.read_text()
    assert generate(solutions, exercises) == ([], [], [path])
    assert path.read_text() == before


def test_what_cannot_be_read_stays(solutions, tmp_path) -> None:
    path = tmp_path / "exercises" / CHAPTER / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff{")
    assert generate(solutions, tmp_path / "exercises").kept == [path]
    assert path.read_bytes() == b"\xff{"


@pytest.mark.parametrize(
    ("cell", "source"),
    [
        ("hints-softmax", "Write\n\n    powers = torch.exp(shifted)\n\nand divide."),
        ("first", "import math\n### BEGIN HIDDEN TESTS"),
        ("hints-softmax", ANSWER),
    ],
)
def test_a_leak_is_seen(solutions, tmp_path, cell: str, source: str) -> None:
    exercises = tmp_path / "exercises"
    generate(solutions, exercises)
    path = exercises / CHAPTER / f"{NOTEBOOK}.ipynb"
    leaking = nbformat.read(path, as_version=4)
    next(one for one in leaking.cells if one.id == cell).source = source
    nbformat.write(leaking, path)
    assert leaks(solutions, exercises)


def test_outputs_are_a_leak(solutions, tmp_path) -> None:
    generate(solutions, tmp_path / "exercises")
    nbformat.write(teachers_notebook(), tmp_path / "exercises" / CHAPTER / f"{NOTEBOOK}.ipynb")
    found = leaks(solutions, tmp_path / "exercises")
    assert any("outputs of" in leak for leak in found)
    assert any("BEGIN SOLUTION" in leak for leak in found)


def test_a_solution_outside_a_solution_cell_is_refused(solutions) -> None:
    path = notebook(solutions)
    wrong = nbformat.read(path, as_version=4)
    wrong.cells[0].source += "\n### BEGIN SOLUTION\nsecret = 1\n### END SOLUTION"
    nbformat.write(wrong, path)
    with pytest.raises(InputError, match="solution region"):
        student_version(path)


@pytest.mark.parametrize("text", ["", "<<<<<<< mine\n{}", "[]"])
def test_what_is_no_notebook_is_named(solutions, text) -> None:
    (path,) = solutions.glob("*/*.ipynb")
    path.write_text(text)
    with pytest.raises(InputError, match=path.name):
        student_version(path)


def test_the_command(solutions, tmp_path, capsys) -> None:
    where = ["--solutions", str(solutions), "--exercises", str(tmp_path / "exercises")]
    assert main(["exercises", *where]) == 0
    assert "notebooks     1 in" in capsys.readouterr().out
    path = tmp_path / "exercises" / CHAPTER / f"{NOTEBOOK}.ipynb"
    nbformat.write(Student().notebook, path)  # solved and run: what the command takes for a leak elsewhere
    assert main(["exercises", *where]) == 0
    assert f"left alone    {path}" in capsys.readouterr().out


def test_without_solutions_nothing_is_taken_away(solutions, tmp_path, capsys) -> None:
    exercises = tmp_path / "exercises"
    generate(solutions, exercises)
    assert main(["exercises", "--solutions", str(tmp_path / "solution"), "--exercises", str(exercises)]) == 2
    assert "there is no notebook in" in capsys.readouterr().err
    assert differences(solutions, exercises) == []
