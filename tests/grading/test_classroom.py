"""A class is graded: files in, files out, nothing twice, interrupted and gone on with."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from small_course import CHAPTER, NAMES, NOTEBOOK, QUESTION, Student, right, signature

from minisft.cli import main
from minisft.commands.grading import cores
from minisft.errors import InputError
from minisft.grading import classroom
from minisft.grading.classroom import Classroom
from minisft.grading.running import Limits
from minisft.grading.sandbox import MOMENTARY_USERS, SYSTEM, Sandbox

UNSCALED = right("attention").replace(" / math.sqrt(query.shape[-1])", "")


def marks_of(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    with open(out / "marks.csv", newline="", encoding="utf-8") as file:
        return {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}


@pytest.fixture
def course(solutions, tmp_path) -> list[str]:
    """The arguments of `grade` for a class of two: ann, who has all right, and bob."""
    Student().hand_in(tmp_path / "in", "ann")
    Student({"attention": UNSCALED}).hand_in(tmp_path / "in", "bob")
    return ["grade", str(tmp_path / "in"), "--solutions", str(solutions), "--out", str(tmp_path / "out"), "--jobs", "2"]


def test_the_command_writes_marks_feedback_and_misconceptions(sandbox, course, tmp_path, capsys) -> None:
    assert main([*course, "--seed", "5"]) == 0
    out = tmp_path / "out"
    marks = marks_of(out)
    assert [marks["ann", name]["points"] for name in NAMES] == ["2", "2", "2", "2"]
    assert marks["bob", "attention"]["points"] == "0"
    assert marks["bob", "attention"]["status"] == "wrong"
    assert marks["bob", "softmax"]["points"] == "2"
    assert marks["bob", QUESTION] | {"seconds": ""} == {
        "student": "bob", "notebook": f"{CHAPTER}/{NOTEBOOK}", "exercise": QUESTION, "points": "", "out_of": "3",
        "seconds": "", "status": "by hand",
    }  # fmt: skip
    feedback = (out / "feedback" / "bob.html").read_text()
    assert "6 of 11 points; 3 are still to be given by a person" in feedback
    assert "without the division" in feedback
    teacher = (out / "teacher.html").read_text()
    assert "1 of 2" in teacher
    assert "without the division" in teacher
    assert "without the division" in (out / "misconceptions.csv").read_text()
    assert (out / "seed").read_text() == "5\n"
    assert (out / "seed").stat().st_mode & 0o077 == 0
    assert "students      2" in capsys.readouterr().out


def test_only_what_changed_is_graded_again(sandbox, course, tmp_path, monkeypatch) -> None:
    graded = []
    one = Classroom.marks
    monkeypatch.setattr(Classroom, "marks", lambda self, student, a: graded.append(student) or one(self, student, a))
    assert main(course) == 0
    assert sorted(graded) == ["ann", "bob"]
    before = marks_of(tmp_path / "out")

    graded.clear()
    assert main(course) == 0
    assert graded == []
    assert marks_of(tmp_path / "out") == before

    path = tmp_path / "in" / "bob" / CHAPTER / f"{NOTEBOOK}.ipynb"
    path.write_text(json.dumps(Student().notebook))
    Student().hand_in(tmp_path / "in", "cem")
    assert main(course) == 0
    assert sorted(graded) == ["bob", "cem"]
    assert marks_of(tmp_path / "out")["bob", "attention"]["points"] == "2"

    graded.clear()
    assert main([*course, "--seed", "77"]) == 0  # other cases
    assert sorted(graded) == ["ann", "bob", "cem"]


def test_without_a_seed_one_is_drawn_and_kept(solutions, tmp_path) -> None:
    Student().hand_in(tmp_path / "in", "ann")
    first = Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None).seed
    assert Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None).seed == first
    assert Classroom(tmp_path / "in", solutions, tmp_path / "other", sandbox=None).seed != first


def test_killed_and_started_again_it_goes_on(sandbox, solutions, tmp_path) -> None:
    for number in range(4):
        Student().hand_in(tmp_path / "in", f"s{number}")
    out = tmp_path / "out"
    arguments = ["grade", str(tmp_path / "in"), "--solutions", str(solutions), "--out", str(out), "--jobs", "1"]
    process = subprocess.Popen([sys.executable, "-m", "minisft", *arguments], stderr=subprocess.DEVNULL)
    while not list(out.glob("results/*/*/*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in out.glob("results/*/*/*.json")}
    assert 0 < len(kept) < 4
    assert main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert sum(float(row["points"] or 0) for row in marks_of(out).values()) == 4 * 8


def test_a_failure_of_the_grader_is_no_mark_and_is_tried_again(sandbox, course, tmp_path, monkeypatch, capsys) -> None:
    run = classroom.run

    def fails(cells, *rest):
        if any(UNSCALED in cell.source for cell in cells):
            raise OSError("no space left")
        return run(cells, *rest)

    monkeypatch.setattr(classroom, "run", fails)
    assert main(course) == 2
    assert "1 notebooks could not be graded" in capsys.readouterr().err
    assert marks_of(tmp_path / "out")["bob", "softmax"] | {"seconds": ""} == {
        "student": "bob", "notebook": f"{CHAPTER}/{NOTEBOOK}", "exercise": "softmax", "points": "", "out_of": "2",
        "seconds": "", "status": "not graded",
    }  # fmt: skip
    assert marks_of(tmp_path / "out")["ann", "softmax"]["points"] == "2"
    assert "no space left" in (tmp_path / "out" / "teacher.html").read_text()
    monkeypatch.undo()
    assert main(course) == 0
    assert marks_of(tmp_path / "out")["bob", "softmax"]["points"] == "2"


def test_a_file_that_cannot_be_opened_costs_nobody_else_the_marks(course, tmp_path, monkeypatch) -> None:
    opened, bob = Path.read_bytes, tmp_path / "in" / "bob" / CHAPTER / f"{NOTEBOOK}.ipynb"

    def refused(path: Path) -> bytes:
        if path == bob:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert main([*course, "--no-sandbox"]) == 2
    marks = marks_of(tmp_path / "out")
    assert marks["ann", "softmax"]["status"] == "right"
    assert marks["bob", "softmax"]["status"] == "not graded"
    assert "Permission denied" in (tmp_path / "out" / "teacher.html").read_text()


def test_a_huge_file_is_not_read(solutions, tmp_path, monkeypatch) -> None:
    path = Student().hand_in(tmp_path / "in", "ann")
    os.truncate(path, 10**11)  # with nothing in it
    course = Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None)
    assert course.code  # read before reading is refused
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
    (result,), _ = course.grade(progress=False)
    assert {mark.status for mark in result.marks} == {"unreadable"}


def test_characters_that_no_file_can_hold_stop_no_page(solutions, tmp_path) -> None:
    half = "\ud800"  # of a pair; JSON can name it
    blank = {name: f"{signature(name)}\n    raise NotImplementedError" for name in NAMES[1:]}
    says_it = f"raise ValueError(chr(0xD800))\n{right('softmax')}"
    holds_it = f"{signature('softmax')}\n    return nonsense  # {half}"
    Student(blank | {"softmax": holds_it}).hand_in(tmp_path / "in", "ann")
    Student(blank | {"softmax": says_it}).hand_in(tmp_path / "in", "bob")
    options = ["--solutions", str(solutions), "--out", str(tmp_path / "out"), "--no-sandbox"]
    assert main(["grade", str(tmp_path / "in"), *options]) == 0
    ann, bob = ((tmp_path / "out" / "feedback" / f"{name}.html").read_text() for name in ("ann", "bob"))
    assert "return nonsense  # ?" in ann
    assert "raises ValueError: ?" in bob


def test_a_name_that_cannot_be_written_is_said_before_grading(solutions, tmp_path) -> None:
    Student().hand_in(tmp_path / "in", os.fsdecode(b"M\xfcller"))
    with pytest.raises(InputError, match=r"the folder b'M\\xfcller' is not UTF-8.*rename it"):
        Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None)


def test_on_windows_it_says_that_it_cannot(course, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)  # as if there were none
    assert main([*course, "--no-sandbox"]) == 2
    assert "on Windows, use WSL" in capsys.readouterr().err


def test_another_seed_draws_other_cases(solutions, tmp_path) -> None:
    Student().hand_in(tmp_path / "in", "ann")
    keys = [Classroom(tmp_path / "in", solutions, tmp_path / str(s), s, sandbox=None).keys for s in (1, 2)]
    lines = [key[("softmax", "softmax")].encoded({}) for key in keys]
    assert lines[0] != lines[1]


def test_nothing_of_the_answers_goes_to_the_worker(solutions, tmp_path) -> None:
    Student().hand_in(tmp_path / "in", "ann")
    course = Classroom(tmp_path / "in", solutions, tmp_path / "out", 1, sandbox=None)
    for key in course.keys.values():
        assert set(key.order) == {"function", "parameters", "gradients", "functions", "may_overwrite", "cases"}
    walls = Sandbox((course.submissions, course.solutions)).walls()
    ours = [argument for argument in walls if argument.endswith(".py")]
    assert {Path(path).name for path in ours} == {"contract.py", "calling.py", "plain.py", "wire.py", "worker.py"}


def test_without_a_sandbox_it_warns(solutions, tmp_path, capsys) -> None:
    blank = {name: f"{signature(name)}\n    raise NotImplementedError" for name in NAMES[1:]}
    Student(blank).hand_in(tmp_path / "in", "ann")
    options = ["--solutions", str(solutions), "--out", str(tmp_path / "out"), "--no-sandbox"]
    assert main(["grade", str(tmp_path / "in"), *options]) == 0
    assert "warning: no sandbox" in capsys.readouterr().err
    marks = marks_of(tmp_path / "out")
    assert [marks["ann", name]["status"] for name in NAMES] == ["right", "stub", "stub", "stub"]


def test_the_exchange_is_hidden_and_nothing_hidden_can_be_written_to(sandbox, tmp_path, monkeypatch) -> None:
    exchange = tmp_path / "nbgrader" / "exchange"
    hidden = tmp_path / "hidden"
    for folder in (exchange, hidden):
        folder.mkdir(parents=True)
        (folder / "solved.ipynb").touch()
    (tmp_path / "seen").touch()
    monkeypatch.setattr("minisft.grading.sandbox.SYSTEM", [*SYSTEM, str(tmp_path)])
    monkeypatch.setattr("minisft.grading.sandbox.NBGRADER", exchange.parent)
    walls = Sandbox((hidden, tmp_path / "gone")).walls()
    listed = subprocess.run([*walls, "ls", "-R", tmp_path], capture_output=True, text=True, check=True).stdout
    assert "seen" in listed
    assert "solved" not in listed
    for folder in (exchange.parent, hidden):
        written = subprocess.run([*walls, "touch", folder / "mine"], capture_output=True, text=True, check=False)
        assert "Read-only file system" in written.stderr


def test_where_bubblewrap_is_missing_it_says_so(course, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(course) == 2
    assert "bubblewrap is missing" in capsys.readouterr().err


def test_an_environment_may_be_a_link(sandbox, tmp_path, monkeypatch) -> None:
    link = tmp_path / ".venv"
    link.symlink_to(sys.prefix)
    monkeypatch.setattr(sys, "executable", str(link / Path(sys.executable).relative_to(sys.prefix)))
    monkeypatch.setattr(sys, "prefix", str(link))
    sandbox.probe()


def test_a_broken_worker_costs_nobody_marks(course, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("minisft.grading.running.WORKER", [sys.executable, "-c", "raise SystemExit('torch is gone')"])
    assert main([*course, "--no-sandbox"]) == 2
    assert "2 notebooks could not be graded" in capsys.readouterr().err
    assert "torch is gone" in (tmp_path / "out" / "teacher.html").read_text()
    assert not list((tmp_path / "out").glob("results/*/*/*.json"))


def test_marks_are_kept_only_as_long_as_all_that_decides_them_is_the_same(solutions, tmp_path, monkeypatch) -> None:
    Student().hand_in(tmp_path / "in", "ann")
    course = Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None)
    (assignment,) = course.assignments
    digests = {course.digest("ann", assignment)}
    digests.add(course.digest("ann", replace(assignment, exercises=assignment.exercises[:1])))
    for name, value in (("limits", Limits(cell=1.0)), ("sandbox", Sandbox()), ("seed", course.seed + 1)):
        with monkeypatch.context() as patch:
            patch.setattr(course, name, value)
            digests.add(course.digest("ann", assignment))
    package = tmp_path / "package"
    monkeypatch.setattr(classroom, "PACKAGE", package)
    for room in ("", "checks/contracts", "ops", "objectives", "grading"):  # a mended contract, another way to grade
        (package / room).mkdir(parents=True, exist_ok=True)
        (package / room / "file.py").write_text("x = 1\n" if room else "")
        course.__dict__.pop("code", None)
        digests.add(course.digest("ann", assignment))
    assert len(digests) == 10


def test_two_workers_are_never_the_same_user(monkeypatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("minisft.grading.sandbox.is_mapped", lambda user: True)
    users = [Sandbox().user() for _ in range(len(MOMENTARY_USERS))]
    assert sorted(users) == list(MOMENTARY_USERS)


@pytest.mark.parametrize(
    ("given", "quota", "count"),
    [({0, 3}, "max 100000", 2), ({0, 1, 2, 3}, "150000 100000", 1), ({0, 1}, "50000 100000", 1), ({0, 1, 2}, None, 3)],
)
def test_as_many_notebooks_at_a_time_as_there_are_cores_for_us(monkeypatch, given, quota, count) -> None:
    def read(path: Path, encoding: str) -> str:
        if quota is None:
            raise FileNotFoundError
        return f"{quota}\n"

    monkeypatch.setattr("os.sched_getaffinity", lambda process: given, raising=False)
    monkeypatch.setattr(Path, "read_text", read)
    assert cores() == count


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"submissions": "nowhere"}, "there is no folder"),
        ({"submissions": "solutions"}, "nobody in"),
        ({"solutions": "in"}, "nobody in"),
        ({"out": "in/marks"}, "in, among the students; choose another --out"),
        ({"seed": -5}, "seed is -5; expected 0 or more"),
    ],
)
def test_bad_input_gets_one_line(solutions, tmp_path, change, message) -> None:
    Student().hand_in(tmp_path / "in", "ann")
    places = {"submissions": "in", "solutions": "solutions", "out": "out"} | change
    folders = {name: tmp_path / value if isinstance(value, str) else value for name, value in places.items()}
    with pytest.raises(InputError, match=message):
        Classroom(**folders, sandbox=None)


def test_a_teachers_mistake_is_named(solutions, tmp_path) -> None:
    Student().hand_in(tmp_path / "in", "ann")
    path = solutions / CHAPTER / f"{NOTEBOOK}.ipynb"
    text = path.read_text()
    for old, new, message in [
        ('check(\\"softmax\\", softmax)', "assert True", "must call check"),
        ('check(\\"softmax\\", softmax)', 'check(\\"softmux\\", softmax)', "no contract of that name"),
        ('"grade_id": "softmax"', '"grade_id": "other"', "no solution cell"),
    ]:
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(InputError, match=message):
            Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None)
