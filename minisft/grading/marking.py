"""From what a worker sent to marks, and to words that tell no hidden case.

Everything that comes out of the sandbox is the student's to choose. So of its words only those are repeated that are
known: kinds of exceptions, names of types, and lines that stand in the student's own notebook.
"""

import builtins
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from minisft.checks import Answer, Contract, feedback
from minisft.checks.calling import CHANGED_ON_THE_WAY, Failure, Foreign
from minisft.grading.needed import calls, reached
from minisft.grading.notebooks import Cell, Exercise
from minisft.grading.running import LONGEST, Key, Limits, Outcome, Run

RIGHT, BY_HAND = "right", "by hand"
BORROWED = "it raises NotThereError"  # of the worker's hollow minisft
MODULES = {"": builtins, "numpy": np, "torch": torch}  # of types that have a name here
PLACE = re.compile(r"\(<ipython-input-\d+-\w+>, line (\d+)\)")  # of a cell that is no Python
FIXED = {
    "stub": "it is not written yet: NotImplementedError",
    "nothing": "it returns None: is a return missing?",
    "inplace": CHANGED_ON_THE_WAY,
}


@dataclass(frozen=True)
class Mark:
    """What an exercise earned, and why."""

    exercise: str
    points: float | None  # None: a person decides
    out_of: float
    seconds: float
    status: str  # right, wrong, stub, missing, error, memory, borrowed, time, died, unreadable, by hand
    message: str = ""
    mistake: str = ""  # the tutor's sentence, where the answer is a known mistake
    by_person: bool = False  # whether somebody has given these points
    comment: str = ""  # of that person


def mark(
    exercises: Sequence[Exercise], keys: dict[str, Key], run: Run, cells: Sequence[Cell], limits: Limits
) -> list[Mark]:
    """A mark for every exercise of a notebook that was run."""
    words = Words(cells)
    marks = []
    for exercise in exercises:
        if not exercise.function:
            marks.append(Mark(exercise.name, None, exercise.points, 0.0, BY_HAND))
            continue
        outcome = run.outcomes[exercise.name]
        status, message, mistake = judge(exercise, keys[exercise.name], outcome, run, words, limits)
        points = exercise.points if status == RIGHT else 0.0
        marks.append(Mark(exercise.name, points, exercise.points, round(outcome.seconds, 2), status, message, mistake))
    return with_causes(exercises, marks, cells)


def with_causes(exercises: Sequence[Exercise], marks: Sequence[Mark], cells: Sequence[Cell]) -> list[Mark]:
    """The marks; where an exercise calls another that is not right either, its message begins with that one.

    A mistake that is named there is not counted here once more.
    """
    failed = {e.function: m for e, m in zip(exercises, marks, strict=True) if e.function and m.status != RIGHT}
    uses = calls(cells) if len(failed) > 1 else {}
    all_below = {function: reached(uses, function) for function in failed}
    below = {function: [other for other in failed if other in all_below[function]] for function in failed}
    told = []
    for exercise, mark in zip(exercises, marks, strict=True):
        others = below.get(exercise.function, [])
        if others:
            first = next((other for other in others if not below[other]), others[0])
            written = failed[first].status not in ("stub", "missing")
            advice = "not right: mend that first" if written else "not written yet: write that first"
            said = f"It calls {first}, which is {advice}. {mark.message[:1].upper()}{mark.message[1:]}"
            mark = replace(mark, message=said.rstrip(), mistake="" if failed[first].mistake else mark.mistake)
        told.append(mark)
    return told


def none_of(exercises: Sequence[Exercise], status: str, message: str) -> list[Mark]:
    """Marks where there was nothing to run."""
    return [Mark(exercise.name, 0.0, exercise.points, 0.0, status, message) for exercise in exercises]


def judge(
    exercise: Exercise, key: Key, outcome: Outcome, run: Run, words: "Words", limits: Limits
) -> tuple[str, str, str]:
    """Status, message, mistake."""
    match outcome.failed:
        case "missing":
            return missing(exercise, run, words, limits)
        case "time":
            return "time", f"it does not come to an end within {limits.exercise:g} seconds: an endless loop?", ""
        case "died":
            return "died", "it ended the process that it ran in, or the process was ended for it", ""
        case "stopped":
            return "died", "not tried: other parts of the notebook stopped it too often", ""
        case "size" | "nonsense":
            return "unreadable", "what came back is no answer to a call of the function", ""
    answers = [words.cleaned(answer, key.answer_key.contract) for answer in outcome.answers]
    try:
        verdict = key.answer_key.judge(answers)
    except Exception:  # an answer of a kind that cannot be compared
        return "unreadable", "what came back cannot be compared with what is expected", ""
    if verdict.passed:
        return RIGHT, "right", ""
    failures = [answer.failure for answer in answers if answer.failure]
    if any(failure.message == BORROWED for failure in failures):
        return "borrowed", "it calls minisft's own functions, which are not there while marks are given: write it", ""
    if any(ran_out_of_memory(failure) for failure in failures):
        return "memory", f"it asks for more memory than the {limits.memory / 1e9:g} GB that it may use", ""
    status = {"stub": "stub", "raised": "error", "inplace": "error"}.get(failures[0].kind if failures else "", "wrong")
    return status, feedback(verdict), verdict.mutant.sentence if verdict.mutant else ""


def ran_out_of_memory(failure: Failure) -> bool:
    """Whether an exception is about memory: Python's or torch's."""
    return failure.message == "it raises MemoryError" or "allocate memory" in failure.detail


def missing(exercise: Exercise, run: Run, words: "Words", limits: Limits) -> tuple[str, str, str]:
    """Why a function is not there: the cell that defines it may have failed."""
    name = exercise.function
    # Blanks alone: a line end is \s too, and a cell of nothing but line ends would take the square of their number.
    definition = re.compile(rf"^[ \t]*(async[ \t]+)?def[ \t]+{name}\b", re.MULTILINE)
    defining = [cell for cell in words.cells if definition.search(cell.source)]
    for cell in defining:
        match run.left_out.get(cell.number):
            case "time":
                return (
                    "time",
                    f"the cell that defines {name} does not come to an end within {limits.cell:g} seconds",
                    "",
                )
            case "died":
                return "died", f"the cell that defines {name} ends the process that it runs in", ""
        if cell.number in run.errors:
            kind, said = (text[:LONGEST] for text in run.errors[cell.number])
            said = PLACE.sub(rf"(cell In [{cell.number}], line \1)", said)
            return "error", f"the cell that defines {name} raises {kind}: {said}", ""
    return "missing", f"there is no function {name} in the notebook", ""


class Words:
    """What may be repeated to the author of these cells."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        self.names = set(re.findall(r"\w+", " ".join(cell.source for cell in cells)))
        self.lines = {  # as a failure names them; IPython counts from the first that is not empty
            f"cell In [{cell.number}], line {number}: {line.strip()}"
            for cell in cells
            for number, line in enumerate(cell.source.lstrip().splitlines(), 1)
        }

    def cleaned(self, answer: Answer, contract: Contract) -> Answer:
        """An answer with words that are known."""
        failure = self.failure(answer.failure, contract) if answer.failure else None
        # The worker sends tensors alone here: anything else was forged, and counts as no gradient.
        gradients = {name: x if isinstance(x, torch.Tensor) else None for name, x in answer.gradients.items()}
        return replace(answer, value=self.value(answer.value), gradients=gradients, failure=failure)

    def failure(self, failure: Failure, contract: Contract) -> Failure:
        """A failure with a message of ours, and a line only where it is the student's."""
        mine = failure.line if failure.line in self.lines and len(failure.line) <= LONGEST else ""
        if failure.kind in FIXED:
            return Failure(failure.kind, FIXED[failure.kind], line=mine)
        if failure.kind == "changed":
            argument = next((name for name in contract.signature.parameters if f"input {name} " in failure.message), "")
            return Failure(
                "changed",
                " ".join(f"it changes its input {argument} in place: make a new tensor or list instead".split()),
                line=mine,
            )
        kind = failure.message.removeprefix("it raises ")
        unknown = re.fullmatch(r"name '(\w+)' is not defined.*", failure.detail) if kind == "NameError" else None
        if unknown and self.is_own(unknown[1]):
            return Failure("raised", f"it raises NameError: name '{unknown[1]}' is not defined", failure.detail, mine)
        known = isinstance(getattr(builtins, kind, None), type) or self.is_own(kind) or failure.message == BORROWED
        return Failure("raised", f"it raises {kind if known else 'an error of its own'}", failure.detail, mine)

    def value(self, value: Any) -> Any:
        """A value in which types that nobody knows have no name."""
        if isinstance(value, Foreign):
            module, _, name = value.kind.rpartition(".")
            known = module in MODULES and (hasattr(MODULES[module], name) or self.is_own(name))
            return value if known else Foreign("an object of another kind")
        if type(value) in (list, tuple):
            return type(value)(map(self.value, value))
        return {key: self.value(part) for key, part in value.items()} if isinstance(value, dict) else value

    def is_own(self, name: str) -> bool:
        """Whether the student has written this name."""
        return name in self.names and len(name) <= LONGEST
