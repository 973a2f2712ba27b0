"""The teacher's page says what is there: lessons of fifty minutes, cells that are meant, exercises, commands."""

import re
from pathlib import Path

import nbformat
import pytest
from lab import ROOT
from nbgrader.apps import NbGraderApp

from minisft.grading.notebooks import all_notebooks, exercises_of

FOLDER = ROOT / "solutions"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
LESSONS = {  # by the path of the notebook
    (FOLDER / link).resolve(): text
    for link, text in re.findall(r"^### \[[^\]]*\]\(([^)]*\.ipynb)\)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
}


def names(path: Path) -> str:
    return path.stem


def test_every_notebook_has_a_lesson() -> None:
    assert sorted(LESSONS) == all_notebooks(ROOT / "chapters")


@pytest.mark.parametrize("path", LESSONS, ids=names)
def test_a_lesson_has_fifty_minutes(path: Path) -> None:
    parts = [tuple(map(int, part)) for part in re.findall(r"^\| (\d+)–(\d+) \|", LESSONS[path], re.MULTILINE)]
    ends = [0, *(end for _, end in parts)]
    assert [begin for begin, _ in parts] == ends[:-1]
    assert ends[-1] == 50


@pytest.mark.parametrize("path", LESSONS, ids=names)
def test_the_cells_are_those_that_are_meant(path: Path) -> None:
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    shown = re.findall(r"In \[(\d+)\] `([^`]+)`", LESSONS[path])
    assert len(shown) >= 6
    assert [(number, word) for number, word in shown if word not in code[int(number) - 1]] == []


@pytest.mark.parametrize("path", LESSONS, ids=names)
def test_every_exercise_is_done_in_class_or_at_home(path: Path) -> None:
    solution = FOLDER / path.relative_to(ROOT / "chapters")
    known = [exercise.name for exercise in exercises_of(solution)] if solution.exists() else []
    planned = re.search(r"^\*\*In class\*\*.*?(?=\*\*Watch for\*\*)", LESSONS[path], re.MULTILINE | re.DOTALL)[0]
    said = re.findall(r"`([a-z][a-z_-]*)`", planned)
    assert sorted(said) == sorted(known)


def test_commands_and_links_exist() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    used = {command for block in blocks for command in re.findall(r"^nbgrader (\w+)", block, re.MULTILINE)}
    assert len(used) >= 8
    assert used <= set(NbGraderApp.subcommands)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z]+) ?[`A-Z]", PAGE)) | {"grade", "lab"}:
        assert f"\n{target}:" in makefile, target
    for link in re.findall(r"\]\((?!http|#)([^)#]+)\)", PAGE):
        assert (FOLDER / link).exists(), link
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
