"""The map of the course: it is what notebooks, exercises and tests say today, and all that it names is there."""

import ast
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import minisft
from minisft.checks import CONTRACTS
from minisft.cli import main
from minisft.course import course_map
from minisft.course.assignments import assignments_of
from minisft.course.outline import read_headings
from minisft.errors import InputError
from minisft.grading.notebooks import all_notebooks, exercises_of, source_of

ROOT = Path(minisft.__file__).parents[1]
MAP = Path("chapters/README.md")
LINK = re.compile(r"\[([^\]]*)\]\(([^)#]+)(?:#cell-id=([^)]+))?\)")


def cells_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def has_tests(path: Path) -> bool:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in nodes)


def section_is_there(path: Path, words: str, cell_id: str) -> bool:
    """Whether the cell of that id is there, with the heading of a section, or else above the check of an exercise."""
    cells = cells_of(path)
    number = next((i for i, cell in enumerate(cells) if cell["id"] == cell_id), None)
    if number is None:
        return False
    if "exercises" not in path.parts:
        return f"## {words}" in source_of(cells[number])
    following = "\n".join(source_of(cell) for cell in cells[number : number + 3])
    return words in CONTRACTS and following.startswith("## ") and f'check("{words}", ' in following


def absent(page: str, root: Path) -> list[str]:
    """What a map links to that is not there."""
    found = []
    for words, target, cell_id in LINK.findall(page):
        path = (root / "chapters" / target).resolve()
        there = path.is_file() and (not cell_id or section_is_there(path, words, cell_id))
        if path.is_relative_to(root.resolve() / "tests"):
            there = there and has_tests(path)
        elif path.is_relative_to(root.resolve() / "minisft") and words != path.name:
            there = there and re.search(rf"\b(def|class) {words}\b|^{words}\b.*=", path.read_text(), re.MULTILINE)
        found += [] if there else [f"{words}: {target}{cell_id and '#'}{cell_id}"]
    return found


def test_the_map_is_what_the_course_says() -> None:
    assert course_map(ROOT) == (ROOT / MAP).read_text(encoding="utf-8"), "run: make map"


def test_all_that_the_map_names_is_there() -> None:
    page = (ROOT / MAP).read_text(encoding="utf-8")
    assert len(LINK.findall(page)) > 200
    assert absent(page, ROOT) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ops/test_ops.py", "ops/test_opps.py"),
        ("ops/test_ops.py", "conftest.py"),
        ("[attention](../minisft/ops/attention.py)", "[atention](../minisft/ops/attention.py)"),
        ("3_1_transformer_encoder.ipynb", "3_1_transformer.ipynb"),
        ("[merge_heads](../exercises", "[merge_head](../exercises"),
        ("[3.1.2 Many", "[3.1.2 Some"),
        ("#cell-id=", "#cell-id=x"),
    ],
)
def test_what_is_not_there_is_seen(old: str, new: str) -> None:
    page = (ROOT / MAP).read_text(encoding="utf-8")
    assert old in page
    assert absent(page.replace(old, new), ROOT)


def test_every_heading_of_the_document_is_on_the_map() -> None:
    headings = read_headings(ROOT / "chapters")
    page = (ROOT / MAP).read_text(encoding="utf-8").partition("## Every heading")[2]
    lines = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line) for line in page.splitlines()]
    starts = [re.match(r"(?:\s*- |#+ |\| )(\d+(?:\.\d+)*) ", line) for line in lines]
    assert [start[1] for start in starts if start] == [heading.number for heading in headings]
    for heading in headings:
        assert any(str(heading) in line for line in lines), heading


def test_headings_are_numbered_without_gaps() -> None:
    before: list[int] = []
    for heading in read_headings(ROOT / "chapters"):
        number = [int(part) for part in heading.number.split(".")]
        *above, last = number
        assert above == before[: len(above)], heading
        assert last == (before[len(above)] + 1 if len(before) > len(above) else 1), heading
        before = number


def test_what_is_not_written_is_said_to_be() -> None:
    page = (ROOT / MAP).read_text(encoding="utf-8").partition("## Every heading")[2]
    written = {".".join(path.stem.split("_")[:2]) for path in all_notebooks(ROOT / "chapters")}
    for chapter in page.split("\n### ")[1:]:
        listed = chapter.partition("*Not written yet:*")[2]
        for heading in read_headings(ROOT / "chapters"):
            if heading.depth > 0 and heading.number.startswith(f"{chapter[0]}."):
                section = ".".join(heading.number.split(".")[:2])
                assert (f"- {heading}\n" in f"{listed}\n") == (section not in written), heading


@pytest.mark.parametrize("path", all_notebooks(ROOT / "exercises"), ids=lambda path: path.stem)
def test_all_exercises_and_all_points_are_on_the_map(path: Path) -> None:
    tasks, graded = assignments_of(path), exercises_of(path)
    assert {task.name for task in tasks} >= {exercise.name for exercise in graded if exercise.function}
    assert sum(task.points for task in tasks) == sum(exercise.points for exercise in graded if exercise.function)
    assert sum(task.by_hand for task in tasks) == sum(exercise.points for exercise in graded if not exercise.function)
    assert len({task.name for task in tasks}) == len(tasks)
    assert all(task.section.startswith(".".join(path.stem.split("_")[:2])) for task in tasks)


@pytest.fixture
def course(tmp_path) -> Path:
    """A copy of what the map is read off."""
    for folder in ("chapters", "exercises", "minisft", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "weights", ".ipynb_checkpoints", "phrases", "results")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    return tmp_path


ONE = "chapters/3_algorithms/3_1_transformer_encoder.ipynb"
ITS_EXERCISES = ONE.replace("chapters", "exercises")


def put(path: str, old: str, new: str) -> Callable[[Path], None]:
    """A change of the words of a file."""

    def change(root: Path) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new), encoding="utf-8")

    return change


def take_away(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).unlink()


def another_test(root: Path) -> None:
    (root / "tests/ops/test_more.py").write_text(
        "from minisft.ops import TEXTBOOK\ndef test_more():\n    TEXTBOOK.attention\n"
    )


def another_title(root: Path) -> None:
    for path in (ONE, "chapters/headings.txt"):
        put(path, "3.1.2 Many heads", "3.1.2 Several heads")(root)


@pytest.mark.parametrize(
    ("change", "change_of_map"),
    [
        (take_away("tests/ops/test_ops.py"), "-ops/test_ops"),
        (another_test, "+ops/test_more"),
        (another_title, "+3.1.2 Several heads"),
        (put(ITS_EXERCISES, "half done · ★★ · 15 minutes", "half done · ★ · 25 minutes"), "+★ 25 min, half done"),
        (put(ITS_EXERCISES, '"points": 4', '"points": 5'), "+★★★ 30 min, 5 points"),
        (put(ONE, "0.9 GB of memory", "0.7 GB of memory"), "+| 15 s | 0.7 GB |"),
        (put(ONE, "what a matrix product is", "what a product is"), "+what a product is"),
        (put(ONE, "split_heads", "cut_heads"), "-[split_heads](../minisft"),
        (
            take_away("chapters/4_mathematics/4_3_optimiser.ipynb"),
            "+- 4.3.2 The linear schedule · 线性学习率调度的计算",
        ),
        (take_away(ITS_EXERCISES), "-[multi_head_attention]"),
    ],
)
def test_the_map_goes_stale(course, change: Callable[[Path], None], change_of_map: str) -> None:
    before = course_map(course)
    change(course)
    after = course_map(course)
    sign, words = change_of_map[0], change_of_map[1:]
    assert before.count(words) < after.count(words) if sign == "+" else before.count(words) > after.count(words)
    assert absent(after, course) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(ONE, "## 3.1.2 Many heads", "## 3.1.2 Several heads"), "'3.1.2 Several heads.* document has '3.1.2 Many"),
        (put(ONE, "## 3.1.2 Many heads", "## Many heads"), "'3.1.3 Residual.* document has '3.1.2 Many heads"),
        (put(ONE, "## 3.1.3 ", "### "), "'no heading' stands where the document has '3.1.3"),
        (put(ONE, "# 3.1 The", "# 3.1 A"), "'3.1 A Transformer"),
        (put(ONE, "0.9 GB of memory", "not much memory"), "does not say what it needs"),
        (put(ONE, "**You should know**", "You should know"), "does not say what it needs"),
        (put(ONE, "Reading takes an hour", "Reading takes long"), "reading takes 'long'; expected '45 minutes'"),
        (put(ITS_EXERCISES, "(★★★ · 30 minutes)", ""), "has points; expected a heading"),
        (put(ITS_EXERCISES, 'check(\\"encoder_layer\\"', 'print(\\"encoder_layer\\"'), "has no check"),
        (put(ONE, '{\n "cells"', '{\n "cellos"'), "has no cells"),
        (take_away(ONE), r"links to 3_1_transformer_encoder.ipynb, which does not exist"),
        (take_away("minisft/ops/heads.py"), r"links to \.\./\.\./minisft/ops/heads.py, which does not exist"),
        (put("chapters/headings.txt", "2.1 Language", "Language"), "is no heading"),
        (take_away("chapters/headings.txt"), "expected the titles of the document"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(course, change: Callable[[Path], None], message: str, capsys) -> None:
    change(course)
    with pytest.raises(InputError, match=message):
        course_map(course)
    assert main(["map", "--course", str(course)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_command_writes_the_map(course, capsys) -> None:
    (course / MAP).write_text("old")
    assert main(["map", "--course", str(course)]) == 0
    assert capsys.readouterr().out == f"written       {course / MAP}\n"
    assert (course / MAP).read_text(encoding="utf-8") == course_map(course)
