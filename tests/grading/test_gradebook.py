"""Marks in nbgrader's gradebook; what a person gave stays; late is late."""

import json
import os
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import nh3
import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbgrader.api import Gradebook
from small_course import CHAPTER, NAMES, NOTEBOOK, QUESTION, Student, signature, teachers_notebook, write_solutions

from minisft.cli import main
from minisft.grading.copies import sanitised

ARGUMENTS = ["grade", "in", "--out", "out", "--gradebook", "gradebook.db", "--seed", "3", "--jobs", "2"]


@pytest.fixture(scope="module")
def classroom(sandbox, tmp_path_factory) -> Path:
    """A folder where ann, bob and cem, who handed in nothing, have been graded once."""
    folder = tmp_path_factory.mktemp("classroom")
    write_solutions(folder / "solutions")
    Student().hand_in(folder / "in", "ann")
    bob = Student({"softmax": f"{signature('softmax')}\n    return scores"})
    bob.cell("question").source = "*Your answer.*"
    path = bob.hand_in(folder / "in", "bob")
    (path.parent / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    (folder / "in" / "cem").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
            gradebook.add_assignment(CHAPTER, duedate="2026-03-02 10:00:00 UTC")
        patch.chdir(folder)
        assert main(ARGUMENTS) == 0
    return folder


@pytest.fixture
def graded(classroom, tmp_path, monkeypatch):
    """A copy of that folder to work in; call it to grade again, which runs the notebooks that have changed."""
    shutil.copytree(classroom, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def again() -> Gradebook:
        assert main(ARGUMENTS) == 0
        return Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}")

    return again


def test_marks_are_there_and_questions_wait(graded) -> None:
    with graded() as gradebook:
        scores = {n: gradebook.find_grade(f"check-{n}", NOTEBOOK, CHAPTER, "ann").auto_score for n in NAMES}
        assert scores == dict.fromkeys(NAMES, 2.0)
        assert gradebook.find_grade("check-softmax", NOTEBOOK, CHAPTER, "bob").auto_score == 0
        ann = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, "ann")
        assert (ann.auto_score, ann.needs_manual_grade, ann.max_score) == (None, True, 3)
        for name in ("bob", "cem"):  # no answer needs no person
            grade = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, name)
            assert (grade.auto_score, grade.needs_manual_grade) == (0, False)
        assert gradebook.find_submission(CHAPTER, "ann").score == 8
        assert gradebook.find_submission(CHAPTER, "cem").score == 0
        assert gradebook.find_submission(CHAPTER, "bob").total_seconds_late == 7200


def test_an_answer_in_a_cell_below_waits_too(graded, tmp_path) -> None:
    student = Student()
    student.cell("question").source = "*Your answer.*"
    student.notebook.cells.append(nbformat.v4.new_markdown_cell("It saturates."))
    (tmp_path / "in" / "bob" / CHAPTER / f"{NOTEBOOK}.ipynb").write_text(json.dumps(student.notebook))
    with graded() as gradebook:
        grade = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, "bob")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)


def test_what_a_person_gave_stays_until_the_answer_changes(graded, tmp_path) -> None:
    with graded() as gradebook:
        grade = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, "ann")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    with graded() as gradebook:
        grade = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, "ann")
        assert (grade.score, grade.needs_manual_grade) == (2.5, False)
        assert gradebook.find_submission(CHAPTER, "ann").score == 10.5
    student = Student()
    student.cell("question").source = "On second thoughts."
    (tmp_path / "in" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").write_text(json.dumps(student.notebook))
    for _ in range(2):  # the second time nothing has changed, and nobody has looked
        with graded() as gradebook:
            grade = gradebook.find_grade(QUESTION, NOTEBOOK, CHAPTER, "ann")
            assert (grade.manual_score, grade.needs_manual_grade) == (2.5, True)


def test_a_mark_by_hand_that_a_later_one_beats_is_named(graded, tmp_path, capsys) -> None:
    with graded() as gradebook:
        grade = gradebook.find_grade("check-softmax", NOTEBOOK, CHAPTER, "bob")
        grade.manual_score, grade.needs_manual_grade = 1.0, False
        gradebook.db.commit()
    capsys.readouterr()
    graded().close()
    assert "you gave" not in capsys.readouterr().out, "of what has not changed"
    (tmp_path / "in" / "bob" / CHAPTER / f"{NOTEBOOK}.ipynb").write_text(json.dumps(Student().notebook))
    for _ in range(2):  # the second time nothing has changed, and nobody has looked
        with graded() as gradebook:
            grade = gradebook.find_grade("check-softmax", NOTEBOOK, CHAPTER, "bob")
            assert (grade.score, grade.auto_score, grade.needs_manual_grade) == (1.0, 2.0, True)
        said = (
            f"note          bob {CHAPTER}/{NOTEBOOK}/softmax: you gave 1, the check now gives 2: look again in Manual "
        )
        assert said in capsys.readouterr().out


def test_a_mark_by_hand_is_named_where_the_check_itself_has_changed(graded, capsys) -> None:
    with graded() as gradebook:
        grade = gradebook.find_grade("check-softmax", NOTEBOOK, CHAPTER, "ann")
        grade.auto_score, grade.manual_score, grade.needs_manual_grade = 0.0, 1.5, False  # of a check before today's
        gradebook.db.commit()
    graded().close()
    assert "softmax: you gave 1.5, the check now gives 2: look again" in capsys.readouterr().out


def test_what_a_person_gave_is_on_the_pages(graded, tmp_path) -> None:
    with graded() as gradebook:
        for student, cell, points in (("ann", QUESTION, 2.5), ("bob", "check-softmax", 1.0)):
            grade = gradebook.find_grade(cell, NOTEBOOK, CHAPTER, student)
            grade.manual_score, grade.needs_manual_grade = points, False
            comment = gradebook.find_comment(cell.removeprefix("check-"), NOTEBOOK, CHAPTER, student)
            comment.manual_comment = f"{points} <b>for you</b>"
        gradebook.db.commit()
    graded().close()
    ann, bob = (" ".join((tmp_path / "out/feedback" / f"{name}.html").read_text().split()) for name in ("ann", "bob"))
    assert "10.5 of 11 points.</p>" in ann
    assert "2.5 of 3</td> <td>Marked by a person. <br>Comment: 2.5 &lt;b&gt;for you&lt;/b&gt;" in ann
    assert "7 of 11 points.</p>" in bob
    assert "<br>These points were given by a person. <br>Comment: 1.0 &lt;b&gt;for you" in bob
    assert "0 of 3</td> <td>Not answered." in bob
    assert f"bob,{CHAPTER}/{NOTEBOOK},softmax,1,2," in (tmp_path / "out" / "marks.csv").read_text()


def test_lateness_costs_what_the_teacher_has_set(graded, tmp_path) -> None:
    with graded() as gradebook:
        assert gradebook.find_submission(CHAPTER, "bob").late_submission_penalty == 0
    (tmp_path / "nbgrader_config.py").write_text("get_config().LateSubmissionPlugin.penalty_method = 'zero'\n")
    with graded() as gradebook:
        assert gradebook.find_submission(CHAPTER, "bob").late_submission_penalty == 6
        assert gradebook.find_submission(CHAPTER, "ann").late_submission_penalty == 0


def test_the_copy_that_a_person_marks_is_safe_to_open(graded, tmp_path) -> None:
    script = "a < b, $x_1$ and <script>alert(1)</script><img src=x onerror=alert(2)>[me](javascript:alert(3)) *mine*"
    student = Student()
    student.cell("question").source = script
    student.notebook.cells.append(nbformat.v4.new_markdown_cell(script))
    (tmp_path / "in" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").write_text(json.dumps(student.notebook))
    graded().close()
    copy = nbformat.read(tmp_path / "out" / "autograded" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb", as_version=4)
    outputs = {cell.id: cell.outputs for cell in copy.cells if cell.cell_type == "code" and cell.outputs}
    assert outputs == {
        f"check-{name}": [{"output_type": "stream", "name": "stdout", "text": "Right."}] for name in NAMES
    }
    shown = "".join(markdown2html_mistune(cell.source) for cell in copy.cells if cell.cell_type == "markdown")
    assert "<em>mine</em>" in shown
    assert "a &lt; b, $x_1$" in shown
    assert_nothing_runs(shown)
    for word in ("<script", "onerror", "javascript:"):
        assert word not in shown


class Attributes(HTMLParser):
    """All attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [(name, value or "") for name, value in attributes]


def assert_nothing_runs(page: str) -> None:
    """A browser would run no attribute of the page, and follow no link into a script."""
    found = Attributes(page).found
    assert not [name for name, _ in found if name.startswith("on")]
    assert not [value for _, value in found if "javascript:" in value]


AGAIN = [  # harmless as HTML; and then nbgrader's pages read that as Markdown
    '<a title="&#10;&#10;[x](/onmouseover=alert(1)//)&#10;&#10;">move here</a>',
    '<a title="&#10;&#10;![x](/onmouseover=alert(1)//)&#10;&#10;">move here</a>',
    "a&#10;&#10;\\[click me\\](javascript:alert(1))",
    "```text\na\n\n[click me](javascript:alert(1))\n```",
]


@pytest.mark.parametrize("answer", AGAIN)
def test_what_is_rendered_twice_is_safe_to_open(answer) -> None:
    assert_nothing_runs(markdown2html_mistune(sanitised(answer)))


def test_that_test_sees_a_script() -> None:
    for answer in AGAIN[2:]:
        with pytest.raises(AssertionError):
            assert_nothing_runs(markdown2html_mistune(nh3.clean(markdown2html_mistune(answer))))


def test_one_answer_stops_nobody_elses_marks(graded, tmp_path) -> None:
    student = Student()
    student.cell("question").source = "![image.png](attachment:image.png)"
    (tmp_path / "in" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").write_text(json.dumps(student.notebook))
    with graded() as gradebook:
        assert gradebook.find_submission(CHAPTER, "ann").score == 8
        assert gradebook.find_submission(CHAPTER, "bob").score == 6


def test_the_next_notebook_of_a_chapter(graded, tmp_path) -> None:
    """It comes a week later, and the gradebook has the submission already."""
    second = teachers_notebook()
    for folder in (tmp_path / "solutions", tmp_path / "in" / "ann"):
        (folder / CHAPTER / "9_2_second.ipynb").write_text(json.dumps(second))
    with graded() as gradebook:
        assert gradebook.find_grade("check-softmax", "9_2_second", CHAPTER, "ann").auto_score == 2
        assert gradebook.find_submission(CHAPTER, "ann").score == 16
        assert gradebook.find_submission(CHAPTER, "bob").score == 6


def test_what_is_no_gradebook_is_said_before_anything_is_graded(graded, tmp_path, capsys) -> None:
    (tmp_path / "text.db").write_text("marks" * 1000)
    (tmp_path / "folder.db").mkdir()
    for name in ("text.db", "folder.db"):
        assert main([*ARGUMENTS[:4], "--gradebook", name, "--out", "elsewhere"]) == 2
        assert f"error: {name} is no gradebook of nbgrader (" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()


def test_the_copy_says_what_came_of_each_exercise(graded, tmp_path) -> None:
    graded().close()
    copies = tmp_path / "out" / "autograded"
    copy = nbformat.read(copies / "bob" / CHAPTER / f"{NOTEBOOK}.ipynb", as_version=4)
    said = {cell.id: cell.outputs[0].text for cell in copy.cells if cell.id.startswith("check-")}
    assert said["check-softmax"].startswith("Not right. ")
    assert said["check-attention"] == "Right."
    assert not (copies / "cem").exists(), "nbgrader would show it as handed in"


def test_what_was_withdrawn_is_no_longer_shown(graded, tmp_path) -> None:
    graded().close()
    (tmp_path / "in" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").unlink()
    with graded() as gradebook:
        assert gradebook.find_submission(CHAPTER, "ann").score == 0
    assert not (tmp_path / "out" / "autograded" / "ann" / CHAPTER / f"{NOTEBOOK}.ipynb").exists()


def test_what_nbgrader_needs_to_return_it_is_there_for_everybody(graded, tmp_path) -> None:
    handed_in = tmp_path / "in" / "bob" / CHAPTER
    (handed_in / "submission_secret.txt").write_text("bob's secret")
    (tmp_path / "in" / "ann" / CHAPTER / "submission_secret.txt").symlink_to(handed_in / "submission_secret.txt")
    graded().close()
    copies = tmp_path / "out" / "autograded"
    ann, bob = ((copies / name / CHAPTER / "submission_secret.txt").read_text() for name in ("ann", "bob"))
    assert bob == "bob's secret"
    assert len(ann) == 64, "a link is no secret of one's own"
    assert (copies / "bob" / CHAPTER / "timestamp.txt").read_text() == "2026-03-02 12:00:00 UTC"
    assert (copies / "ann" / CHAPTER / "timestamp.txt").read_text() == ""
    graded().close()
    assert (copies / "ann" / CHAPTER / "submission_secret.txt").read_text() == ann


def test_a_gradebook_that_is_not_there_is_made(graded, tmp_path) -> None:
    (tmp_path / "gradebook.db").unlink()
    with graded() as gradebook:
        assert gradebook.find_submission(CHAPTER, "ann").score == 8
        assert gradebook.find_submission(CHAPTER, "bob").total_seconds_late == 0


def test_a_time_that_is_none_is_said(graded, tmp_path, capsys) -> None:
    (tmp_path / "in" / "bob" / CHAPTER / "timestamp.txt").write_text("noon, I think")
    graded().close()
    assert "holds no time" in capsys.readouterr().out
    assert (tmp_path / "out" / "autograded" / "bob" / CHAPTER / "timestamp.txt").read_text() == ""
