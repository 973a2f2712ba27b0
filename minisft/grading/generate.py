"""From `solutions/` to `exercises/`, by nbgrader's steps, to the same bytes."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.utils import compute_checksum, is_solution
from traitlets.config.loader import PyFileConfigLoader

from minisft.errors import InputError
from minisft.grading.notebooks import all_notebooks, nbgrader

CONFIG = PyFileConfigLoader("nbgrader_settings.py", path=str(Path(__file__).parent)).load_config()
STEPS = [
    preprocessors.LockCells, preprocessors.ClearSolutions, preprocessors.ClearOutput, preprocessors.CheckCellMetadata,
    preprocessors.ComputeChecksums, preprocessors.ClearHiddenTests, preprocessors.ClearMarkScheme,
    preprocessors.ComputeChecksums, preprocessors.CheckCellMetadata,
]  # fmt: skip
MARKERS = ["BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME"]
SHORT = 16  # characters; a shorter line, such as `return result`, gives nothing away


class Changes(NamedTuple):
    """What `generate` did, by notebook."""

    written: list[Path]
    removed: list[Path]
    kept: list[Path]  # out of date or without a solution, but somebody's work


def student_version(path: Path) -> str:
    """A teacher's notebook without its solutions and outputs, as the text of a file.

    Raises InputError where it is no notebook, and where a solution region is not closed or stands in a cell that is not
    marked as a solution.
    """
    resources = {"unique_key": path.stem, "metadata": {"name": path.stem}, "nbgrader": {}}
    try:
        notebook = nbformat.read(path, as_version=4)
        for step in STEPS:
            notebook, resources = step(config=CONFIG, enabled=True).preprocess(notebook, resources)
    except Exception as error:  # nbgrader raises what it likes
        raise InputError(f"{path}: {error}") from error
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def generate(solutions: Path, exercises: Path) -> Changes:
    """Write every student version that is not there as it should be, and take away those whose solution is gone.

    A notebook in which somebody has worked stays as it is. Raises InputError where there are no solutions.
    """
    sources = all_notebooks(solutions)
    if not sources:
        raise InputError(
            f"there is no notebook in {solutions}; expected the teacher's, CHAPTER/NOTEBOOK.ipynb: "
            "name that folder with --solutions (learners have none and need none)"
        )
    changes = Changes([], [], [])
    wanted = {exercises / path.relative_to(solutions): student_version(path) for path in sources}
    for target, text in wanted.items():
        if target.exists() and target.read_bytes() == text.encode():
            continue
        if target.exists() and not is_untouched(target):
            changes.kept.append(target)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        changes.written.append(target)
    for path in all_notebooks(exercises):
        if path in wanted:
            continue
        if is_untouched(path):
            path.unlink()
            changes.removed.append(path)
        else:
            changes.kept.append(path)
    return changes


def is_untouched(path: Path) -> bool:
    """Whether a notebook was generated, by this or an older version, and no cell was filled in or run since.

    Every cell that is to be filled in, and every check, was given the checksum of its text.
    """
    try:
        cells = nbformat.read(path, as_version=4).cells
        ours = [cell for cell in cells if "checksum" in nbgrader(cell)]
        changed = any(cell.metadata.nbgrader.checksum != compute_checksum(cell) for cell in ours)
    except Exception:  # nbformat raises what it likes; a notebook that cannot be read was not generated
        return False
    return bool(ours) and not changed and not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def differences(solutions: Path, exercises: Path) -> list[str]:
    """What `generate` would change, a line each."""
    wanted = {path.relative_to(solutions): student_version(path) for path in all_notebooks(solutions)}
    there = {path.relative_to(exercises): path.read_text(encoding="utf-8") for path in all_notebooks(exercises)}
    return [
        f"{path}: {'not generated' if path not in there else 'no solution' if path not in wanted else 'out of date'}"
        for path in sorted(wanted.keys() | there.keys())
        if wanted.get(path) != there.get(path)
    ]


def leaks(solutions: Path, exercises: Path, but: Collection[Path] = ()) -> list[str]:
    """What of the solutions can be read in the student versions, a line each: solution lines, markers, outputs.

    `but`: notebooks that are a learner's own work.
    """
    secret = {
        " ".join(line.split()): path.name
        for path in all_notebooks(solutions)
        for cell in nbformat.read(path, as_version=4).cells
        for line in solution_lines(cell)
    }
    found = []
    for path in all_notebooks(exercises):
        if path in but:
            continue
        for cell in nbformat.read(path, as_version=4).cells:
            lines = [" ".join(line.split()) for line in cell.source.splitlines()]
            found += [f"{path}: a line of a solution of {secret[line]}: {line}" for line in lines if line in secret]
            found += [f"{path}: {marker}" for marker in MARKERS if marker in cell.source]
            if cell.get("outputs") or cell.get("execution_count"):
                found.append(f"{path}: outputs of {lines[:1]}")
    return found


def solution_lines(cell: NotebookNode) -> list[str]:
    """The lines of a cell that no student may see, short ones aside: its regions, or where it has none, all."""
    if not is_solution(cell):
        return []
    lines, inside = cell.source.splitlines(), False
    whole = MARKERS[0] not in cell.source
    found = []
    for line in lines:
        if MARKERS[0] in line or MARKERS[1] in line:
            inside = MARKERS[0] in line
        elif (inside or whole) and len(line.strip()) >= SHORT:
            found.append(line)
    return found
