"""The exercises of a notebook as a learner meets them: how hard, how long, for how many points."""

import re
from dataclasses import dataclass
from pathlib import Path

from minisft.checks import CONTRACTS
from minisft.course.outline import Part, parts_of
from minisft.errors import InputError
from minisft.grading.notebooks import check_call, nbgrader

HEADING = re.compile(r"\d+\. (Bug hunt: )?.+ \((?:(worked|half done) · )?(★+) · (\d+) minutes\)")


@dataclass(frozen=True)
class Assignment:
    """An exercise. Its points are none where it is worked; `by_hand` are those of a question that a person marks."""

    name: str  # of the contract
    cell: str  # the id of the cell with its heading
    kind: str  # worked, half done, bug hunt, or nothing of these
    stars: str
    minutes: int
    points: float
    by_hand: float

    @property
    def section(self) -> str:
        """The number of the heading to which it belongs."""
        return CONTRACTS[self.name].section


def assignments_of(path: Path) -> list[Assignment]:
    """The exercises of a notebook, in its order.

    Raises InputError where points are given under a heading that does not say how hard the exercise is and how long it
    takes, and where there is no check of it.
    """
    return [found for part in parts_of(path) if (found := assignment(part, path))]


def assignment(part: Part, path: Path) -> Assignment | None:
    """The exercise of a part, if it is one."""
    match = HEADING.fullmatch(part.title)
    given = [nbgrader(cell) for cell in part.cells if nbgrader(cell).get("grade") is True]
    if not match:
        if given:
            raise InputError(
                f"{path}: {part.title!r} has points; expected a heading as in '3. Title (★★ · 10 minutes)'"
            )
        return None
    hunt, kind, stars, minutes = match.groups()
    calls = [call[0] for source in part.code if (call := check_call(source))]
    if not calls or calls[0] not in CONTRACTS:
        raise InputError(f'{path}: {part.title!r} has no check; expected a cell with check("<contract>", <function>)')
    points = {True: 0.0, False: 0.0}  # a person's, and a check's
    for one in given:
        points[one["solution"]] += one["points"]
    return Assignment(
        calls[0], part.cell, "bug hunt" if hunt else kind or "", stars, int(minutes), points[False], points[True]
    )
