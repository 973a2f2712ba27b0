"""A course of one notebook with four exercises and a question for a person, and students who hand it in."""

import inspect
import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from minisft.checks import CONTRACTS

CHAPTER, NOTEBOOK = "9_small", "9_1_small"
NAMES = ["softmax", "attention", "layer_norm", "adamw_update"]
QUESTION = "why-scale"
ANSWER = "Without the division the logits grow with the width, and the softmax saturates."
FIRST = """\
import math
import torch
from minisft.checks import check"""
BODIES = {
    "softmax": """\
        shifted = scores - scores.amax(dim, keepdim=True)
        powers = torch.exp(shifted)
        return powers / powers.sum(dim, keepdim=True)""",
    "attention": """\
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if mask is None:
            return torch.softmax(scores, -1) @ value
        lowest = torch.finfo(scores.dtype).min
        return torch.softmax(scores.masked_fill(~mask, lowest), -1) * mask @ value""",
    "layer_norm": """\
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return centred / torch.sqrt(variance + eps) * weight + bias""",
    "adamw_update": """\
        beta1, beta2 = betas
        first_moment = beta1 * first_moment + (1 - beta1) * gradient
        second_moment = beta2 * second_moment + (1 - beta2) * gradient.square()
        shrink = weight_decay * (learning_rate if decay == "decoupled" else 1.0)
        root = torch.sqrt(second_moment / (1 - beta2**step)) + eps
        step_taken = learning_rate * (first_moment / (1 - beta1**step)) / root
        return parameter - shrink * parameter - step_taken, first_moment, second_moment""",
}


def signature(name: str) -> str:
    """`def softmax(scores, dim=-1):`, without annotations."""
    parameters = CONTRACTS[name].signature.parameters.values()
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return f"def {name}{inspect.Signature(bare)}:"


def body(name: str) -> str:
    """A right one, indented."""
    return textwrap.indent(textwrap.dedent(BODIES[name]), "    ")


def right(name: str) -> str:
    """A cell with a right function."""
    return f"{signature(name)}\n{body(name)}"


def solution_cell(name: str) -> NotebookNode:
    """As a teacher writes it."""
    source = f'{signature(name)}\n    """What {name} is."""\n    ### BEGIN SOLUTION\n{body(name)}\n    ### END SOLUTION'
    return code(source, f"solution-{name}", grade=False, solution=True, locked=False, grade_id=name)


def check_cell(name: str) -> NotebookNode:
    """The cell that bears the points."""
    source = f'check("{name}", {name})'
    return code(source, f"check-{name}", grade=True, solution=False, locked=True, points=2, grade_id=f"check-{name}")


def code(source: str, cell_id: str, **nbgrader: Any) -> NotebookNode:
    """A code cell that was run."""
    output = nbformat.v4.new_output("stream", text="what a teacher saw\n")
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output], id=cell_id)
    return mark(cell, nbgrader)


def mark(cell: NotebookNode, nbgrader: dict[str, Any]) -> NotebookNode:
    """The cell with nbgrader's metadata."""
    if nbgrader:
        cell.metadata.nbgrader = {**nbgrader, "schema_version": 3}
    return cell


def teachers_notebook() -> NotebookNode:
    """The notebook with its solutions."""
    cells = [code(FIRST, "first")]
    for name in NAMES:
        cells += [
            nbformat.v4.new_markdown_cell(f"## {name}\n\nWhat and why.", id=f"about-{name}"),
            solution_cell(name),
            check_cell(name),
            nbformat.v4.new_markdown_cell("<details><summary>Hint</summary>Read it.</details>", id=f"hints-{name}"),
        ]
    question = nbformat.v4.new_markdown_cell(ANSWER, id="question")
    cells.append(mark(question, {"grade": True, "solution": True, "locked": False, "points": 3, "grade_id": QUESTION}))
    real_thing = code("raise RuntimeError('grading runs this, and should not')", "real-thing")
    real_thing.metadata.tags = ["not-graded"]
    cells.append(real_thing)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)


def write_solutions(folder: Path) -> Path:
    """A folder of solutions with that notebook."""
    path = folder / CHAPTER / f"{NOTEBOOK}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(teachers_notebook(), path)
    return folder


class Student:
    """What somebody hands in: all exercises right, but for what a test changes."""

    def __init__(self, functions: dict[str, str] | None = None, before: list[str] | None = None) -> None:
        """`functions`: other sources for exercises; `before`: cells that stand after the first."""
        self.notebook = teachers_notebook()
        for cell in self.notebook.cells:
            name = cell.id.removeprefix("solution-")
            if cell.id.startswith("solution-"):
                cell.source = (functions or {}).get(name, right(name))
        extra = [code(source, f"extra-{i}") for i, source in enumerate(before or [])]
        self.notebook.cells[1:1] = extra
        self.beside: dict[str, str] = {}  # files beside the notebook

    def cell(self, cell_id: str) -> NotebookNode:
        """The cell of that id."""
        return next(cell for cell in self.notebook.cells if cell.id == cell_id)

    def changed(self, change: Callable[[NotebookNode], Any]) -> "Student":
        """This student, after a change to the notebook."""
        change(self.notebook)
        return self

    def hand_in(self, submissions: Path, name: str) -> Path:
        """Write the notebook where the grader looks for it."""
        path = submissions / name / CHAPTER / f"{NOTEBOOK}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(self.notebook), encoding="utf-8")
        for file, text in self.beside.items():
            (path.parent / file).write_text(text, encoding="utf-8")
        return path
