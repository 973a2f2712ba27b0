"""The map as a page: `chapters/README.md`."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from minisft.course.assignments import Assignment, assignments_of
from minisft.course.outline import LINK, Heading, Notebook, read_headings, read_notebooks, target_of
from minisft.course.pieces import Piece, pieces_of, tests_of
from minisft.errors import InputError

MAP = "README.md"  # beside the chapters
FOREWORD = """\
<!-- Written by `python -m minisft map`. -->

# The map of the course

The course follows the document *Large language models, foundations and frontiers: supervised fine-tuning*
(《大语言模型原理基础与前沿 基于监督学习进行微调》), a notebook for each section that is written. New here? {start}
shows the whole idea in {minutes} minutes; then read in order, or where you like. Each notebook proves what it builds,
and runs without a network. Build the same pieces yourself in its **exercises**: there `check` says which mistake you
have made, and in a terminal (`. .venv/bin/activate` first) `python -m minisft progress` says what is right and what
comes next.

## The notebooks

Computing time and peak memory were measured on two CPU cores.

| notebook | you should know | reading | computing | memory | exercises |
|---|---|--:|--:|--:|--:|"""
LEGEND = """
## Every heading of the document

**Pieces** of `minisft`: what a section builds or takes apart, in the package. **Tests** that hold these pieces; all of
them run with `make test`, and every notebook. **Exercises**: from ★ to ★★★; points after a + are for a question that a
person marks. `python -m minisft.checks attention` says what an exercise is held to, and which mistakes it knows."""
SECTIONS = """\
| section | pieces | tests | exercises |
|---|---|---|---|"""


def course_map(root: Path) -> str:
    """The text of the map.

    `root` is the folder with chapters, exercises, minisft and tests. Raises InputError where a notebook does not follow
    the document, does not say what it needs, or links to what is not there.
    """
    headings = read_headings(root / "chapters")
    notebooks = read_notebooks(root / "chapters", headings)
    if not notebooks:
        raise InputError(f"there is no notebook in {root / 'chapters'}; expected the folder that holds the course")
    return "\n".join([*overview(root, notebooks), LEGEND, *chapters(root, headings, notebooks)]) + "\n"


def write_map(root: Path) -> Path:
    """Write the map. Returns its path."""
    path = root / "chapters" / MAP
    path.write_text(course_map(root), encoding="utf-8", newline="\n")
    return path


def overview(root: Path, notebooks: list[Notebook]) -> Iterator[str]:
    """The foreword, and a line for each notebook."""
    first = notebooks[0]
    start = f"[{first.opening.title.partition(':')[0]}]({relative(first.path, root)})"
    yield FOREWORD.format(start=start, minutes=first.opening.reading)
    for notebook in notebooks:
        opening, tasks = notebook.opening, tasks_of(notebook, root)
        sums = f"{len(tasks)} in {sum(task.minutes for task in tasks)} min"
        yield row(
            link(opening.title, relative(notebook.path, root)), rebased(opening.know, notebook.path, root),
            f"{opening.reading} min", f"{opening.running} s", f"{opening.memory} GB",
            link(sums, relative(exercises_path(notebook, root), root)) if tasks else "–",
        )  # fmt: skip


def chapters(root: Path, headings: list[Heading], notebooks: list[Notebook]) -> Iterator[str]:
    """Every heading of the document: those of a notebook in its table, the others in a list."""
    written = {notebook.opening.title: notebook for notebook in notebooks}
    for chapter in (heading for heading in headings if heading.depth == 0):
        yield f"\n### {chapter}"
        missing = []
        for section in (heading for heading in headings if heading.depth == 1 and heading.within(chapter)):
            if str(section) in written:
                yield from table(root, written[str(section)])
            else:
                missing += [heading for heading in headings if heading.within(section)]
        if missing:
            yield "\n*Not written yet:*\n"
            yield from ("  " * (heading.depth - 1) + f"- {heading}" for heading in missing)


def table(root: Path, notebook: Notebook) -> Iterator[str]:
    """A notebook's headings, with what belongs to each."""
    path, tasks = relative(notebook.path, root), tasks_of(notebook, root)
    yield f"\n#### {link(notebook.opening.title, path)}"
    if notebook.sections:
        yield f"\n{SECTIONS}"
    for part in notebook.sections:
        pieces = pieces_of(part, notebook, root)
        here = [task for task in tasks if task.section == part.title.split()[0]]
        yield row(
            link(part.title, f"{path}#cell-id={part.cell}"),
            lines(links_to_piece(piece, root) for piece in pieces),
            lines(link_to_test(test, root) for test in tests_of(pieces, root)),
            lines(link_to_task(task, relative(exercises_path(notebook, root), root)) for task in here),
        )


def links_to_piece(piece: Piece, root: Path) -> str:
    """The names of a piece, each a link to its file; the file where it has none."""
    return lines(f"[{name}]({relative(piece.path, root)})" for name in piece.names or [piece.path.name])


def link_to_test(test: Path, root: Path) -> str:
    """ops/test_ops, a link to its file."""
    return f"[{test.parent.name}/{test.stem}]({relative(test, root)})"


def link_to_task(task: Assignment, path: str) -> str:
    """attention_weights ★★ 15 min, half done, 2 points."""
    words = [f"[{task.name}]({path}#cell-id={task.cell}) {task.stars} {task.minutes} min"]
    words += [task.kind] if task.kind else []
    if task.points:
        both = f"{task.points:g} + {task.by_hand:g}" if task.by_hand else f"{task.points:g}"
        words.append(f"{both} {'point' if both == '1' else 'points'}")
    return ", ".join(words)


def link(title: str, target: str) -> str:
    """The English of a title as a link, the Chinese after it."""
    english, dot, chinese = title.partition(" · ")
    return f"[{english}]({target}){dot}{chinese}"


def lines(parts: Iterable[str]) -> str:
    """A table's cell of several lines."""
    return "<br>".join(parts) or "–"


def row(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def exercises_path(notebook: Notebook, root: Path) -> Path:
    """Where the exercises of a notebook are, if it has some."""
    return root / "exercises" / notebook.path.relative_to(root / "chapters")


def tasks_of(notebook: Notebook, root: Path) -> list[Assignment]:
    """The exercises of a notebook."""
    path = exercises_path(notebook, root)
    return assignments_of(path) if path.exists() else []


def relative(path: Path, root: Path) -> str:
    """A path as a link from the map."""
    return Path(os.path.relpath(path, root / "chapters")).as_posix()


def rebased(text: str, notebook: Path, root: Path) -> str:
    """A text of a notebook, its links made to start from the map."""

    def moved(match: re.Match[str]) -> str:
        words, target = match.groups()
        return match[0] if "://" in target else f"[{words}]({relative(target_of(notebook, target), root)})"

    return LINK.sub(moved, text)
