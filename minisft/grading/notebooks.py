"""What a notebook holds for a grader: the teacher's exercises, and the student's cells."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minisft.checks import CONTRACTS
from minisft.errors import InputError

LARGEST = 20_000_000  # bytes of a notebook that is handed in
SKIPPED_TAG = "not-graded"  # the tag of cells that are not run while marks are given


class UnreadableError(Exception):
    """A notebook that is handed in cannot be read; the message says why, in words for its author."""


@dataclass(frozen=True)
class Exercise:
    """What is to be written: a function that a contract is held to, or an answer that a person marks."""

    name: str  # of the contract; of a question for a person its grade_id
    points: float
    grade_id: str  # of the cell that bears the points
    function: str = ""  # none: marked by a person
    cell: int = 0  # the number of the code cell where it is written, from 1; none: a learner has deleted it


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook, with its number among the code cells, from 1."""

    number: int
    source: str


def all_notebooks(folder: Path) -> list[Path]:
    """The notebooks of all chapters, in order, without those that an editor keeps."""
    return sorted(path for path in folder.glob("*/*.ipynb") if not path.parent.name.startswith("."))


def read(path: Path) -> dict[str, Any]:
    """A notebook as it stands in its file.

    Raises UnreadableError where it is no notebook: a link, too large, no JSON, or without cells. It may be in UTF-8,
    UTF-16 or UTF-32, with a mark in front or without: `json.loads` tells them apart.
    """
    content = content_of(path)
    try:
        notebook = json.loads(content)
    except UnicodeDecodeError:
        is_text = content.lstrip().startswith(b"{")  # of another encoding, such as cp1252
        said = "not UTF-8: open it in a text editor and save it as UTF-8" if is_text else "damaged: it is no notebook"
        raise UnreadableError(f"the file is {said}") from None
    except (ValueError, RecursionError):
        raise UnreadableError("the file is empty or damaged: it is no notebook") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise UnreadableError("the file is no notebook: it has no cells")
    return notebook


def content_of(path: Path) -> bytes:
    """The bytes of a notebook. Raises UnreadableError where it is a link, no file, or too large."""
    if path.is_symlink() or not path.is_file():
        raise UnreadableError("it is no file")
    if path.stat().st_size > LARGEST:
        raise UnreadableError(f"it is larger than {LARGEST // 1_000_000} MB: clear the outputs before handing in")
    return path.read_bytes()


def nbgrader(cell: dict[str, Any]) -> dict[str, Any]:
    """What nbgrader knows of a cell."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def tags(cell: dict[str, Any]) -> list[Any]:
    """The tags of a cell."""
    metadata = cell.get("metadata")
    found = metadata.get("tags") if isinstance(metadata, dict) else None
    return found if isinstance(found, list) else []


def source_of(cell: dict[str, Any]) -> str:
    """The text of a cell, which may stand in the file line by line."""
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text.encode(errors="replace").decode()  # JSON can name characters that no file can hold, such as \ud800


def code_cells(notebook: dict[str, Any]) -> list[Cell]:
    """The code cells that are run: neither checks nor those tagged as not graded."""
    code = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    return [
        Cell(number, source_of(cell))
        for number, cell in enumerate(code, 1)
        if SKIPPED_TAG not in tags(cell) and not is_check(nbgrader(cell))
    ]


def is_check(metadata: dict[str, Any]) -> bool:
    """Whether a cell bears points and is not the student's."""
    return metadata.get("grade") is True and metadata.get("solution") is False


def exercises_of(path: Path, complete: bool = True) -> list[Exercise]:
    """The exercises of a teacher's notebook, in its order; of a learner's, who may have deleted cells, not `complete`.

    Raises InputError where a cell with points neither calls `check("<contract>", <function>)` nor is a question for a
    person, and where it names a contract that does not exist or that, in a complete notebook, has no cell before it.
    """
    try:
        cells = read(path)["cells"]
    except UnreadableError as error:
        raise InputError(f"{path}: {error}") from None
    found: list[Exercise] = []
    written: dict[str, int] = {}  # the code cell of each grade_id
    code = 0
    for cell in cells:
        metadata, code = nbgrader(cell), code + (cell.get("cell_type") == "code")
        grade_id = str(metadata.get("grade_id"))
        written[grade_id] = code
        if metadata.get("grade") is not True:
            continue
        points = float(metadata.get("points", 0))
        if metadata.get("solution") is True:
            found.append(Exercise(grade_id, points, grade_id))
            continue
        name, function = checked(source_of(cell), path)
        if complete and name not in written:
            raise InputError(f"{path}: check({name!r}, ...) has no solution cell with grade_id {name!r} before it")
        found.append(Exercise(name, points, grade_id, function, written.get(name, 0)))
    return found


def checked(source: str, path: Path) -> tuple[str, str]:
    """The contract and the function of a cell that calls `check`."""
    call = check_call(source)
    if call is None:
        raise InputError(f'{path}: a cell with points must call check("<contract>", <function>); it has {source!r}')
    if call[0] not in CONTRACTS:
        raise InputError(f"{path}: check({call[0]!r}, ...), but there is no contract of that name")
    return call


def check_call(source: str) -> tuple[str, str] | None:
    """The contract and the function of the `check("<contract>", <function>)` in a cell, where there is one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # a magic, or a learner's slip
        return None
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("check"), args=[ast.Constant(str(name)), ast.Name(function), *_]):
                return name, function
    return None
