"""Calling a function on a case: what it answers, in plain parts, or in one line why it does not."""

import inspect
import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minisft.checks.contract import Case, Contract

TENSORS = (Tensor, torch.nn.Parameter)
CHANGED_ON_THE_WAY = (
    "its way back breaks: a tensor that the gradient needs is changed in place, by +=, *=, /= or a name that ends in "
    "_: make a new one instead"
)
FOLDERS = (str(Path(__file__).parents[1]), *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")))
LIBRARIES = ("<frozen", *(folder + os.sep for folder in FOLDERS))


@dataclass(frozen=True)
class Foreign:
    """Something in an answer that is no tensor, number, string, list, tuple or dict: only its type is kept."""

    kind: str


@dataclass(frozen=True)
class Failure:
    """Why there is no answer."""

    kind: str  # stub, nothing, changed, raised, inplace
    message: str
    detail: str = ""  # what an exception says, which may tell of the case
    line: str = ""  # the learner's own


@dataclass(frozen=True)
class Answer:
    """What a function gave for a case: a value and gradients in plain parts, or a failure."""

    value: Any = None
    gradients: dict[str, Tensor | None] = field(default_factory=dict)  # None: no gradient reaches this argument
    failure: Failure | None = None


def call(contract: Contract, function: Callable, case: Case) -> Answer:
    """Call a function on a copy of a case's arguments; an exception in it becomes a failure."""
    arguments = copy(case.arguments)
    try:
        value = plain(apply(contract, function, arguments))
        if value is None:
            return Answer(failure=Failure("nothing", "it returns None: is a return missing?", line=defined(function)))
        if not contract.may_overwrite:
            changed = [name for name in arguments if not same(arguments[name], case.arguments[name])]
            if changed:
                message = f"it changes its input {changed[0]} in place: make a new tensor or list instead"
                return Answer(failure=Failure("changed", message, line=defined(function)))
        try:
            return Answer(value, differentiate(contract, function, case))
        except RuntimeError as error:
            if "inplace operation" not in str(error):
                raise
            return Answer(failure=Failure("inplace", CHANGED_ON_THE_WAY, line=defined(function)))
    except (Exception, SystemExit) as error:
        said = str(error).strip().split("\n")[0]
        if isinstance(error, NotImplementedError) and not said:  # torch's own say something
            # The name is the learner's, who could write a hidden case into it: it belongs to what is not always shown.
            stub = traceback.extract_tb(error.__traceback__)[-1].name
            where = "" if stub == getattr(function, "__name__", stub) else f"in {stub}, which it calls"
            message = "it is not written yet: NotImplementedError"
            return Answer(failure=Failure("stub", message, where, line_of(error, function)))
        return Answer(failure=Failure("raised", f"it raises {type(error).__name__}", said, line_of(error, function)))


def apply(contract: Contract, function: Callable, arguments: dict[str, Any]) -> Any:
    """Call by position, and by keyword what the reference takes by keyword alone."""
    positional, keywords = [], {}
    for name, value in arguments.items():
        value = contract.functions[name][value] if name in contract.functions else value
        if contract.signature.parameters[name].kind is inspect.Parameter.KEYWORD_ONLY:
            keywords[name] = value
        else:
            positional.append(value)
    return function(*positional, **keywords)


@torch.enable_grad()
def differentiate(contract: Contract, function: Callable, case: Case) -> dict[str, Tensor | None]:
    """The gradients of an arbitrary weighted sum of what the function returns."""
    arguments = copy(case.arguments)
    leaves = {name: arguments[name].requires_grad_() for name in contract.gradients}
    if not leaves:
        return {}
    outputs = [x for x in tensors(apply(contract, function, arguments)) if type(x) in TENSORS and x.requires_grad]
    if not outputs:
        return dict.fromkeys(leaves)
    weights = [torch.linspace(-1, 2, max(2, x.numel()), dtype=x.dtype)[: x.numel()].view(x.shape) for x in outputs]
    total = sum((x * weight).sum() for x, weight in zip(outputs, weights, strict=True))
    found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    return dict(zip(leaves, found, strict=True))


def plain(value: Any) -> Any:
    """The value with its tensors cut off and copied, and everything that is not plain as `Foreign`.

    Exact types only: a class that derives from one of these may say what it likes of itself.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in TENSORS and value.layout is torch.strided:
        return value.detach().cpu().clone(memory_format=torch.contiguous_format)
    if type(value) in (list, tuple):
        return type(value)(plain(part) for part in value)
    if type(value) is dict:
        return {str(key): plain(part) for key, part in value.items()}
    module = type(value).__module__
    return Foreign(type(value).__name__ if module in ("builtins", "__main__") else f"{module}.{type(value).__name__}")


def copy(value: Any) -> Any:
    """Arguments of a case, with tensors and containers of their own."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, list | tuple):
        return type(value)(copy(part) for part in value)
    return {key: copy(part) for key, part in value.items()} if isinstance(value, dict) else value


def same(one: Any, other: Any) -> bool:
    """Whether two arguments are the same, number by number."""
    if isinstance(one, Tensor):
        return one.shape == other.shape and torch.equal(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(*parts) for parts in zip(one, other, strict=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(part, other[key]) for key, part in one.items())
    return one == other


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in a value."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from tensors(part)


def line_of(error: BaseException, function: Callable) -> str:
    """The last line of the learner's own code on the way to an error; where there is none, the function's."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(LIBRARIES)]
    if not frames:
        return defined(function)
    return f"{name_of(frames[-1].filename)}, line {frames[-1].lineno}: {frames[-1].line}"


def defined(function: Callable) -> str:
    """Where a function begins."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if not code:
        return ""
    line = linecache.getline(code.co_filename, code.co_firstlineno).strip() or code.co_name
    return f"{name_of(code.co_filename)}, line {code.co_firstlineno}: {line}"


def name_of(filename: str) -> str:
    """A file's name, and of a notebook's cell its number."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    named = shell.compile.format_code_name(filename) if shell else None
    return " ".join(named).lower().replace("in[", "In [") if named else Path(filename).name
