"""Marks into nbgrader's gradebook, so that hand-marked questions, late penalties and exports stay nbgrader's."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import nh3
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Gradebook
from nbgrader.utils import is_grade, is_solution, parse_utc
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from minisft.errors import InputError
from minisft.grading.classroom import NOT_GRADED, Assignment, Classroom, Result, write
from minisft.grading.generate import CONFIG, STEPS, student_version
from minisft.grading.marking import Mark
from minisft.grading.notebooks import UnreadableError, nbgrader, source_of

# nbgrader's steps up to where it enters the cells of a notebook.
ENTER = [*STEPS[: STEPS.index(preprocessors.ComputeChecksums) + 1], preprocessors.SaveCells]
SETTINGS = "nbgrader_config.py"  # in the current folder: the teacher's, for example how a penalty is reckoned


def record(file: Path, course: Classroom, results: Sequence[Result]) -> list[str]:
    """Enter all marks, and write for each notebook the copy that a person marks. Returns what a teacher should know.

    Raises InputError where the gradebook knows another version of a notebook, and has marks for it.
    """
    if not file.resolve().parent.is_dir():
        raise InputError(f"there is no folder for the gradebook {file}; make it, or name another file")
    url = f"sqlite:///{file.resolve()}"
    scripts = str(Path(sys.executable).parent)
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"  # nbgrader starts alembic by its name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own use of its database
        return enter(url, course, results)


def enter(url: str, course: Classroom, results: Sequence[Result]) -> list[str]:
    """Notebooks, students, marks, penalties."""
    assignments = {assignment.name: assignment for assignment in course.assignments}
    for assignment in assignments.values():
        enter_notebook(url, assignment)
    notes = list(enter_submissions(url, course))
    settings = teachers_settings()
    for result in results:
        assignment = assignments[result.assignment]
        with Gradebook(url) as gradebook:
            enter_marks(gradebook, course, assignment, result)
        penalise(url, assignment, result.student, settings)
    return notes


def enter_notebook(url: str, assignment: Assignment) -> None:
    """The notebook and its cells, by nbgrader's own steps."""
    chapter, name = assignment.path.parent.name, assignment.path.stem
    with Gradebook(url) as gradebook:
        gradebook.update_or_create_assignment(chapter)
    notebook = nbformat.read(assignment.path, as_version=4)
    resources = {"nbgrader": {"notebook": name, "assignment": chapter, "db_url": url}}
    try:
        for step in ENTER:
            notebook, resources = step(config=CONFIG).preprocess(notebook, resources)
    except RuntimeError as error:
        raise InputError(f"{assignment.path} does not fit the gradebook: {error}") from error


def enter_submissions(url: str, course: Classroom) -> Iterator[str]:
    """Who handed in, and when; yields what is odd."""
    chapters = sorted({assignment.path.parent.name for assignment in course.assignments})
    with Gradebook(url) as gradebook:
        for student in course.students:
            gradebook.update_or_create_student(student)
            for chapter in chapters:
                when = {}
                path = course.submissions / student / chapter / "timestamp.txt"
                if path.is_file() and not path.is_symlink():
                    try:
                        when["timestamp"] = parse_utc(path.read_text(encoding="utf-8").strip())
                    except ValueError:
                        yield f"{path} holds no time: whether it was late is not known"
                gradebook.update_or_create_submission(chapter, student, **when)


def enter_marks(gradebook: Gradebook, course: Classroom, assignment: Assignment, result: Result) -> None:
    """The marks of one notebook. What a person gave stays; where the answer changed, it is to be looked at again."""
    chapter, name, student = assignment.path.parent.name, assignment.path.stem, result.student
    copy, untouched = copy_to_mark(course, assignment, student)
    path = course.out / "autograded" / student / chapter / f"{name}.ipynb"
    changed = not path.exists() or path.read_text(encoding="utf-8") != copy
    write(path, copy)
    cells = {exercise.name: exercise.grade_id for exercise in assignment.exercises}
    for mark in result.marks:
        grade = gradebook.find_grade(cells[mark.exercise], name, chapter, student)
        grade.auto_score = score(mark, untouched)
        by_person = grade.manual_score is not None
        grade.needs_manual_grade = changed if by_person else grade.auto_score is None
    gradebook.db.commit()


def score(mark: Mark, untouched: set[str]) -> float | None:
    """Points that need no person: the marks, and none for a question that was not answered."""
    if mark.points is None and mark.status != NOT_GRADED and mark.exercise in untouched:
        return 0.0
    return mark.points


def copy_to_mark(course: Classroom, assignment: Assignment, student: str) -> tuple[str, set[str]]:
    """The student version with this student's answers in it, safe to open; and the questions that have none.

    Only sources come from the student. Markdown is rendered and sanitised: nbgrader's pages would run what is in it.
    """
    notebook = nbformat.reads(student_version(assignment.path), as_version=4)
    try:
        cells = course.notebook(student, assignment)["cells"]
    except UnreadableError:
        cells = []
    answers = {str(nbgrader(cell).get("grade_id")): source_of(cell) for cell in reversed(cells)}
    untouched = set()
    for cell in notebook.cells:
        if not is_solution(cell):
            continue
        grade_id = cell.metadata.nbgrader.grade_id
        answer = answers.get(grade_id, cell.source)
        if is_grade(cell) and answer.strip() in ("", cell.source.strip()):
            untouched.add(grade_id)
        cell.source = answer if cell.cell_type == "code" else sanitised(answer)
    return nbformat.writes(notebook, version=4) + "\n", untouched


def sanitised(markdown: str) -> str:
    """Markdown as HTML without anything that a browser would run."""
    return nh3.clean(markdown2html_mistune(markdown))


def teachers_settings() -> Config:
    """What the teacher has set for nbgrader."""
    return PyFileConfigLoader(SETTINGS, path=".").load_config() if Path(SETTINGS).exists() else Config()


def penalise(url: str, assignment: Assignment, student: str, settings: Config) -> None:
    """Have nbgrader reckon the penalty for lateness."""
    which = {"notebook": assignment.path.stem, "assignment": assignment.path.parent.name, "student": student}
    step = preprocessors.AssignLatePenalties(config=settings)
    step.preprocess(NotebookNode(cells=[]), {"nbgrader": which | {"db_url": url}})
