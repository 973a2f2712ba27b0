"""A chapter's whole way by the commands of the teacher's page: out to students, back, marked, and returned to them."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from lab import at_home, checkout, make
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
from small_course import ANSWER, CHAPTER, NAMES, NOTEBOOK, QUESTION, Student, right, signature, write_solutions

from minisft.grading.generate import differences
from minisft.grading.notebooks import nbgrader

SCRIPT = "<script>alert('mine')</script>"


class Person:
    """Somebody with a home and a folder to work in, whose nbgrader knows the exchange."""

    def __init__(self, folder: Path, exchange: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.environment = folder, at_home(folder.parent / "home", exchange)

    def nbgrader(self, *arguments: str) -> int:
        """Run a command of nbgrader's there, in this process, as importing it takes seconds. Returns its status."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "path", [*sys.path])
            for name in ("HOME", "PATH"):
                patch.setenv(name, self.environment[name])
            try:
                NbGraderApp.launch_instance(list(arguments))
            except SystemExit as end:
                return end.code
            finally:
                NbGraderApp.instance().reset()
        return 0


@pytest.fixture
def teacher(tmp_path) -> Person:
    """With a course of one chapter, and an empty folder for the class."""
    folder = checkout(tmp_path / "teacher" / "minisft")
    write_solutions(folder / "solutions")
    (tmp_path / "teacher" / "home" / "minisft-class").mkdir(parents=True)
    return Person(folder, tmp_path / "exchange")


@pytest.fixture
def students(tmp_path, teacher) -> dict[str, Person]:
    """Ann with an empty folder, as on a hub; bob with the course's own folder."""
    bob = checkout(tmp_path / "bob" / "minisft")
    return {"ann": Person(tmp_path / "ann" / "work", tmp_path / "exchange"), "bob": Person(bob, tmp_path / "exchange")}


def class_of(teacher: Person) -> Path:
    """Where the teacher's files of the class lie."""
    return Path(teacher.environment["HOME"]) / "minisft-class"


def answer(path: Path, answers: dict[str, str]) -> None:
    """Write into the solution cells of a student's notebook."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if nbgrader(cell).get("solution"):
            cell.source = answers.get(nbgrader(cell)["grade_id"], cell.source)
    nbformat.write(notebook, path)


def hand_in(teacher: Person, students: dict[str, Person]) -> None:
    """From the teacher's solutions to a folder of submissions, with a third student who sent the notebook by mail."""
    for command in ("generate_assignment", "release_assignment"):
        assert teacher.nbgrader(command, CHAPTER) == 0
    for name, student in students.items():
        assert student.nbgrader("fetch_assignment", CHAPTER) == 0
        (path,) = student.folder.glob(f"**/{CHAPTER}/{NOTEBOOK}.ipynb")
        wrong = {"attention": right("attention").replace(" / math.sqrt(query.shape[-1])", "")} if name == "bob" else {}
        answer(path, {one: right(one) for one in NAMES} | wrong | {QUESTION: f"{ANSWER} {SCRIPT}"})
        (path.parent / "helper.py").write_text("secret = 1")
        assert student.nbgrader("submit", CHAPTER, "--student", name) == 0
    assert teacher.nbgrader("collect", CHAPTER) == 0
    Student({"softmax": f"{signature('softmax')}\n    return scores"}).hand_in(class_of(teacher) / "submitted", "cem")


def grade(teacher: Person) -> None:
    """As the teacher's page says."""
    home = class_of(teacher)
    command = make("grade", f"SUBMISSIONS={home}/submitted", f"ARGS=--gradebook {home}/gradebook.db")
    done = subprocess.run(
        command, cwd=teacher.folder, env=teacher.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def mark_by_hand(teacher: Person, student: str, points: float, comment: str) -> None:
    """What formgrader writes."""
    with Gradebook(f"sqlite:///{class_of(teacher)}/gradebook.db") as gradebook:
        given = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, student)
        assert given.needs_manual_grade
        given.manual_score, given.needs_manual_grade = points, False
        gradebook.find_comment(QUESTION, NOTEBOOK, CHAPTER, student).manual_comment = comment
        gradebook.db.commit()


def test_a_chapter_goes_out_comes_back_and_is_returned(sandbox, teacher, students, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    hand_in(teacher, students)
    assert differences(teacher.folder / "solutions", teacher.folder / "exercises") == []
    submitted = class_of(teacher) / "submitted"
    assert sorted(path.name for path in submitted.iterdir()) == ["ann", "bob", "cem"]
    assert not list(submitted.rglob("*.py"))

    grade(teacher)
    mark_by_hand(teacher, "ann", 2.5, "Say which logits.")
    for command in ("generate_feedback", "release_feedback"):
        assert teacher.nbgrader(command, CHAPTER) == 0
    pages = {}
    for name, student in students.items():
        assert student.nbgrader("fetch_feedback", CHAPTER, "--student", name) == 0
        (page,) = student.folder.glob(f"**/{CHAPTER}/feedback/*/{NOTEBOOK}.html")
        pages[name] = " ".join(page.read_text(encoding="utf-8").split())
    assert "(Score: 10.5 / 11.0)" in pages["ann"]
    assert "Say which logits." in pages["ann"]
    assert "(Score: 6.0 / 11.0)" in pages["bob"]
    assert "attention without the division by √D" in pages["bob"]
    assert "attention without the division by √D" not in pages["ann"]
    assert SCRIPT not in pages["ann"] + pages["bob"]

    assert teacher.nbgrader("export") == 0
    with (teacher.folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        scores = {row["student_id"]: (row["score"], row["max_score"]) for row in csv.DictReader(file)}
    assert scores == {"ann": ("10.5", "11.0"), "bob": ("6.0", "11.0"), "cem": ("6.0", "11.0")}


def test_nbgraders_own_autograde_is_refused_and_takes_nothing_away(sandbox, teacher, capsys) -> None:
    Student().hand_in(class_of(teacher) / "submitted", "ann")
    grade(teacher)
    graded = {path: path.read_bytes() for path in (class_of(teacher) / "submitted-graded").rglob("*.*")}
    assert class_of(teacher) / "submitted-graded" / "autograded" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb" in graded
    for more in ([], ["--force"]):
        assert teacher.nbgrader("autograde", CHAPTER, *more) == 1
        assert capsys.readouterr().err.splitlines() == [
            "[AutogradeApp | ERROR] marks come from `make grade`: autograde would run the students' code with your "
            "rights, and believe it"
        ]
    assert {path: path.read_bytes() for path in graded} == graded
