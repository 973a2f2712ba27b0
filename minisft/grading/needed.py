"""Which cells a function needs: those that define it, those that define what these use, and so on."""

import ast
import re
from collections.abc import Iterable, Sequence

from minisft.grading.notebooks import Cell

EVERYTHING = "*"  # what `from module import *` may define


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
