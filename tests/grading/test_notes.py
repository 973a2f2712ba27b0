"""What was handed in and is not marked is said, to the one person who can put it right."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_course import CHAPTER, NAMES, NOTEBOOK, Student, signature

from minisft.cli import main
from minisft.grading import notes
from minisft.grading.classroom import Classroom, Result
from minisft.grading.notebooks import UnreadableError, read, source_of

BLANK = {name: f"{signature(name)}\n    raise NotImplementedError" for name in NAMES}


@pytest.fixture
def erin(tmp_path) -> Path:
    """Her folder, in a class in which ann has handed in what she should."""
    Student(BLANK).hand_in(tmp_path / "in", "ann")
    return Student(BLANK).hand_in(tmp_path / "in", "erin").parents[1]


@pytest.fixture
def said(solutions, tmp_path) -> Callable[[], list[str]]:
    """The notes, without running a notebook."""
    return lambda: notes.notes_on(Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None), [])


def move(folder: Path, to: str) -> None:
    """Put the notebook of a student somewhere else in their folder."""
    target = folder / to
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / CHAPTER / f"{NOTEBOOK}.ipynb").rename(target)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_a_notebook_may_be_saved_in_any_unicode(erin, solutions, tmp_path, capsys, encoding) -> None:
    path = erin / CHAPTER / f"{NOTEBOOK}.ipynb"
    path.write_bytes(json.dumps(Student(BLANK, before=["# schön"]).notebook, ensure_ascii=False).encode(encoding))
    course = Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None)
    (assignment,) = course.assignments
    assert main(["progress", str(path)]) == 0
    printed = capsys.readouterr().out
    if encoding != "cp1252":
        assert source_of(course.notebook("erin", assignment)["cells"][1]) == "# schön"
        assert f"{path}: 0 of 4" in printed
        return
    trouble = "the file is not UTF-8: open it in a text editor and save it as UTF-8"
    marks = course.marks("erin", assignment)
    assert {(mark.status, mark.points, mark.message) for mark in marks} == {("unreadable", 0.0, trouble)}
    (note,) = notes.notes_on(course, [Result("erin", assignment.name, tuple(marks))])
    assert note.endswith(f"cannot be read, so it has no points: {trouble}")
    assert f"{path}: {trouble}" in printed


def test_what_is_no_text_is_damaged(erin) -> None:
    (erin / CHAPTER / f"{NOTEBOOK}.ipynb").write_bytes(b"\x89PNG\xff")
    with pytest.raises(UnreadableError, match="the file is damaged: it is no notebook"):
        read(erin / CHAPTER / f"{NOTEBOOK}.ipynb")


@pytest.mark.parametrize(
    "place",
    [
        f"{CHAPTER}/{NOTEBOOK}_ERIN.ipynb", f"{CHAPTER}/{NOTEBOOK} (1).ipynb", f"exercises/{CHAPTER}/{NOTEBOOK}.ipynb",
        f"{NOTEBOOK}.ipynb", "homework.zip", f"{CHAPTER.upper()}/{NOTEBOOK}.ipynb", f"{CHAPTER}/{NOTEBOOK}.ipynb.txt",
        f"{CHAPTER}/{NOTEBOOK}.py", f"{CHAPTER}/{NOTEBOOK}.IPYNB",
    ],
)  # fmt: skip
def test_what_is_not_where_it_should_be_is_said(erin, said, place: str) -> None:
    move(erin, place)
    assert said() == [
        f"erin: {place} is not marked: put each where its notebook belongs, erin/CHAPTER/NOTEBOOK.ipynb, unpacked and "
        "by its own name, and grade again"
    ]


def test_the_command_says_it_before_the_totals_and_on_the_teachers_page(erin, solutions, tmp_path, capsys) -> None:
    move(erin, "<img src=x onerror=alert(1)>.zip")
    Student(BLANK).hand_in(tmp_path / "in", "fay").write_text("{")
    options = ["--solutions", str(solutions), "--out", str(tmp_path / "out"), "--no-sandbox", "--jobs", "2"]
    assert main(["grade", str(tmp_path / "in"), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("note          erin: <img src=x onerror=alert(1)>.zip is not marked: ")
    assert lines[1] == (
        f"note          fay: {CHAPTER}/{NOTEBOOK}.ipynb cannot be read, so it has no points: the file is empty or "
        "damaged: it is no notebook"
    )
    assert lines[2] == "students      3"
    page = (tmp_path / "out" / "teacher.html").read_text()
    assert "<li>erin: &lt;img src=x onerror=alert(1)&gt;.zip is not marked: " in page
    assert "<li>fay: " in page
    assert "<img" not in page


def test_of_many_files_one_is_named(erin, said) -> None:
    move(erin, "a.ipynb")
    (erin / "b.zip").touch()
    (erin / "c.rar").touch()
    (note,) = said()
    assert note.startswith("erin: a.ipynb and 2 more are not marked: ")


def test_who_handed_in_nothing_is_named(erin, said) -> None:
    shutil.rmtree(erin / CHAPTER)
    assert said() == ["erin: no notebook was handed in"]


def test_what_lies_beside_the_students_is_said(erin, said) -> None:
    (erin.parent / "erin.zip").touch()
    (note,) = said()
    assert "erin.zip is not marked, as nobody knows whose" in note


def test_what_machines_leave_behind_is_no_student_and_no_work(erin, said, solutions, tmp_path) -> None:
    for folder in ("__MACOSX", "lost+found", ".hidden"):
        (erin.parent / folder).mkdir()
        (erin / folder / CHAPTER).mkdir(parents=True)
        (erin / folder / CHAPTER / f"{NOTEBOOK}.ipynb").touch()
    (erin / CHAPTER / ".ipynb_checkpoints").mkdir()
    (erin / CHAPTER / ".ipynb_checkpoints" / f"{NOTEBOOK}-checkpoint.ipynb").touch()
    (erin / CHAPTER / f"._{NOTEBOOK}.ipynb").touch()
    (erin / CHAPTER / "timestamp.txt").touch()
    assert said() == []
    assert Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None).students == ["ann", "erin"]


def test_a_folder_that_may_not_be_opened_is_said(erin, said, monkeypatch) -> None:
    opened = os.scandir

    def refused(path):
        if str(path) == str(erin / CHAPTER):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(notes.os, "scandir", refused)
    assert f"erin: {CHAPTER} is not looked at, as it may not be opened: change its rights" in said()


def test_who_has_gone_is_named_until_nothing_is_left(erin, said, tmp_path) -> None:
    out = tmp_path / "out"
    for name in ("mia $(x)", "ann"):
        (out / "results" / name / CHAPTER).mkdir(parents=True)
    (out / "feedback").mkdir()
    (out / "feedback" / "mia $(x).html").touch()
    (note,) = said()
    before, command = note.split("; ")
    assert before == (
        f"mia $(x): has marks from before and no folder in {erin.parent}: put it back, or take it out with "
        "nbgrader db student remove 'mia $(x)' --force"
    )
    subprocess.run(command, shell=True, check=True)
    assert said() == []
    assert {path.name for path in out.rglob("*")} == {"seed", "results", "feedback", "ann", CHAPTER}


def test_no_name_stops_anything(erin, said) -> None:
    (erin / os.fsdecode(b"\xfc\x1b[2J\n.zip")).touch()
    (note,) = said()
    assert note.startswith("erin: ??[2J?.zip is not marked: ")


def test_no_name_stops_a_terminal_that_has_few_characters(erin, solutions, tmp_path, monkeypatch) -> None:
    (erin / "lösung.zip").touch()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    options = ["--solutions", str(solutions), "--out", str(tmp_path / "out"), "--no-sandbox", "--jobs", "2"]
    assert main(["grade", str(tmp_path / "in"), *options]) == 0
    sys.stdout.seek(0)
    assert "note          erin: l?sung.zip is not marked: " in sys.stdout.read()


def test_no_depth_stops_anything(erin, said) -> None:
    folder = os.open(erin, os.O_RDONLY)
    for _ in range(1500):  # more than Python may call
        os.mkdir("d", dir_fd=folder)
        outer, folder = folder, os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(outer)
    os.close(folder)
    try:
        assert said() == []
    finally:
        subprocess.run(["rm", "-rf", erin / "d"], check=True)  # pytest could not
