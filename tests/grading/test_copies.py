"""What a person who marks is shown: the answers, wherever they were written, and all that may have earned the marks."""

import json
from collections.abc import Callable

import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from small_course import ANSWER, NAMES, QUESTION, Student, right

from minisft.grading.classroom import Classroom, Result
from minisft.grading.copies import ADDED, LONGEST, LONGEST_ANSWER, MOST, copy_of, sanitised
from minisft.grading.marking import none_of

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BORROWED = (
    "import torch.nn.functional as F\n\n\ndef layer_norm(x, w, b, eps):\n    return F.layer_norm(x, x.shape[-1:], w, b)"
)


@pytest.fixture
def shown(solutions, tmp_path) -> Callable[[Student], tuple[NotebookNode, set[str]]]:
    """The copy of what a student hands in, and the questions without an answer."""

    def copy(student: Student) -> tuple[NotebookNode, set[str]]:
        student.hand_in(tmp_path / "in", "ann")
        course = Classroom(tmp_path / "in", solutions, tmp_path / "out", sandbox=None)
        (assignment,) = course.assignments
        return copy_of(
            course, assignment, Result("ann", assignment.name, tuple(none_of(assignment.exercises, "wrong", "")))
        )

    return copy


def unanswered() -> Student:
    """One with all functions and without an answer to the question."""
    student = Student()
    student.cell("question").source = "*Your answer.*"
    return student


def below(student: Student, *cells: NotebookNode) -> Student:
    """The student, with these cells at the end."""
    student.notebook.cells += cells
    return student


def own(copy: NotebookNode) -> list[NotebookNode]:
    """The cells at the end that are not in the assignment, the heading first."""
    return [cell for cell in copy.cells if cell.id.startswith("own-")]


def strip_metadata(notebook: NotebookNode) -> None:
    """As some editors do."""
    for cell in notebook.cells:
        cell.metadata.clear()


def test_who_adds_nothing_is_shown_nothing_more(shown) -> None:
    copy, left = shown(Student())
    assert own(copy) == []
    assert left == set()
    assert ADDED not in json.dumps(copy)


@pytest.mark.parametrize(
    ("student", "waits"),
    [
        (unanswered(), False),
        (below(unanswered(), new_code_cell("x = 1")), False),
        (below(unanswered(), new_markdown_cell(" \n ")), False),
        (unanswered().changed(strip_metadata), False),
        (below(unanswered(), new_markdown_cell(ANSWER)), True),
        (below(unanswered(), new_raw_cell(ANSWER)), True),
        (Student().changed(strip_metadata), True),
    ],
    ids=["nothing", "code", "blank", "nothing, without metadata", "below", "raw", "without metadata"],
)  # fmt: skip
def test_an_answer_in_another_cell_waits_for_a_person_who_sees_it(shown, student: Student, waits: bool) -> None:
    copy, left = shown(student)
    assert left == (set() if waits else {QUESTION})
    assert waits == any("saturates" in cell.source for cell in own(copy) if cell.cell_type == "markdown")


def test_whatever_may_have_earned_the_marks_is_shown(shown) -> None:
    twice = new_code_cell(right("softmax"), metadata=Student().cell("solution-softmax").metadata)
    copy, _ = shown(below(Student({"softmax": "x = 1"}), twice, new_code_cell(BORROWED), new_markdown_cell(SCRIPT)))
    heading, *cells, text = own(copy)
    assert heading.source == f"## {ADDED}"
    assert [cell.source for cell in cells] == [right("softmax"), BORROWED]
    assert [cell.outputs for cell in cells] == [[], []]
    page = markdown2html_mistune(text.source)
    assert "<script" not in page
    assert "onerror" not in page


def test_without_metadata_the_functions_are_shown(shown) -> None:
    copy, _ = shown(Student().changed(strip_metadata))
    assert {right(name) for name in NAMES} <= {cell.source for cell in own(copy)}


def test_a_check_that_was_changed_is_no_cell_of_ones_own(shown) -> None:
    student = Student()
    student.cell("check-softmax").source += "  # at last"
    copy, _ = shown(student)  # it is not run while marks are given
    assert own(copy) == []


def test_a_huge_notebook_makes_no_huge_page(shown) -> None:
    cells = [new_markdown_cell(f"{number} {SCRIPT}") for number in range(MOST)]
    copy, _ = shown(below(Student({"softmax": "x" * 10**6}), *cells, *[new_code_cell("y" * LONGEST)] * 3))
    assert len(own(copy)) == 1 + MOST
    assert "(3 are too long for this page: open what was handed in)" in own(copy)[0].source
    answer = next(cell.source for cell in copy.cells if cell.source.startswith("xxx"))
    assert len(answer) < LONGEST_ANSWER + 100
    assert "(cut here, after 20000 characters)" in answer


def test_the_lines_of_another_system_are_no_cells_of_ones_own(shown) -> None:
    def change(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            cell.source = cell.source.replace("\n", "\r\n")

    copy, _ = shown(Student().changed(change))
    assert own(copy) == []


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        ("See ![image.png](attachment:image.png) & <b>", "See ![image.png](attachment:image.png) &amp; &lt;b&gt;"),
        ("# " + "<b>" * 1500 + "x" + "</b>" * 1500, "x"),
        ("\\begin{a}" * 10**6, "(cut here, after 20000 characters)"),
        ("one\n\ntwo", "<p>one</p>&#10;<p>two</p>"),
        ("```\none\n\ntwo\n```", "one&#10;&#10;two"),
    ],
    ids=["pasted", "deep", "long", "paragraphs", "code"],
)
def test_whatever_is_answered_can_be_shown(answer, page) -> None:
    assert page in sanitised(answer)
    assert page in markdown2html_mistune(sanitised(answer))
