"""What a person reads of an attempt."""

import difflib
import os
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

from minisft.checks.contract import Case, Contract
from minisft.checks.contracts import CONTRACTS
from minisft.checks.judging import AnswerKey, Verdict, properties
from minisft.errors import InputError

WIDTH = 100  # characters of a line: what a notebook shows without breaking it


def check(name: str, function: Callable, seed: int = 0) -> None:
    """Try your function on the cases of an exercise, and print what came of it.

    Raises InputError for an unknown name or something that is no function.
    """
    verdict = examine(name, function, seed)
    # nbgrader runs checks where somebody presses Validate, and counts as failed what writes to stderr.
    failed = not verdict.passed and "NBGRADER_EXECUTION" in os.environ
    print(report(verdict), file=sys.stderr if failed else sys.stdout)


def examine(name: str, function: Callable, seed: int = 0) -> Verdict:
    """`check` that returns what came of it and prints nothing."""
    contract = find(name)
    if not callable(function):
        given = type(function).__name__
        raise InputError(f"check({name!r}, ...) takes a function, not {given}: give its name, without calling it")
    key = AnswerKey(contract, seed)
    return key.judge(key.answers(function))


def find(name: str) -> Contract:
    """The contract of an exercise. Raises InputError with the nearest names where there is none."""
    if name in CONTRACTS:
        return CONTRACTS[name]
    near = ", ".join(difflib.get_close_matches(str(name), CONTRACTS, cutoff=0.4))
    advice = f"did you mean {near}?" if near else "`python -m minisft.checks` lists them"
    raise InputError(f"there is no exercise {name!r}; {advice}")


def report(verdict: Verdict) -> str:
    """Everything, for somebody who practises: the property, the place with both numbers, the case, the mistake."""
    contract, difference = verdict.contract, verdict.difference
    if verdict.passed:
        return "\n".join(
            [f"{contract.name}: right, on all {verdict.cases} cases", *listed("right", properties(contract))]
        )
    details = [f"{difference.what}: {difference.detail}" if difference.detail else difference.what, difference.line]
    if difference.detail:
        details.append(f"Called with {describe(verdict.case)}.")
    if difference.line and len(verdict.failed) == len(contract.properties):  # it answers nowhere
        return "\n".join([f"{contract.name}: not yet", *indented(details)])
    # Of the backward pass nothing is known where the way there is wrong.
    right = [name for name in contract.properties if name not in verdict.failed]
    return "\n".join(
        [
            f"{contract.name}: not yet",
            *listed("right", right),
            *listed("wrong", verdict.failed[:1]),
            *indented([*details, mistake(verdict)]),
            *listed("wrong", verdict.failed[1:]),
        ]
    )


def feedback(verdict: Verdict) -> str:
    """What may be said where the case stays hidden: the property, how it fails, the mistake; none of its numbers."""
    if verdict.passed:
        return "right"
    said = [f"{verdict.failed[0]}: {verdict.difference.what}.", verdict.difference.line, mistake(verdict)]
    return " ".join(part for part in said if part)


def mistake(verdict: Verdict) -> str:
    """The tutor's sentence, where the mistake is known."""
    if not verdict.mutant:
        return ""
    return f"{'Your answer' if verdict.exact else 'Here your answer'} equals {verdict.mutant.sentence}"


def listed(label: str, names: Iterable[str]) -> list[str]:
    """A line for each name."""
    return [f"  {label}   {name}" for name in names]


def indented(texts: Iterable[str]) -> list[str]:
    """Lines that stand under a property; empty texts have none."""
    margin = " " * 10
    return [textwrap.fill(text, WIDTH, initial_indent=margin, subsequent_indent=margin) for text in texts if text]


def describe(case: Case) -> str:
    """The arguments in short."""
    return ", ".join(f"{name} {short(value)}" for name, value in case.arguments.items())


def short(value: Any) -> str:
    """Of a tensor its shape, of a long value its length, else the value."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    text = repr(value)
    return text if len(text) <= 40 else f"({type(value).__name__} of {len(value)})"
