"""A class: who handed in what, marks for all of it, and nothing marked twice."""

import hashlib
import json
import os
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from minisft.checks import CONTRACTS, AnswerKey
from minisft.errors import InputError
from minisft.grading.marking import Mark, mark, none_of
from minisft.grading.notebooks import (
    Exercise,
    UnreadableError,
    all_notebooks,
    code_cells,
    content_of,
    exercises_of,
    read,
)
from minisft.grading.running import LIMITS, Key, Limits, require_limits, run
from minisft.grading.sandbox import Sandbox
from minisft.grading.worker import PACKAGE

CODE = ("checks", "ops", "objectives", "grading")  # the rooms that decide a mark
NO_STUDENTS = ("__MACOSX", "lost+found")  # folders that unpacking and file systems leave behind
NOT_GRADED = "not graded"  # the status where the grader itself failed


@dataclass(frozen=True)
class Assignment:
    """A notebook of the teacher's, with its exercises."""

    path: Path
    exercises: tuple[Exercise, ...]

    @property
    def name(self) -> str:
        """`3_algorithms/3_1_transformer_encoder`."""
        return f"{self.path.parent.name}/{self.path.stem}"


@dataclass(frozen=True)
class Result:
    """A student's marks for a notebook."""

    student: str
    assignment: str
    marks: tuple[Mark, ...]


@dataclass
class Classroom:
    """The submissions of a class, `<student>/<chapter folder>/<notebook>.ipynb`, and where the results go.

    Raises InputError where there is no student, where the name of one cannot be written down, where none of what they
    handed in belongs to a notebook of `solutions`, and on a system where no notebook can be run.
    """

    submissions: Path
    solutions: Path
    out: Path
    seed: int | None = None  # None: the one of the last run into `out`, else a new one
    sandbox: Sandbox | None = field(default_factory=Sandbox)
    limits: Limits = LIMITS
    students: list[str] = field(init=False)
    assignments: list[Assignment] = field(init=False)

    def __post_init__(self) -> None:
        require_limits()
        if not self.submissions.is_dir():
            raise InputError(f"there is no folder {self.submissions}; expected STUDENT/CHAPTER/NOTEBOOK.ipynb in it")
        if self.out.resolve().is_relative_to(self.submissions.resolve()):
            raise InputError(f"{self.out} lies in {self.submissions}, among the students; choose another --out")
        folders = [path for path in sorted(self.submissions.iterdir()) if path.is_dir() and path.name[0] != "."]
        folders = [path for path in folders if path.name not in NO_STUDENTS]
        self.students = [name_of(path) for path in folders]
        handed_in = {path.relative_to(folder) for folder in folders for path in folder.glob("*/*.ipynb")}
        paths = [path for path in all_notebooks(self.solutions) if path.relative_to(self.solutions) in handed_in]
        if not paths:
            known = ", ".join(str(path.relative_to(self.solutions)) for path in all_notebooks(self.solutions)[:3])
            raise InputError(
                f"nobody in {self.submissions} handed in a notebook of {self.solutions}; expected STUDENT/ and "
                f"below it, for example, {known or 'nothing: there are no solutions'}"
            )
        self.assignments = [Assignment(path, tuple(exercises_of(path))) for path in paths]
        self.out.mkdir(parents=True, exist_ok=True)
        self.seed = self.keep_seed()
        if self.sandbox is not None:
            self.sandbox = Sandbox((self.submissions.resolve(), self.solutions.resolve(), self.out.resolve()))
            self.sandbox.probe()

    def keep_seed(self) -> int:
        """The seed, kept for the next run where only its owner can read it."""
        path = self.out / "seed"
        seed = self.seed
        if seed is not None and seed < 0:
            raise InputError(f"seed is {seed}; expected 0 or more")
        if seed is None:
            kept = path.read_text(encoding="utf-8").strip() if path.exists() else str(secrets.randbelow(2**31))
            if not kept.isdecimal():
                raise InputError(f"{path} holds no number; give --seed, or delete the file for a new one")
            seed = int(kept)
        write(path, f"{seed}\n", mode=0o600)
        return seed

    @cached_property
    def keys(self) -> dict[tuple[str, str], Key]:
        """Cases and expected answers, by contract and function."""
        exercises = {(e.name, e.function): e for a in self.assignments for e in a.exercises if e.function}
        return {pair: Key(exercise, AnswerKey(CONTRACTS[pair[0]], self.seed)) for pair, exercise in exercises.items()}

    @cached_property
    def code(self) -> bytes:
        """What is the same as long as the rooms that decide a mark are."""
        files = sorted(path for room in CODE for path in (PACKAGE / room).rglob("*.py"))
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).digest()

    def grade(self, jobs: int = 1, progress: bool = True) -> tuple[list[Result], int]:
        """Mark what is new or changed, `jobs` at a time. Returns all results, and how many had been there."""
        torch.set_num_threads(1)
        todo, done = [], []
        for assignment in self.assignments:
            for student in self.students:
                digest = self.digest(student, assignment)
                kept = self.kept(student, assignment, digest)
                (done.append(kept) if kept else todo.append((student, assignment, digest)))
        unchanged = len(done)
        _ = self.keys if todo else None  # before there are threads
        pool = ThreadPoolExecutor(jobs)
        try:
            futures = [pool.submit(self.one, *task) for task in todo]
            bar = tqdm(
                as_completed(futures), "grading", len(todo) + unchanged, initial=unchanged, unit="notebook",
                disable=None if progress else True,
            )  # fmt: skip
            done += [future.result() for future in bar]
        finally:
            pool.shutdown(cancel_futures=True)  # what runs is finished and kept; what waits is for the next time
        order = {assignment.name: i for i, assignment in enumerate(self.assignments)}
        return sorted(done, key=lambda result: (result.student, order[result.assignment])), unchanged

    def one(self, student: str, assignment: Assignment, digest: str) -> Result:
        """Mark one notebook and keep the result. A failure of the grader itself is a status, and not kept."""
        try:
            marks = self.marks(student, assignment)
        except Exception as error:
            marks = [
                Mark(exercise.name, None, exercise.points, 0.0, NOT_GRADED, f"{type(error).__name__}: {error}")
                for exercise in assignment.exercises
            ]
            return Result(student, assignment.name, tuple(marks))
        kept = {"digest": digest, "marks": [asdict(one) for one in marks]}
        write(self.result_path(student, assignment), json.dumps(kept, indent=1) + "\n")
        return Result(student, assignment.name, tuple(marks))

    def marks(self, student: str, assignment: Assignment) -> list[Mark]:
        """The marks of a notebook, run now."""
        path = self.handed_in(student, assignment)
        if not os.path.lexists(path):
            return none_of(assignment.exercises, "missing", "this notebook was not handed in")
        try:
            cells = code_cells(self.notebook(student, assignment))
        except UnreadableError as error:
            return none_of(assignment.exercises, "unreadable", str(error))
        keys = {e.name: self.keys[e.name, e.function] for e in assignment.exercises if e.function}
        outcome = run(cells, keys, self.limits, self.sandbox)
        return mark(assignment.exercises, keys, outcome, cells, self.limits)

    def handed_in(self, student: str, assignment: Assignment) -> Path:
        """Where a student's notebook should be."""
        return self.submissions / student / f"{assignment.name}.ipynb"

    def notebook(self, student: str, assignment: Assignment) -> dict[str, Any]:
        """What a student handed in. Raises UnreadableError where it is no notebook of their own."""
        path = self.handed_in(student, assignment)
        if path.parent.is_symlink():
            raise UnreadableError("its folder is a link")
        return read(path)

    def result_path(self, student: str, assignment: Assignment) -> Path:
        """Where the marks of a notebook are kept."""
        return self.out / "results" / student / f"{assignment.name}.json"

    def digest(self, student: str, assignment: Assignment) -> str:
        """What is the same as long as nothing that decides the marks has changed."""
        path = self.handed_in(student, assignment)
        try:
            content = "none" if path.parent.is_symlink() else hashlib.sha256(content_of(path)).hexdigest()
        except (UnreadableError, OSError) as error:
            content = f"none: {error}"
        content = f"{os.path.lexists(path)} {content}"
        parts = [content, self.seed, assignment.exercises, self.limits, self.code.hex(), self.sandbox is None]
        return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()

    def kept(self, student: str, assignment: Assignment, digest: str) -> Result | None:
        """The result of an earlier run, where it still holds."""
        try:
            kept = json.loads(self.result_path(student, assignment).read_text(encoding="utf-8"))
            marks = tuple(Mark(**one) for one in kept["marks"])
        except (OSError, ValueError, LookupError, TypeError):  # none, or a damaged one
            return None
        return Result(student, assignment.name, marks) if kept.get("digest") == digest else None


def name_of(folder: Path) -> str:
    """A student's name. Raises InputError where it is not UTF-8, as happens when an old archive is unpacked."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"in {folder.parent} the name of the folder {os.fsencode(folder.name)} is not UTF-8, so no marks can be "
            "written for it: rename it"
        ) from None
    return folder.name


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all; a character that cannot be written becomes a question mark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
