"""Which cells a function needs: those that define it, those that define what these use, and so on."""

import ast
import re
from collections.abc import Iterable, Sequence

from minisft.grading.notebooks import Cell

EVERYTHING = "*"  # what `from module import *` may define
# Calls are looked for in the text, as Python's parser may fall over one that somebody wrote to that end. Each of these
# patterns takes a time that grows with the length of the text and not faster.
NO_CODE = re.compile(
    r"""(\"{3}|'{3}).*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*|\\.""", re.DOTALL
)  # strings and comments
STATEMENT = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)
DEFINES = re.compile(r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|(\w+)[ \t]*=(?!=)")
CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w*)[ \t]*\(")
NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def needed(cells: Sequence[Cell], functions: Iterable[str]) -> list[Cell]:
    """The cells that these functions need, in order.

    A cell is needed as a whole, and what it needs is every name in it; so this may be too many, never too few, except
    where a name is made by other means than a statement.
    """
    names = {cell.number: names_of(cell.source) for cell in cells}
    wanted, chosen = {EVERYTHING, *functions}, set()
    while True:
        more = {number for number, (defined, _) in names.items() if defined & wanted} - chosen
        if not more:
            return [cell for cell in cells if cell.number in chosen]
        chosen |= more
        wanted |= {name for number in more for name in names[number][1]}


def names_of(source: str) -> tuple[set[str], set[str]]:
    """What a cell defines, and what it uses. Of a cell that is no Python, what it looks as if it would define."""
    tree = parsed(source)
    if tree is None:
        return set(re.findall(r"^[ \t]*(?:def|class)[ \t]+(\w+)", source, re.MULTILINE)), set()
    defined, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.alias):
            defined.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
    return defined, used


def calls(cells: Sequence[Cell]) -> dict[str, set[str]]:
    """What each function calls; of a name that stands for another function, that one. The last definition counts."""
    found = {}
    for cell in cells:
        for statement in STATEMENT.split(NO_CODE.sub(" ", cell.source)):
            if defined := DEFINES.match(statement):
                rest, function = statement[defined.end() :], defined[1]
                found[function or defined[2]] = set((CALL if function else NAME).findall(rest))
    return found


def reached(calls: dict[str, set[str]], function: str) -> set[str]:
    """The other functions that one calls, itself or through those that it calls."""
    found, todo = set(), [function]
    while todo:
        more = calls.get(todo.pop(), set()) - found
        found |= more
        todo += more
    return found - {function}


def parsed(source: str) -> ast.Module | None:
    """A cell, with its magics, as Python; None where it is none."""
    from IPython.core.inputtransformer2 import TransformerManager  # importing IPython takes its time

    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return None


def is_stub(cells: Sequence[Cell], function: str) -> bool:
    """Whether a function still has its `raise NotImplementedError`, and returns nothing before it."""
    for cell in reversed(cells):
        tree = parsed(cell.source)
        for node in reversed(tree.body if tree else []):  # of several definitions the last counts
            if isinstance(node, ast.FunctionDef) and node.name == function:
                raises = [part.lineno for part in node.body if ast.unparse(part) == "raise NotImplementedError"]
                returns = [part.lineno for part in ast.walk(node) if isinstance(part, ast.Return)]
                return bool(raises) and min(raises) < min(returns, default=max(raises) + 1)
    return False
