"""Which pieces of the package a section of a notebook works on, and which tests hold them."""

import ast
import dataclasses
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from minisft.course.outline import LINK, Notebook, Part, target_of
from minisft.grading.needed import parsed
from minisft.ops import Ops

OPS = frozenset(field.name for field in dataclasses.fields(Ops))
SETS = frozenset({"TEXTBOOK", "FUSED", "ops"})  # what stands before the dot of an op
CONTRACTS = "checks"  # the tests there hold what exercises ask for to the whole package


@dataclass(frozen=True)
class Piece:
    """A file of the package, and what of it is meant; nothing: all of it."""

    path: Path
    names: tuple[str, ...]


def pieces_of(part: Part, notebook: Notebook, root: Path) -> list[Piece]:
    """The pieces of a section: what the notebook's opening links to and the section's code uses, and what the section
    itself links to. A link whose words are names of the file means these, any other the whole file."""
    imported = frozenset().union(*(imports(source) for each in notebook.parts for source in each.code))
    used = frozenset().union(*(uses(source, imported) for source in part.code))
    opening = linked(notebook.parts[0], notebook.path, root)
    here = linked(part, notebook.path, root)
    found = []
    for path in dict.fromkeys([*opening, *here]):
        public, inner = defined(path)
        meant = [name for name in public if name in opening.get(path, set()) | here.get(path, set())] or public
        names = [name for name in meant if name in used]
        names += [name for name in [*public, *inner] if name in here.get(path, ()) and name not in names]
        if names or path in here:
            found.append(Piece(path, tuple(names)))
    return found


def tests_of(pieces: list[Piece], root: Path) -> list[Path]:
    """The test files that hold these pieces: those of their rooms, and of the contracts, that use their names; where
    none does, those that use another name of the file."""
    found = []
    for piece in pieces:
        room = piece.path.relative_to(root / "minisft").parts[0]
        files = [path for folder in (room, CONTRACTS) for path in sorted((root / "tests" / folder).glob("test_*.py"))]
        used = {path: names_in(path) for path in files}
        for names in (piece.names, defined(piece.path)[0]):
            holding = [path for path in files if not used[path].isdisjoint(names)]
            if holding:
                found += holding
                break
    return list(dict.fromkeys(found))


def linked(part: Part, notebook: Path, root: Path) -> dict[Path, set[str]]:
    """The files in a room of the package that a part links to, each with the names in the words of the links."""
    found: dict[Path, set[str]] = {}
    for words, link in LINK.findall(part.text):
        if link.endswith(".py") and "://" not in link:
            path = target_of(notebook, link)
            if path.is_relative_to(root / "minisft") and path.parent != root / "minisft":  # beside the rooms are tools
                found.setdefault(path, set()).update(re.findall(r"`(\w+)`", words))
    return found


def defined(path: Path) -> tuple[list[str], list[str]]:
    """The public names of a file, and the functions inside its classes."""
    tree = tree_of(path.read_text(encoding="utf-8"))
    public: list[str] = []
    inner: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            public.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            public += [target.id for target in targets if isinstance(target, ast.Name)]
        if isinstance(node, ast.ClassDef):
            inner += [method.name for method in node.body if isinstance(method, ast.FunctionDef)]
    return [name for name in public if not name.startswith("_") and not name.endswith("_fused")], inner


@cache
def tree_of(source: str) -> ast.AST:
    """A cell or a file as Python; empty where it is none."""
    return parsed(source) or ast.Module([], [])


def names_in(path: Path) -> frozenset[str]:
    """What of the package a test file uses."""
    source = path.read_text(encoding="utf-8")
    return uses(source, imports(source))


@cache
def imports(source: str) -> frozenset[str]:
    """What code imports from the package."""
    return frozenset(
        alias.asname or alias.name
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "minisft"
        for alias in node.names
    )


@cache
def uses(source: str, imported: frozenset[str]) -> frozenset[str]:
    """The imported names that code mentions, and its ops: `TEXTBOOK.softmax`, `ops.replace(attention=...)`."""
    found = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Name) and node.id in imported:
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and is_set(node.value):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
            found |= {keyword.arg for keyword in node.keywords if is_set(node.func.value)} & OPS
    return frozenset(found)


def is_set(node: ast.AST) -> bool:
    """Whether this is a set of ops."""
    return (isinstance(node, ast.Name) and node.id in SETS) or (isinstance(node, ast.Attribute) and node.attr == "ops")
