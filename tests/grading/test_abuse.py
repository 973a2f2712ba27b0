"""A class of people who try everything: each gets the right mark and the right words, and nobody else notices."""

import csv
import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from abuses import SLEEPER, Places, Row, rows
from small_course import NAMES, QUESTION, write_solutions

from minisft.grading.classroom import Classroom
from minisft.grading.pages import write_pages
from minisft.grading.running import Limits

PATIENCE = Limits(cell=5.0, exercise=5.0, restarts=2)  # a machine that runs other tests meanwhile needs some


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A course with everything that a cheat would like to have."""
    root = tmp_path_factory.mktemp("abuse")
    gradebook = root / "gradebook.db"
    gradebook.write_text("nobody has any marks")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        yield Places(write_solutions(root / "solutions"), root / "submissions", root / "out" / "seed", gradebook, port)


@pytest.fixture(scope="module")
def graded(places, sandbox):
    """The rows by name, the results by student, and the folder with what was written."""
    everyone = {row.name: row for row in rows(places)}
    for row in everyone.values():
        row.hand_in(places.submissions)
    out = places.seed.parent
    os.environ["MINISFT_TEST_SECRET"] = "1"
    course = Classroom(places.submissions, places.solutions, out, seed=11, limits=PATIENCE)
    results, unchanged = course.grade(jobs=2, progress=False)
    assert unchanged == 0
    write_pages(out, results)
    return everyone, {result.student: {mark.exercise: mark for mark in result.marks} for result in results}, out


# The rows' names, without the places that exist only while the tests run.
NAMES_OF_ROWS = [row.name for row in rows(Places(*[Path("/")] * 4, 1))]


@pytest.mark.parametrize("name", NAMES_OF_ROWS)
def test_the_right_marks_and_the_right_words(graded, name: str) -> None:
    everyone, marks, _ = graded
    row: Row = everyone[name]
    mine = marks[name]
    for exercise in NAMES:
        expected = row.statuses.get(exercise, "right")
        mark = mine[exercise]
        assert mark.status == expected or expected == "*", f"{exercise}: {mark}"
        assert mark.points == (2.0 if mark.status == "right" else 0.0)
    said = " ".join(mark.message for mark in mine.values())
    assert all(words in said for words in row.says), said
    assert not any(words in said for words in row.says_not), said


def test_who_forges_gains_nothing(graded) -> None:
    _, marks, _ = graded
    for name in marks:
        if name.startswith("forges"):
            assert marks[name]["softmax"].status != "right", marks[name]


def test_questions_for_a_person_have_no_points_yet(graded) -> None:
    _, marks, _ = graded
    assert marks["reference"][QUESTION].status == "by hand"
    assert marks["reference"][QUESTION].points is None
    assert marks["nothing_handed_in"][QUESTION].points == 0


def test_nothing_is_left_running(graded) -> None:
    commands = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    assert not [command for command in commands if SLEEPER in command]
    assert not [command for command in commands if "bwrap" in command and str(os.getpid()) in command]


def test_nothing_was_written_outside(graded, places) -> None:
    assert places.gradebook.read_text() == "nobody has any marks"
    assert not Path("/tmp/evil").exists()
    assert not Path("/usr/mine").exists()


def test_the_pages_hold_no_markup_of_students(graded) -> None:
    _, _, out = graded
    for page in [*(out / "feedback").glob("*.html"), out / "teacher.html"]:
        assert "<script" not in page.read_text()
        assert "<img" not in page.read_text()


def test_marks_csv_has_everybody_and_every_exercise(graded) -> None:
    everyone, _, out = graded
    with open(out / "marks.csv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(everyone) * (len(NAMES) + 1)
    scores = {name: sum(float(row["points"] or 0) for row in table if row["student"] == name) for name in everyone}
    assert scores["reference"] == 8
    assert scores["wrong"] == 6
    assert scores["blank"] == 0


def test_the_teacher_sees_which_mistake_was_made(graded) -> None:
    _, _, out = graded
    with open(out / "misconceptions.csv", newline="", encoding="utf-8") as file:
        found = [row for row in csv.DictReader(file) if row["exercise"] == "attention"]
    assert [row["students"] for row in found] == ["1"]
    assert "without the division" in found[0]["mistake"]


AS_A_NORMAL_USER = [
    "reference", "swallows_interrupts", "fork_bomb", "memory", "kills_everyone", "reads_other_students",
    "opens_a_socket", "outlives_the_call", "borrows_past_the_hollow", "writes_the_root",
]  # fmt: skip
GRADE_IMPATIENTLY = f"""\
import functools, sys
from minisft.cli import main
from minisft.grading import classroom
from minisft.grading.running import Limits
classroom.Classroom = functools.partial(classroom.Classroom, limits={PATIENCE})
sys.exit(main(sys.argv[1:]))"""


@pytest.mark.skipif(os.geteuid() != 0, reason="all tests run as a normal user")
def test_as_a_normal_user(places, sandbox, normal_user) -> None:
    python, folder = normal_user
    solutions = write_solutions(folder / "solutions")
    theirs = replace(places, solutions=solutions, submissions=folder / "in", seed=folder / "out" / "seed")
    everyone = {row.name: row for row in rows(theirs) if row.name in AS_A_NORMAL_USER}
    for row in everyone.values():
        row.hand_in(theirs.submissions)
    arguments = ["grade", folder / "in", "--solutions", solutions, "--out", folder / "out", "--jobs", "2"]
    command = [*python, "-c", GRADE_IMPATIENTLY, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(folder / "out" / "marks.csv", newline="", encoding="utf-8") as file:
        marks = {(row["student"], row["exercise"]): row["status"] for row in csv.DictReader(file)}
    assert marks == {
        (name, exercise): row.statuses.get(exercise, "by hand" if exercise == QUESTION else "right")
        for name, row in everyone.items()
        for exercise in [*NAMES, QUESTION]
    }
    test_nothing_is_left_running(None)
