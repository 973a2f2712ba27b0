"""What a run writes for people: marks.csv, a page for each student, misconceptions.csv, a page for the teacher."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from minisft.grading.classroom import NOT_GRADED, Result, write
from minisft.grading.marking import BY_HAND, RIGHT, Mark

IN_WORDS = {
    RIGHT: "right", "wrong": "not right", "stub": "not written", "missing": "not there", "error": "raises an error",
    "memory": "too much memory", "borrowed": "not written: it calls minisft", "time": "does not end",
    "died": "ended the process", "unreadable": "cannot be read", BY_HAND: "marked by a person",
    NOT_GRADED: "not graded yet",
}  # fmt: skip


def in_words(mark: Mark) -> str:
    """What came of an exercise, for its author."""
    if mark.status == BY_HAND and mark.points is not None and not mark.by_person:
        return "Not answered."
    said = IN_WORDS[mark.status][:1].upper() + IN_WORDS[mark.status][1:]
    if not mark.message or mark.status in (RIGHT, NOT_GRADED):
        return f"{said}."
    return f"{said}. {mark.message[:1].upper()}{mark.message[1:]}"


# Everything that comes from a student is text to these pages, never markup.
TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("minisft.grading"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.filters["points"] = lambda points: "" if points is None else f"{points:g}"
TEMPLATES.filters["in_words"] = in_words


@dataclass(frozen=True)
class Row:
    """An exercise, and how a class did on it: who has which status, who made which known mistake."""

    assignment: str
    exercise: str
    statuses: dict[str, list[str]]  # most frequent first, as the mistakes
    mistakes: dict[str, list[str]]  # by the tutor's sentence

    @property
    def students(self) -> int:
        """How many there are."""
        return sum(map(len, self.statuses.values()))

    @property
    def right(self) -> int:
        """How many solved it."""
        return len(self.statuses.get(RIGHT, ()))


def write_pages(out: Path, results: Sequence[Result], notes: Sequence[str] = ()) -> None:
    """Write everything, `notes` on the teacher's page; files that are there are replaced."""
    write(out / "marks.csv", marks_table(results))
    rows = summary(results)
    write(out / "misconceptions.csv", mistakes_table(rows))
    write(out / "teacher.html", teacher_page(results, rows, notes))
    for student in sorted({result.student for result in results}):
        mine = [result for result in results if result.student == student]
        write(
            out / "feedback" / f"{student}.html", render("feedback.html", student=student, results=mine, **totals(mine))
        )


def render(template: str, **values: Any) -> str:
    """A page."""
    return TEMPLATES.get_template(template).render(**values)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def marks_table(results: Sequence[Result]) -> str:
    """A row for each student and exercise; no points where a person decides."""
    return table(
        ["student", "notebook", "exercise", "points", "out_of", "seconds", "status"],
        [
            [result.student, result.assignment, mark.exercise, "" if mark.points is None else f"{mark.points:g}",
             f"{mark.out_of:g}", f"{mark.seconds:.2f}", mark.status]
            for result in results for mark in result.marks
        ],
    )  # fmt: skip


def summary(results: Sequence[Result]) -> list[Row]:
    """How the class did, exercise by exercise, in the order of the notebooks."""
    marks: dict[tuple[str, str], list[tuple[str, Mark]]] = {}
    for result in results:
        for mark in result.marks:
            marks.setdefault((result.assignment, mark.exercise), []).append((result.student, mark))
    return [
        Row(
            *where,
            by_frequency((mark.status, student) for student, mark in found),
            by_frequency((mark.mistake, student) for student, mark in found if mark.mistake),
        )
        for where, found in sorted(marks.items(), key=lambda item: item[0][0])
    ]


def by_frequency(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The students by what each is paired with, the largest group first."""
    groups: dict[str, list[str]] = {}
    for what, student in pairs:
        groups.setdefault(what, []).append(student)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def mistakes_table(rows: Sequence[Row]) -> str:
    """A row for each known mistake that somebody made."""
    return table(
        ["notebook", "exercise", "students", "of", "mistake", "who"],
        [
            [row.assignment, row.exercise, len(who), row.students, mistake, ", ".join(who)]
            for row in rows for mistake, who in row.mistakes.items()
        ],
    )  # fmt: skip


def totals(results: Sequence[Result]) -> dict[str, float]:
    """Points earned, points to earn, and those among them that a person decides on."""
    marks = [mark for result in results for mark in result.marks]
    return {
        "points": sum(mark.points or 0.0 for mark in marks),
        "out_of": sum(mark.out_of for mark in marks),
        "open_points": sum(mark.out_of for mark in marks if mark.points is None),
    }


def teacher_page(results: Sequence[Result], rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The class at a glance: what is not marked, exercises with their mistakes, and every student's points."""
    students = sorted({result.student for result in results})
    scores = [(student, totals([r for r in results if r.student == student])) for student in students]
    failed = [(r.student, r.assignment, m.message) for r in results for m in r.marks if m.status == NOT_GRADED]
    return render("teacher.html", rows=rows, scores=scores, failed=sorted(set(failed)), notes=notes, statuses=IN_WORDS)
