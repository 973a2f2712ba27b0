"""What a teacher should know before reading the marks: work that no mark is for, a line each."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from minisft.grading.classroom import NO_STUDENTS, Classroom, Result
from minisft.grading.notebooks import UnreadableError, all_notebooks

WORK = {".ipynb", ".zip", ".gz", ".tgz", ".rar", ".7z", ".py"}  # suffixes of what may hold an answer
DEEPEST = 8  # folders in each other; one may hand in a thousand, and to walk down there is no end
LONGEST = 150  # characters of a file's name


def notes_on(course: Classroom, results: Sequence[Result]) -> list[str]:
    """All of them, in words that can be printed."""
    found = [*beside_the_students(course), *astray(course), *unreadable(course, results), *gone(course)]
    return [printable(note) for note in found]


def beside_the_students(course: Classroom) -> Iterator[str]:
    """What lies loose among the students' folders."""
    lost = sorted(path for path in course.submissions.iterdir() if is_work(path) and not path.is_dir())
    if lost:
        yield (
            f"{course.submissions}: {some(lost, course.submissions)} not marked, as nobody knows whose: put each into "
            "STUDENT/CHAPTER/NOTEBOOK.ipynb and grade again"
        )


def astray(course: Classroom) -> Iterator[str]:
    """Who handed in what is misplaced, renamed or packed, or nothing."""
    known = {path.relative_to(course.solutions) for path in all_notebooks(course.solutions)}
    for student in course.students:
        folder, refused = course.submissions / student, []
        files = list(files_in(folder, refused))
        lost = [path for path in files if path.relative_to(folder) not in known]
        if refused:
            yield f"{student}: {some(refused, folder)} not looked at, as it may not be opened: change its rights"
        elif lost:
            yield (
                f"{student}: {some(lost, folder)} not marked: put each where its notebook belongs, "
                f"{student}/CHAPTER/NOTEBOOK.ipynb, unpacked and by its own name, and grade again"
            )
        elif not files:
            yield f"{student}: no notebook was handed in"


def files_in(folder: Path, refused: list[Path]) -> Iterator[Path]:
    """The files below a folder that may hold work, without what editors and archives keep."""
    for where, folders, names in os.walk(folder, onerror=lambda error: refused.append(Path(error.filename))):
        deep = len(Path(where).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if is_own(name) and deep < DEEPEST)
        yield from (Path(where, name) for name in sorted(names) if is_work(Path(name)))


def is_own(name: str) -> bool:
    """Whether a folder was made by a person."""
    return name[0] != "." and name not in NO_STUDENTS


def is_work(path: Path) -> bool:
    """Whether a file may hold an answer, also where a browser has added to its name."""
    return path.name[0] != "." and (path.suffix.lower() in WORK or ".ipynb" in path.name.lower())


def some(paths: Sequence[Path], folder: Path) -> str:
    """The first of them and how many there are, with the verb: `a.zip is`, `a.zip and 2 more are`."""
    first = str(paths[0].relative_to(folder))
    first = first if len(first) <= LONGEST else f"{first[:LONGEST]}..."
    return f"{first} and {len(paths) - 1} more are" if len(paths) > 1 else f"{first} is"


def unreadable(course: Classroom, results: Sequence[Result]) -> Iterator[str]:
    """Whose notebooks have no marks because they cannot be read."""
    assignments = {assignment.name: assignment for assignment in course.assignments}
    for result in results:
        if any(mark.status != "unreadable" for mark in result.marks):
            continue
        try:
            course.notebook(result.student, assignments[result.assignment])
        except (UnreadableError, OSError) as error:
            yield f"{result.student}: {result.assignment}.ipynb cannot be read, so it has no points: {error}"


def gone(course: Classroom) -> Iterator[str]:
    """Whose folder was renamed or taken away: the gradebook, its export and the pages still have them."""
    kept = course.out / "results"
    names = sorted(path.name for path in kept.iterdir() if path.is_dir()) if kept.is_dir() else []
    for name in names:
        if name not in course.students:
            pages = [course.out / "feedback" / f"{name}.html", course.out / "autograded" / name, kept / name]
            there = " ".join(shlex.quote(str(path)) for path in pages if path.exists())
            yield (
                f"{name}: has marks from before and no folder in {course.submissions}: put it back, or take it out "
                f"with nbgrader db student remove {shlex.quote(name)} --force; rm -r {there}"
            )


def printable(text: str, encoding: str | None = None) -> str:
    """The text with a question mark for what a terminal would obey or cannot write: students name their files."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text.encode(encoding or "utf-8", errors="replace").decode(encoding or "utf-8")
