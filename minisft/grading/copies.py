"""What nbgrader shows to a person who marks, and returns to a student: the notebook, with verdicts, safe to open."""

import html
import os
import re
import secrets
import textwrap
from itertools import accumulate
from pathlib import Path

import nbformat
import nh3
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbgrader.utils import is_grade, is_solution, parse_utc

from minisft.grading.classroom import Assignment, Classroom, Result, write
from minisft.grading.generate import student_version
from minisft.grading.notebooks import UnreadableError, is_check, nbgrader, source_of
from minisft.grading.pages import in_words

TIME, SECRET = "timestamp.txt", "submission_secret.txt"  # what `nbgrader submit` writes beside the notebooks
LONGEST_ANSWER = 20_000  # characters: the time to render some grows with the square
MOST, LONGEST = 100, 100_000  # cells of a student's own that are shown, and their characters together
ADDED = "Cells that are not in the assignment"
WIDTH = 100  # characters of a verdict's line


def handed_in_at(course: Classroom, student: str, chapter: str) -> tuple[str, str]:
    """When a chapter was handed in, if that is known, and what is odd about it, if anything."""
    path = course.submissions / student / chapter / TIME
    said = beside(path)
    try:
        parse_utc(said)
    except (ValueError, OverflowError):
        return "", f"{path} holds no time: whether it was late is not known" if said else ""
    return said, ""


def beside(path: Path) -> str:
    """The text of a small file that nbgrader has written beside a notebook, or nothing where a student changed it."""
    try:
        if path.parent.is_symlink() or path.is_symlink() or not path.is_file() or path.stat().st_size > 1000:
            return ""
        return path.read_bytes().decode("utf-8", errors="replace").strip()
    except OSError:  # no right to read it
        return ""


def prepare_to_return(course: Classroom, student: str, chapter: str) -> None:
    """Put beside the copies what `nbgrader release_feedback` needs to return them.

    It needs both files of everybody: where one is missing it stops, for all who come after. Who handed in without
    nbgrader has no secret, so such pages are written under one that nobody knows.
    """
    folder = course.out / "autograded" / student / chapter
    if folder.is_dir():
        write(folder / TIME, handed_in_at(course, student, chapter)[0])
        secret = beside(course.submissions / student / chapter / SECRET)
        write(folder / SECRET, secret or beside(folder / SECRET) or secrets.token_hex(32))


def write_copy(course: Classroom, assignment: Assignment, result: Result) -> tuple[bool, set[str]]:
    """Write the copy of what a student handed in.

    Returns whether there were other answers in it before, and the questions that are not answered.
    """
    chapter, name = assignment.name.split("/")
    path = course.out / "autograded" / result.student / chapter / f"{name}.ipynb"
    copy, unanswered = copy_of(course, assignment, result)
    changed = not path.exists() or sources(nbformat.read(path, as_version=4)) != sources(copy)
    if os.path.lexists(course.handed_in(result.student, assignment)):
        write(path, nbformat.writes(copy, version=4) + "\n")
    else:
        path.unlink(missing_ok=True)  # of an earlier time
    return changed, unanswered


def sources(notebook: nbformat.NotebookNode) -> list[str]:
    """The text of each cell."""
    return [cell.source for cell in notebook.cells]


def copy_of(course: Classroom, assignment: Assignment, result: Result) -> tuple[nbformat.NotebookNode, set[str]]:
    """The student version with this student's answers and our verdicts in it; and the questions without an answer.

    Only sources come from the student. Markdown is rendered and sanitised: nbgrader's pages would run what is in it.
    """
    notebook = nbformat.reads(student_version(assignment.path), as_version=4)
    try:
        cells = course.notebook(result.student, assignment)["cells"]
    except (UnreadableError, OSError):
        cells = []
    answers = {str(nbgrader(cell).get("grade_id")): cell for cell in reversed(cells)}
    own = own_cells(cells, notebook.cells, answers)
    verdicts = {e.grade_id: in_words(mark) for e, mark in zip(assignment.exercises, result.marks, strict=True)}
    unanswered = set()
    for cell in notebook.cells:
        if not is_solution(cell):
            if is_grade(cell):
                text = textwrap.fill(verdicts[cell.metadata.nbgrader.grade_id], WIDTH)
                cell.outputs = [nbformat.v4.new_output("stream", text=text)]
            continue
        grade_id = cell.metadata.nbgrader.grade_id
        answer = source_of(answers[grade_id]) if grade_id in answers else cell.source
        # Prose of their own may be the answer, in the cell below or in one that has lost its metadata.
        if is_grade(cell) and answer.strip() in ("", cell.source.strip()) and all(map(is_code, own)):
            unanswered.add(grade_id)
        cell.source = shortened(answer) if cell.cell_type == "code" else sanitised(answer)
    notebook.cells += shown(own)
    return notebook, unanswered


def own_cells(cells: list[dict], handed_out: list[dict], answers: dict[str, dict]) -> list[dict]:
    """The cells that the student version is without, but for those that stand in it as answers, and changed checks."""
    asked = {words(cell) for cell in handed_out}
    places = {nbgrader(cell).get("grade_id") for cell in handed_out if is_solution(cell)}
    taken = {id(cell) for grade_id, cell in answers.items() if grade_id in places}
    return [
        cell
        for cell in cells
        if id(cell) not in taken and not is_check(nbgrader(cell)) and words(cell) and words(cell) not in asked
    ]


def words(cell: dict) -> str:
    """The text of a cell, however its lines end."""
    return " ".join(source_of(cell).split())


def is_code(cell: dict) -> bool:
    """Whether a cell is code; what is neither that nor Markdown is read as Markdown."""
    return cell.get("cell_type") == "code"


def shown(own: list[dict]) -> list[nbformat.NotebookNode]:
    """A student's own cells under a heading, as many as a page bears: they may be what earned the marks."""
    ends = accumulate(len(source_of(cell)) for cell in own)
    some = [cell for number, (cell, end) in enumerate(zip(own, ends, strict=True)) if number < MOST and end <= LONGEST]
    left = f" ({len(own) - len(some)} are too long for this page: open what was handed in)" if some != own else ""
    code, prose = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    made = [prose(f"## {ADDED}{left}")] if own else []
    made += [code(source_of(cell)) if is_code(cell) else prose(sanitised(source_of(cell))) for cell in some]
    for number, cell in enumerate(made):
        cell.id = f"own-{number}"
    return made


def shortened(text: str) -> str:
    """A text that can be shown: what is too long ends early, and says so."""
    if len(text) <= LONGEST_ANSWER:
        return text
    return f"{text[:LONGEST_ANSWER]}\n\n(cut here, after {LONGEST_ANSWER} characters)"


def sanitised(markdown: str) -> str:
    """Markdown as HTML without anything that a browser would run; what cannot be rendered as plain text."""
    markdown = shortened(markdown)
    try:
        page = nh3.clean(markdown2html_mistune(markdown))
    except Exception:  # a picture that was pasted and is not in the cell, headings nested too deeply
        page = f"<pre>{html.escape(markdown)}</pre>"
    # On one line: nbgrader's pages read it as Markdown once more, where HTML ends at a blank line.
    return "<div>" + re.sub(r"[\r\n]", "&#10;", page) + "</div>"
