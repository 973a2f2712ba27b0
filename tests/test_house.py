"""The order of the house: no import runs upwards, textbook ops are plain arithmetic, importing is light."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import minisft
from minisft.training import Callback

ROOT = Path(minisft.__file__).parent
# From the first step, text, to the last, the command line: each imports only what stands before it.
ROOMS = [
    "errors",
    "files",
    "ops",
    "text",
    "data",
    "checkpoints",
    "models",
    "objectives",
    "training",
    "checks",
    "grading",
    "course",
]
ABOVE = ["plots", "proof", "measure", "doctor", "commands", "cli", "__main__", "__init__"]
MODULES = sorted(ROOT.rglob("*.py"))


def room_of(dotted: str) -> str:
    """`ops` of `minisft.ops.attention`."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(tree: ast.AST) -> set[str]:
    """Every module that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_import_runs_upwards(path: Path) -> None:
    order = ROOMS + ABOVE
    parts = path.relative_to(ROOT).with_suffix("").parts
    assert parts[0] in order, f"{parts[0]} is a new room: say in this test where it stands"
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        if name.split(".")[0] == "minisft":
            room = room_of(name)
            assert order.index(room) <= order.index(parts[0]), f"{'/'.join(parts)} imports {name}"


def test_the_test_above_sees_an_upward_import() -> None:
    inside = ast.parse("def f():\n    from minisft.training import Trainer\n")
    assert {room_of(name) for name in imported(inside)} == {"training"}


class NamesUsed(ast.NodeVisitor):
    """What a function's body refers to, annotations and docstring aside."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.names: set[str] = set()
        for statement in function.body:
            self.visit(statement)

    def visit_Name(self, node: ast.Name) -> None:
        self.names.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.names.add(ast.unparse(node))
        self.generic_visit(node)


TEXTBOOK_FILES = sorted(path for path in (ROOT / "ops").glob("*.py") if not path.stem.endswith("_fused"))


@pytest.mark.parametrize("path", TEXTBOOK_FILES, ids=lambda path: path.name)
def test_textbook_ops_touch_neither_torch_nn_nor_functional(path: Path) -> None:
    """What is fused has `_fused` at the end of its name, and the textbook's ops use none of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not {name for name in imported(tree) if name.startswith("torch.nn")} - {"torch.nn.functional"}
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for name, function in functions.items():
        if name.endswith("_fused"):
            continue
        used = NamesUsed(function).names
        forbidden = [n for n in used if n == "functional" or n.startswith(("torch.nn", "torch._"))]
        forbidden += [n for n in used if n.endswith("_fused")]
        assert not forbidden, f"{name} uses {forbidden}"
        # torch has whole operations outside torch.nn as well.
        assert not used & {"torch.softmax", "torch.log_softmax", "torch.layer_norm", "torch.dropout", "torch.relu"}


def test_files_and_functions_stay_small() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name}"


def test_every_public_thing_has_a_docstring() -> None:
    inherited = {"forward", "step", "items", *(name for name in vars(Callback) if name.startswith("on_"))}
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        inner = {n.name for f in functions for n in ast.walk(f) if isinstance(n, ast.FunctionDef) and n is not f}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                # The class says what forward and the callbacks' methods do; inner functions are not public.
                excused = node.name in inherited or node.name in inner
                assert ast.get_docstring(node) or excused, f"{path.name}: {node.name}"


def test_types_are_checked_everywhere_but_in_the_town() -> None:
    """While tests run, by the option --jaxtyping-packages in pyproject.toml."""
    names = {"minisft." + ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES}
    names = {name.removesuffix(".__init__") for name in names} - {"minisft", "minisft.__main__", "minisft.data"}
    found = {name for name in names if type(find_spec(name).loader).__name__ == "_JaxtypingLoader"}
    assert found == {name for name in names if not name.startswith("minisft.data.town")}


def test_importing_minisft_is_light() -> None:
    heavy = ["transformers", "datasets", "matplotlib", "sklearn", "pandas", "scipy"]
    code = f"import sys, minisft; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_code_is_tidy() -> None:
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, str(ROOT), str(Path(__file__).parent)],
            capture_output=True, text=True, check=False, cwd=ROOT.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
