"""The teacher's page leads to each student, whatever their name is."""

import csv
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from minisft.grading.classroom import Result
from minisft.grading.marking import Mark
from minisft.grading.pages import write_pages

STUDENTS = ["Jürgen Groß", 'o\'neil "x"', "<img src=x onerror=alert(1)>", "a&b?c#d%41;e", "javascript:alert(1)"]


class Tags(HTMLParser):
    """The links of a page, the names in folded parts, and every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.folded: dict[str, str] = {}
        self.summary = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name == "href"]

    def handle_data(self, data: str) -> None:
        if self.lasttag == "summary" and not self.summary:
            self.summary = data
        elif self.summary:
            self.folded[self.summary] = self.folded.get(self.summary, "") + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self.summary = ""


@pytest.fixture
def out(tmp_path):
    """What is written of a class in which three made a mistake, and one has it right."""
    mistakes = ["no root", "no root", "no root", "", ""]
    statuses = ["wrong"] * 3 + ["right", "stub"]
    marks = [Mark("softmax", 0.0, 2.0, 0.0, *mark) for mark in zip(statuses, ["x"] * 5, mistakes, strict=True)]
    write_pages(tmp_path, [Result(name, "c/n", (mark,)) for name, mark in zip(STUDENTS, marks, strict=True)])
    return tmp_path


def test_every_student_is_linked_and_named_under_what_happened(out) -> None:
    page = Tags((out / "teacher.html").read_text())
    assert page.tags.isdisjoint({"img", "script"})
    files = {unquote(link) for link in page.links}
    assert files == {f"feedback/{name}.html" for name in STUDENTS}
    assert all((out / name).is_file() for name in files)
    assert not [link for link in page.links if not link.startswith("feedback/") or "?" in link or "#" in link]
    assert page.folded["not right: 3"].strip() == ", ".join(STUDENTS[:3])
    assert page.folded["3 no root"].strip() == ", ".join(STUDENTS[:3])
    assert page.folded["not written: 1"].strip() == STUDENTS[4]


def test_the_table_of_mistakes_says_who(out) -> None:
    with open(out / "misconceptions.csv", newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["students"], row["of"], row["who"]) == ("3", "5", ", ".join(STUDENTS[:3]))
