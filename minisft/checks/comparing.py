"""Comparing two plain values: the first way in which they differ, in words."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from minisft.checks.calling import Foreign

TOLERANCES = {torch.float64: (1e-7, 1e-7), torch.float32: (1.3e-6, 1e-5)}  # torch.testing's: relative, absolute


@dataclass(frozen=True)
class Difference:
    """How an answer differs: `what` in a line that gives nothing of the case away, `detail` with its numbers."""

    what: str
    detail: str = ""
    line: str = ""  # of the learner's code, where it came to no answer
    backward: bool = False  # the value is right and its gradient is not


def compare(
    expected: Any, got: Any, place: str = "the result", relative: float | None = None, parts: tuple[str, ...] = ()
) -> Difference | None:
    """The first difference, or None. `parts` names those of a list. NaN equals NaN: a mutant's answer may hold some."""
    if isinstance(expected, Tensor):
        return compare_tensors(expected, got, place, relative)
    if type(expected) in (list, tuple):
        return compare_lists(expected, got, place, relative, parts)
    if type(expected) is float:
        return compare_numbers(expected, got, place, relative)
    if type(got) is not type(expected):
        return wrong_type(expected, got, place)
    if got != expected:
        return Difference(f"{place} is wrong", f"yours is {got!r}, expected {expected!r}")
    return None


def compare_tensors(expected: Tensor, got: Any, place: str, relative: float | None) -> Difference | None:
    """Type, shape, dtype, numbers that are none, numbers: the first of these that is wrong."""
    if not isinstance(got, Tensor):
        return wrong_type(expected, got, place)
    if got.shape != expected.shape:
        detail = f"expected {tuple(expected.shape)}, yours is {tuple(got.shape)}"
        return Difference(f"{place} has the wrong shape", detail)
    if got.dtype != expected.dtype:
        advice = ""
        if expected.is_floating_point() and got.dtype == torch.float32:
            advice = " (torch.zeros and .float() make that: keep the dtype of what you are given)"
        return Difference(f"{place} has the wrong dtype: expected {name(expected)}, yours is {name(got)}{advice}")
    default_relative, absolute = TOLERANCES.get(expected.dtype, (0.0, 0.0))
    tolerance = (relative or default_relative, absolute) if expected.is_floating_point() else (0.0, 0.0)
    wrong = ~torch.isclose(got, expected, *tolerance, equal_nan=True)
    if not wrong.any():
        return None
    strange = wrong & ~got.isfinite() & expected.isfinite()
    first = (strange if strange.any() else wrong).nonzero()[0].tolist()
    mine, theirs = got[tuple(first)].item(), expected[tuple(first)].item()
    where = f"at [{', '.join(map(str, first))}]" if first else "there"
    if strange.any():
        kind = "NaN (not a number)" if math.isnan(mine) else "infinity"
        return Difference(f"{place} holds {kind}", f"{where}, expected {digits(theirs, mine)}")
    numbers = f"yours is {digits(mine, theirs)}, expected {digits(theirs, mine)}"
    return Difference(
        f"{place} has wrong numbers", f"first {where}: {numbers} ({int(wrong.sum())} of {wrong.numel()} are wrong)"
    )


def compare_lists(
    expected: Any, got: Any, place: str, relative: float | None, parts: tuple[str, ...]
) -> Difference | None:
    """A list may stand for a tuple and a tuple for a list."""
    if type(got) not in (list, tuple):
        return wrong_type(expected, got, place)
    if len(got) != len(expected):
        return Difference(f"{place} has the wrong length", f"expected {len(expected)}, yours is {len(got)}")
    places = parts or [f"{place}, part {i}," for i in range(len(expected))]
    found = (compare(*pair, where, relative) for *pair, where in zip(expected, got, places, strict=True))
    return next((difference for difference in found if difference), None)


def compare_numbers(expected: float, got: Any, place: str, relative: float | None) -> Difference | None:
    """A whole number may stand for a float."""
    if type(got) not in (int, float):
        return wrong_type(expected, got, place)
    got = as_float(got)
    if math.isfinite(expected) and not math.isfinite(got):
        return Difference(f"{place} is {'NaN (not a number)' if math.isnan(got) else 'infinity'}")
    default_relative, absolute = TOLERANCES[torch.float64]
    both_nan = math.isnan(expected) and math.isnan(got)
    if both_nan or math.isclose(got, expected, rel_tol=relative or default_relative, abs_tol=absolute):
        return None
    return Difference(f"{place} is wrong", f"yours is {digits(got, expected)}, expected {digits(expected, got)}")


def wrong_type(expected: Any, got: Any, place: str) -> Difference:
    """The line for something of another type."""
    return Difference(f"{place} has the wrong type: expected {kind(expected)}, yours is {kind(got)}")


def kind(value: Any) -> str:
    """What a plain value is, in words."""
    if isinstance(value, Foreign):
        return value.kind
    if isinstance(value, Tensor):
        return "a tensor"
    names = {bool: "True or False", int: "a whole number", float: "a number", str: "a string", dict: "a dict"}
    return names.get(type(value)) or ("None" if value is None else f"a {type(value).__name__}")


def name(x: Tensor) -> str:
    """float64 of torch.float64."""
    return str(x.dtype).removeprefix("torch.")


def as_float(number: int | float) -> float:
    """A number as a float; a whole number that is too large for one as infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf


def digits(number: int | float | bool, other: int | float | bool) -> str:
    """A number, with as many digits as it takes to tell it from another."""
    if type(number) is not float:
        return str(number)
    short = f"{number:.6g}"
    return short if short != f"{other:.6g}" else f"{number:.12g}"
