"""Marks into nbgrader's gradebook, so that hand-marked questions, late penalties and exports stay nbgrader's."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from minisft.errors import InputError
from minisft.grading.classroom import NOT_GRADED, Assignment, Classroom, Result
from minisft.grading.copies import handed_in_at, prepare_to_return, write_copy
from minisft.grading.generate import CONFIG, STEPS
from minisft.grading.marking import Mark

# nbgrader's steps up to where it enters the cells of a notebook.
ENTER = [*STEPS[: STEPS.index(preprocessors.ComputeChecksums) + 1], preprocessors.SaveCells]
SETTINGS = "nbgrader_config.py"  # in the current folder: the teacher's, for example how a penalty is reckoned


def record(file: Path, course: Classroom, results: Sequence[Result]) -> tuple[list[str], list[Result]]:
    """Enter all marks, and write for each notebook the copy that a person marks.

    Returns what a teacher should know, and the results with what a person has given and said.

    Raises InputError where the gradebook knows another version of a notebook, and has marks for it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own use of its database
        return enter(url_of(file), course, results)


def require(file: Path) -> None:
    """Raise InputError where there can be no gradebook, or what is there is none."""
    if not file.resolve().parent.is_dir():
        raise InputError(f"there is no folder for the gradebook {file}; make it, or name another file")
    scripts = str(Path(sys.executable).parent)
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"  # nbgrader starts alembic by its name
    if file.exists():
        try:
            Gradebook(url_of(file)).close()
        except SQLAlchemyError as error:
            raise InputError(f"{file} is no gradebook of nbgrader ({error.args[0]}); name another file") from error


def url_of(file: Path) -> str:
    """A gradebook as nbgrader names it."""
    return f"sqlite:///{file.resolve()}"


def enter(url: str, course: Classroom, results: Sequence[Result]) -> tuple[list[str], list[Result]]:
    """Notebooks, students, marks, penalties."""
    assignments = {assignment.name: assignment for assignment in course.assignments}
    for assignment in assignments.values():
        enter_notebook(url, assignment)
    notes = list(enter_submissions(url, course))
    settings, given = teachers_settings(), []
    for result in results:
        assignment = assignments[result.assignment]
        with Gradebook(url) as gradebook:
            notes += enter_marks(gradebook, course, assignment, result)
            given.append(as_given(gradebook, assignment, result))
        penalise(url, assignment, result.student, settings)
    for student, chapter in {(result.student, result.assignment.split("/")[0]) for result in results}:
        prepare_to_return(course, student, chapter)
    return notes, given


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
                time, odd = handed_in_at(course, student, chapter)
                if odd:
                    yield odd
                when = {"timestamp": parse_utc(time)} if time else {}
                add_notebooks(gradebook, gradebook.update_or_create_submission(chapter, student, **when))


def add_notebooks(gradebook: Gradebook, submission: SubmittedAssignment) -> None:
    """Notebooks of a chapter that a submission is without: nbgrader gives it those that are there when it is made."""
    known = {mine.notebook_id for mine in submission.notebooks}
    for notebook in submission.assignment.notebooks:
        if notebook.id not in known:
            mine = SubmittedNotebook(notebook=notebook, assignment=submission)
            for cell in notebook.grade_cells:
                Grade(cell_id=cell.id, notebook=mine)
            for cell in notebook.solution_cells:
                Comment(cell_id=cell.id, notebook=mine)
            gradebook.db.add(mine)
    gradebook.db.commit()


def enter_marks(gradebook: Gradebook, course: Classroom, assignment: Assignment, result: Result) -> list[str]:
    """The marks of one notebook. What a person gave stays; where the answer changed, it is to be looked at again.

    Returns a line for each mark that stays though the check now gives another.
    """
    changed, unanswered = write_copy(course, assignment, result)
    notes = []
    for mark, grade in with_grades(gradebook, assignment, result):
        before, grade.auto_score = grade.auto_score, score(mark, unanswered)
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None
            continue
        other = None not in (before, grade.auto_score) and before != grade.auto_score  # as after a mended check
        # Once set it stays, until that person saves a mark: grading may run again before anybody has looked.
        grade.needs_manual_grade = grade.needs_manual_grade or changed or other
        if grade.needs_manual_grade and grade.auto_score not in (None, grade.manual_score):
            notes.append(
                f"{result.student} {assignment.name}/{mark.exercise}: you gave {grade.manual_score:g}, the check now "
                f"gives {grade.auto_score:g}: look again in Manual Grading"
            )
    gradebook.db.commit()
    return notes


def with_grades(gradebook: Gradebook, assignment: Assignment, result: Result) -> Iterator[tuple[Mark, Grade]]:
    """Each mark of a notebook, and what the gradebook has for it."""
    chapter, name = assignment.name.split("/")
    cells = {exercise.name: exercise.grade_id for exercise in assignment.exercises}
    for mark in result.marks:
        yield mark, gradebook.find_grade(cells[mark.exercise], name, chapter, result.student)


def as_given(gradebook: Gradebook, assignment: Assignment, result: Result) -> Result:
    """The result with the points of the gradebook and a person's comments, late penalties aside."""
    chapter, name = assignment.name.split("/")
    marks = []
    for mark, grade in with_grades(gradebook, assignment, result):
        by_person = grade.manual_score is not None
        points = grade.manual_score if by_person else grade.auto_score
        points = points if points is None else points + (grade.extra_credit or 0.0)
        try:  # it belongs to the cell where the answer is written, which has the exercise's name
            comment = gradebook.find_comment(mark.exercise, name, chapter, result.student).manual_comment or ""
        except MissingEntry:
            comment = ""
        marks.append(replace(mark, points=points, by_person=by_person, comment=comment))
    return replace(result, marks=tuple(marks))


def score(mark: Mark, unanswered: set[str]) -> float | None:
    """Points that need no person: the marks, and none for a question that was not answered."""
    if mark.points is None and mark.status != NOT_GRADED and mark.exercise in unanswered:
        return 0.0
    return mark.points


def teachers_settings() -> Config:
    """What the teacher has set for nbgrader."""
    return PyFileConfigLoader(SETTINGS, path=".").load_config() if Path(SETTINGS).exists() else Config()


def penalise(url: str, assignment: Assignment, student: str, settings: Config) -> None:
    """Have nbgrader reckon the penalty for lateness."""
    which = {"notebook": assignment.path.stem, "assignment": assignment.path.parent.name, "student": student}
    step = preprocessors.AssignLatePenalties(config=settings)
    step.preprocess(NotebookNode(cells=[]), {"nbgrader": which | {"db_url": url}})


class NoAutograde(NotebookExporter):
    """What `nbgrader autograde`, and the button of that name, meet here: a line that says what to do instead."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        advice = "marks come from `make grade`: autograde would run the students' code with your rights, and believe it"
        self.log.error(advice)
        raise NbGraderException(advice)
