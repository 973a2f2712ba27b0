"""What an exercise is held to: a reference, cases drawn from a seed, properties with a name, and known mistakes."""

import ast
import inspect
import random
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Arguments = dict[str, Any]  # by name; tensors, numbers, strings, None, and lists, tuples and dicts of these


class Draw:
    """Numbers decided by what it is made with: a seed and names."""

    def __init__(self, *seed: int | str) -> None:
        self.random = random.Random(" ".join(map(str, seed)))
        self.generator = torch.Generator().manual_seed(self.random.getrandbits(63))

    def normal(self, *shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float64) -> Float[Tensor, "*shape"]:
        """Normal numbers around 0."""
        return (scale * torch.randn(shape, generator=self.generator, dtype=torch.float64)).to(dtype)

    def extreme(self, *shape: int) -> Float[Tensor, "*shape"]:
        """Numbers that differ by thousands: the largest of a row is 1000, that of the next -1000."""
        x = self.normal(*shape, scale=1000.0)
        rows = torch.arange(x[..., 0].numel()).view(*x.shape[:-1], 1)
        return x - x.amax(-1, keepdim=True) + torch.where(rows % 2 == 0, 1000.0, -1000.0)

    def uniform(self, *shape: int) -> Float[Tensor, "*shape"]:
        """Numbers in 0 ... 1, in float64."""
        return torch.rand(shape, generator=self.generator, dtype=torch.float64)

    def integers(self, low: int, high: int, *shape: int) -> Int[Tensor, "*shape"]:
        """Whole numbers from `low` to `high` - 1."""
        return torch.randint(low, high, shape, generator=self.generator)

    def mask(self, *shape: int) -> Bool[Tensor, "*shape"]:
        """True and False, at least one of each in every row."""
        return self.uniform(*shape).argsort(-1) < max(1, 2 * shape[-1] // 3)

    def labels(self, classes: int, *shape: int) -> Int[Tensor, "*shape"]:
        """Classes, of which some are -100, and at least one is 0 and one is not."""
        labels = self.integers(0, classes, *shape)
        order = self.uniform(labels.numel()).argsort().view(shape)
        labels[order < max(1, labels.numel() // 3)] = -100
        labels[order == labels.numel() - 1] = 0
        labels[order == labels.numel() - 2] = classes - 1
        return labels


@dataclass(frozen=True)
class Case:
    """What a function is called with, and the property that this tries."""

    property: str
    arguments: Arguments


@dataclass(frozen=True)
class Mutant:
    """A known mistake: the reference with other words in it.

    `sentence` goes on after "Your answer equals": what it is, then what a tutor would say. `changes` gives for words
    of the source, each found there exactly once, those that stand there instead; they are looked for in the
    reference, or in `inside`, a function that it calls.
    """

    sentence: str
    changes: Mapping[str, str]
    inside: Callable | None = None

    def of(self, reference: Callable) -> Callable:
        """The wrong function."""
        if self.inside is None:
            return rewrite(reference, self.changes)
        return rewrite(reference, {}, {self.inside.__name__: rewrite(self.inside, self.changes)})


def rewrite(function: Callable, changes: Mapping[str, str], names: Mapping[str, Any] | None = None) -> Callable:
    """A function with other words in its source, where `names` mean something else than they did.

    Raises ValueError where words to be changed are not there exactly once.
    """
    function = inspect.unwrap(function)
    source = without_docstring(textwrap.dedent(inspect.getsource(function)))
    for old, new in changes.items():
        if source.count(old) != 1:
            raise ValueError(f"{function.__name__} has {old!r} {source.count(old)} times; a mutant needs it once")
        source = source.replace(old, new)
    namespace = {**function.__globals__, **(names or {})}
    exec(compile(source, f"<{function.__name__}>", "exec"), namespace)
    return namespace[function.__name__]


def without_docstring(source: str) -> str:
    """The source of a function without what it says of itself."""
    function = ast.parse(source).body[0]
    if not ast.get_docstring(function):
        return source
    lines, docstring = source.splitlines(), function.body[0]
    return "\n".join([*lines[: docstring.lineno - 1], *lines[docstring.end_lineno :]])


@dataclass(frozen=True)
class Contract:
    """An exercise: what the function must do, told by a reference and by properties that have a name.

    `properties` gives for each name the arguments of the cases that try it. Of the arguments in `gradients` the
    gradient is compared as well. `results` names the parts of an answer that has several.
    """

    name: str
    section: str
    reference: Callable
    properties: Mapping[str, Callable[[Draw], list[Arguments]]]
    mutants: tuple[Mutant, ...]
    gradients: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    # An argument that is a function travels as a name: {argument: {name: function}}.
    functions: Mapping[str, Mapping[str, Callable]] = field(default_factory=dict)
    may_overwrite: bool = False  # whether the function may reuse its inputs' memory
    relative_tolerance: float | None = None  # None: torch's default for the dtype

    def cases(self, seed: int) -> list[Case]:
        """The cases of a seed."""
        return [
            Case(name, arguments)
            for name, generate in self.properties.items()
            for arguments in generate(Draw(seed, self.name, name))
        ]

    @cached_property
    def wrong(self) -> tuple[Callable, ...]:
        """The function of each mutant."""
        return tuple(mutant.of(self.reference) for mutant in self.mutants)

    @cached_property
    def signature(self) -> inspect.Signature:
        """How the function is called."""
        return inspect.signature(self.reference)
