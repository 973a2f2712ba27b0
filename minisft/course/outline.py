"""The headings of the document, and what the notebooks that follow it say of themselves."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from minisft.errors import InputError
from minisft.grading.notebooks import UnreadableError, all_notebooks, read, source_of

NAME = "headings.txt"  # beside the chapters: the titles of the document
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
NUMBERED = re.compile(r"(\d+(?:\.\d+)*) (.+)")
NEEDS = re.compile(r"\*\*You should know\*\* (.+?)\.? \*\*It takes\*\* (.+)")
TAKES = re.compile(r"(?:about )?(\d+) seconds .*?([\d.]+) GB of memory.*Reading takes (.+?)\.")
HOURS = {"an hour": 60, "an hour and a half": 90}


@dataclass(frozen=True)
class Heading:
    """A heading of the document: its number, and its title in English and Chinese."""

    number: str
    title: str

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def depth(self) -> int:
        """0 for a chapter, 1 for a section, 2 for what a section is made of."""
        return self.number.count(".")

    def within(self, other: "Heading") -> bool:
        """Whether it stands under another, or is it."""
        return f"{self.number}.".startswith(f"{other.number}.")


@dataclass
class Part:
    """What stands in a notebook from one `##` to the next."""

    title: str
    cell: str  # the id of the cell with the heading
    lines: list[str] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its Markdown."""
        return "\n".join(self.lines)

    @property
    def code(self) -> list[str]:
        """Its code cells."""
        return [source_of(cell) for cell in self.cells if cell["cell_type"] == "code"]


@dataclass(frozen=True)
class Opening:
    """The first cell of a notebook: its title, what one should know, and what it takes."""

    title: str
    know: str
    reading: int  # minutes
    running: int  # seconds
    memory: float  # GB, at its peak


@dataclass(frozen=True)
class Notebook:
    """A notebook of a chapter. `parts` begins with what stands before the first heading."""

    path: Path
    opening: Opening
    parts: list[Part]

    @property
    def sections(self) -> list[Part]:
        """The parts that belong to a heading of the document."""
        return [part for part in self.parts if NUMBERED.match(part.title)]


def read_headings(chapters: Path) -> list[Heading]:
    """The document's headings, one a line.

    Raises InputError where the file is not there, and for a line that is no heading.
    """
    path = chapters / NAME
    if not path.exists():
        raise InputError(f"there is no {path}; expected the titles of the document beside the chapters")
    lines = path.read_text(encoding="utf-8").splitlines()
    matches = [(line, NUMBERED.fullmatch(line)) for line in lines]
    wrong = [line for line, match in matches if not match]
    if wrong:
        raise InputError(f"{path}: {wrong[0]!r} is no heading; expected a number and a title, as in 3.1.1 Title · 标题")
    return [Heading(*match.groups()) for _, match in matches if match]


def read_notebooks(chapters: Path, headings: list[Heading]) -> list[Notebook]:
    """All notebooks, in order; those of chapter 0 stand outside the document.

    Raises InputError where one has not the headings of its section of the document, all of them, in their words.
    """
    notebooks = []
    for path in all_notebooks(chapters):
        parts = parts_of(path)
        notebook = Notebook(path, read_opening(path, parts[0].text), parts)
        number = ".".join(path.stem.split("_")[:2])
        if not number.startswith("0."):
            expected = [str(one) for one in headings if one.number == number or one.number.startswith(f"{number}.")]
            compare(path, expected, [notebook.opening.title, *(part.title for part in notebook.sections)])
        notebooks.append(notebook)
    return notebooks


def compare(path: Path, expected: list[str], found: list[str]) -> None:
    """Hold a notebook's headings to the document's."""
    for wanted, there in zip_longest(expected, found, fillvalue="no heading"):
        if wanted != there:
            raise InputError(f"{path}: {there!r} stands where the document has {wanted!r}; mend it there or in {NAME}")


def parts_of(path: Path) -> list[Part]:
    """A notebook, heading by heading."""
    try:
        cells = read(path)["cells"]
    except UnreadableError as error:
        raise InputError(f"{path}: {error}") from None
    found = [Part("", "")]
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for line, is_heading in lines_of(source_of(cell)):
                if is_heading:
                    found.append(Part(line.removeprefix("## "), cell["id"]))
                else:
                    found[-1].lines.append(line)
            found[-1].lines.append("")
        found[-1].cells.append(cell)
    return found


def lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of a Markdown cell, each with whether it is a heading of the second rank."""
    fenced = False
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        yield line, line.startswith("## ") and not fenced


def read_opening(path: Path, text: str) -> Opening:
    """What the first cell of a notebook says.

    Raises InputError where it does not say what one should know and what it takes.
    """
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    needs = next(filter(None, map(NEEDS.search, paragraphs)), None)
    takes = TAKES.search(needs[2]) if needs else None
    if not needs or not takes:
        raise InputError(
            f"{path}: its first cell does not say what it needs; expected a paragraph with '**You should know** ... "
            "**It takes** 20 seconds on two CPU cores, 0.9 GB of memory, and no network. Reading takes an hour.'"
        )
    seconds, memory, reading = takes.groups()
    return Opening(paragraphs[0].removeprefix("# "), needs[1], minutes(path, reading), int(seconds), float(memory))


def target_of(notebook: Path, link: str) -> Path:
    """The file that a link in a notebook leads to.

    Raises InputError where there is none.
    """
    path = Path(os.path.normpath(notebook.parent / link.partition("#")[0]))
    if not path.exists():
        raise InputError(f"{notebook}: it links to {link}, which does not exist; mend the link")
    return path


def minutes(path: Path, words: str) -> int:
    """45 for "45 minutes", 60 for "an hour"."""
    number, _, unit = words.partition(" ")
    if unit == "minutes" and number.isdigit():
        return int(number)
    if words not in HOURS:
        raise InputError(f"{path}: reading takes {words!r}; expected '45 minutes', or one of {', '.join(HOURS)}")
    return HOURS[words]
