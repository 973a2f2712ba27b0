"""The JupyterLab that `make lab` starts: its nbgrader pages hand out, take in and return, and warn of nothing."""

import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from lab import Lab, at_home, checkout, make
from small_course import CHAPTER, NAMES, NOTEBOOK, right, write_solutions

from minisft.grading.notebooks import nbgrader


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """One in a course of one chapter."""
    home = tmp_path_factory.mktemp("home")
    folder = checkout(home / "minisft")
    write_solutions(folder / "solutions")
    (home / "minisft-class").mkdir()
    with Lab(folder, at_home(home, home / "exchange")) as lab:
        yield lab


def test_it_starts_without_a_warning(lab) -> None:
    assert lab.greeting.count("nbgrader serverextension") == 4
    assert lab.alarms() == []


@pytest.mark.parametrize(
    "page", ["lab", "formgrader/manage_assignments", "formgrader/gradebook", "formgrader/manage_students"]
)
def test_its_pages_open(lab, page) -> None:
    assert "<html" in lab.get(f"/{page}") or "<!doctype html" in lab.get(f"/{page}")


def work(path: Path) -> None:
    """Do the exercises, but for the first."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = nbgrader(cell).get("grade_id")
        if name in NAMES[1:]:
            cell.source = right(name)
    nbformat.write(notebook, path)


def test_a_chapter_goes_out_comes_back_and_is_returned(lab, sandbox) -> None:
    chapter, me = f"/formgrader/api/assignment/{CHAPTER}", getpass.getuser()
    course = {"course_id": "minisft"}
    for step in ("assign", "release"):
        assert lab.post(f"{chapter}/{step}")["success"]
    (found,) = lab.get("/assignments", **course)["value"]
    assert (found["status"], found["path"]) == ("fetched", f"exercises/{CHAPTER}")
    work(lab.folder / "exercises" / CHAPTER / f"{NOTEBOOK}.ipynb")
    assert lab.post("/assignments/submit", assignment_id=CHAPTER, **course)["success"]
    assert lab.post(f"{chapter}/collect")["success"]

    refused = lab.post(f"/formgrader/api/submission/{CHAPTER}/{me}/autograde")
    assert not refused["success"]
    assert "marks come from `make grade`" in refused["log"]
    home = lab.folder.parent / "minisft-class"
    command = make("grade", f"SUBMISSIONS={home}/submitted", f"ARGS=--gradebook {home}/gradebook.db")
    subprocess.run(command, cwd=lab.folder, env=lab.environment, capture_output=True, check=True)
    (submission,) = lab.get(f"/formgrader/api/submitted_notebooks/{CHAPTER}/{NOTEBOOK}")
    assert (submission["student"], submission["score"], submission["max_score"]) == (me, 6, 11)
    assert "Not written." in lab.get(f"/formgrader/submissions/{submission['id']}/")

    for step in ("generate_feedback", "release_feedback"):
        assert lab.post(f"{chapter}/{step}")["success"]
    assert lab.post("/assignments/fetch_feedback", assignment_id=CHAPTER, **course)["success"]
    (page,) = lab.folder.glob(f"exercises/{CHAPTER}/feedback/*/{NOTEBOOK}.html")
    assert "(Score: 6.0 / 11.0)" in page.read_text(encoding="utf-8")


def test_validate_sees_what_is_not_written(lab) -> None:
    path = lab.folder / "work" / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.read(lab.folder / "solutions" / CHAPTER / path.name, as_version=4), path)
    assert lab.post("/assignments/validate", path=f"work/{path.name}") == {"success": True, "value": {}}
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "solution-softmax").source = "def softmax(scores, dim=-1): ..."
    nbformat.write(notebook, path)
    (failed,) = lab.post("/assignments/validate", path=f"work/{path.name}")["value"]["failed"]
    assert failed["source"] == 'check("softmax", softmax)'
    assert failed["raw_error"].startswith("softmax: not yet")
