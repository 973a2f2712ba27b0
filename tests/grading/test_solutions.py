"""Every notebook in solutions/, graded as a student's would be: the solutions get all marks, the stubs none."""

from pathlib import Path

import nbformat
import pytest

import minisft
from minisft.checks import CONTRACTS, AnswerKey
from minisft.grading.generate import student_version
from minisft.grading.marking import mark
from minisft.grading.needed import is_stub
from minisft.grading.notebooks import all_notebooks, code_cells, exercises_of, read
from minisft.grading.running import LIMITS, Key, run

ROOT = Path(minisft.__file__).parents[1]
SOLUTIONS = all_notebooks(ROOT / "solutions")


def names(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", SOLUTIONS, ids=names)
def test_solutions_get_all_marks(path: Path) -> None:
    exercises = exercises_of(path)
    keys = {e.name: Key(e, AnswerKey(CONTRACTS[e.name], 20)) for e in exercises if e.function}
    cells = code_cells(read(path))
    found = run(cells, keys)
    assert not found.errors, "a cell that cannot run while marks are given needs the tag not-graded"
    marks = mark(exercises, keys, found, cells, LIMITS)
    assert {one.exercise: (one.status, one.message) for one in marks if one.status not in ("right", "by hand")} == {}


@pytest.mark.parametrize("path", SOLUTIONS, ids=names)
def test_stubs_are_stubs(path: Path, tmp_path) -> None:
    copy = tmp_path / path.name
    copy.write_text(student_version(path), encoding="utf-8")
    cells = code_cells(read(copy))
    assert [e.name for e in exercises_of(copy)] == [e.name for e in exercises_of(path)]
    for exercise in exercises_of(copy):
        assert not exercise.function or is_stub(cells, exercise.function), exercise.name


@pytest.mark.parametrize("path", SOLUTIONS, ids=names)
def test_exercises_have_their_cells(path: Path) -> None:
    kinds = [cell.cell_type for cell in nbformat.read(path, as_version=4).cells]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nbformat.read(path, as_version=4).cells]
    for exercise in exercises_of(path):
        if exercise.function:
            written = ids.index(exercise.name)
            assert ids[written + 1] == f"check-{exercise.name}"
            assert kinds[written - 1 : written + 3] == ["markdown", "code", "code", "markdown"], exercise.name
