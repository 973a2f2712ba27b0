"""How far a learner has come: what passes in their own notebooks, and what comes next. Runs on their own machine."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from minisft.checks import CONTRACTS, AnswerKey
from minisft.errors import InputError
from minisft.grading.marking import RIGHT, Mark, mark, with_causes
from minisft.grading.needed import is_stub, needed
from minisft.grading.notebooks import Exercise, UnreadableError, all_notebooks, code_cells, exercises_of, read
from minisft.grading.running import LIMITS, Key, Limits, Run, require_limits, run

SEED = 0  # as `check` has it


@dataclass(frozen=True)
class State:
    """A learner's notebook: each exercise with what came of it, or why nothing could be said of it."""

    path: Path
    marks: tuple[Mark, ...]
    trouble: str = ""

    @property
    def open(self) -> Mark | None:
        """The first exercise that is not right."""
        return next((mark for mark in self.marks if mark.status != RIGHT), None)


def states(target: Path, limits: Limits = LIMITS) -> Iterator[State]:
    """The state of a notebook, or of each in a folder of chapters or in one chapter.

    Raises InputError where there is none, and on a system where no notebook can be run.
    """
    require_limits()
    if not target.exists():
        raise InputError(
            f"there is no notebook or folder {target}; expected the folder exercises, a chapter in it, or a notebook"
        )
    paths = [target] if target.is_file() else all_notebooks(target) or sorted(target.glob("*.ipynb"))
    if not paths:
        raise InputError(
            f"there is no notebook in {target}; expected a folder such as exercises/ or one of its chapters"
        )
    return (state(path, limits) for path in paths)


def state(path: Path, limits: Limits) -> State:
    """The state of a notebook. Of its cells only those are run that an exercise needs which has been begun."""
    try:
        exercises = [exercise for exercise in exercises_of(path, complete=False) if exercise.function]
        cells = code_cells(read(path))
    except (InputError, UnreadableError) as error:
        return State(path, (), str(error).removeprefix(f"{path}: "))
    except OSError as error:
        return State(path, (), f"it cannot be opened: {error.strerror or error}")
    begun = [exercise for exercise in exercises if not is_stub(cells, exercise.function)]
    found = Run()
    keys = {exercise.name: Key(exercise, AnswerKey(CONTRACTS[exercise.name], SEED)) for exercise in begun}
    if begun:
        cells = needed(cells, [exercise.function for exercise in begun])
        found = run(cells, keys, limits)
    marks = [of(exercise, begun, keys, found, cells, limits) for exercise in exercises]
    return State(path, tuple(with_causes(exercises, marks, cells)))


def of(
    exercise: Exercise, begun: list[Exercise], keys: dict[str, Key], found: Run, cells: list, limits: Limits
) -> Mark:
    """What came of one exercise."""
    if exercise not in begun:
        return Mark(exercise.name, 0.0, exercise.points, 0.0, "stub")
    (made,) = mark([exercise], keys, found, cells, limits)
    if made.status == "missing" and not exercise.cell:
        name = exercise.function
        return replace(made, message=f"the cell of {name} is gone: write the function in a new cell above its check")
    return made
