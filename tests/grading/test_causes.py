"""One mistake costs the exercises that call the wrong function too; the page says which one is to be mended first."""

import csv

import pytest
from small_course import NAMES, Student, right, signature

from minisft.cli import main
from minisft.grading.marking import Mark, with_causes
from minisft.grading.needed import calls, reached
from minisft.grading.notebooks import Cell, Exercise

UNSCALED = right("attention").replace(" / math.sqrt(query.shape[-1])", "")
CALLS = f"{signature('layer_norm')}\n    attention(x, x, x)\n    return x"


def cells(*sources: str) -> list[Cell]:
    return [Cell(number, source) for number, source in enumerate(sources, 1)]


def test_calls_are_those_of_a_function_and_of_all_that_it_calls() -> None:
    notebook = cells(
        '@torch.no_grad()\ndef f(\n    x, g=k(1)\n):\n    "calls a(x)"\n    return helper(x) + x.b(1)  # c(x)\n',
        "def helper(x):\n    d = 1\n    return [e (x), '''\ndef g(): i()''', h]\nother = f",
        "def g(): return g(j())\n%time g()", "def g():\n    return m()", "def broken(x:\n    n(x)",
    )  # fmt: skip
    found = calls(notebook)
    assert reached(found, "f") == {"k", "helper", "e"}
    assert reached(found, "other") == {"f", "k", "helper", "e"}
    assert reached(found, "g") == {"m"}
    assert reached(found, "broken") == {"n"}
    assert reached(found, "nowhere") == set()


def told(*marks: tuple[str, str, str], source: str) -> list[Mark]:
    """Marks of exercises a, b, c of this status, message and mistake, after a look at who calls whom."""
    exercises = [Exercise(name, 2.0, f"check-{name}", name, 1) for name in "abc"[: len(marks)]]
    found = [Mark(e.name, 0.0, 2.0, 0.0, *mark) for e, mark in zip(exercises, marks, strict=True)]
    return with_causes(exercises, found, cells(source))


THREE = "def a(): pass\ndef b(): a()\ndef c(): b()"


def test_the_deepest_is_to_be_mended_first_and_its_mistake_counts_once() -> None:
    a, b, c = told(
        ("wrong", "no root.", "no root"), ("wrong", "no root.", "like that"), ("error", "", ""), source=THREE
    )
    assert (a.message, a.mistake) == ("no root.", "no root")
    assert (b.message, b.mistake) == ("It calls a, which is not right: mend that first. No root.", "")
    assert (c.message, c.mistake) == ("It calls a, which is not right: mend that first.", "")


@pytest.mark.parametrize("status", ["stub", "missing"])
def test_what_is_not_written_is_said_to_be_so(status) -> None:
    _, b = told((status, "", ""), ("wrong", "x", "its own"), source=THREE)
    assert b.message == "It calls a, which is not written yet: write that first. X"
    assert b.mistake == "its own"


def test_who_calls_what_is_right_is_told_nothing() -> None:
    _, b, c = told(("right", "right", ""), ("right", "right", ""), ("wrong", "x", "y"), source=THREE)
    assert (b.message, c.message, c.mistake) == ("right", "x", "y")
    a, b = told(("wrong", "x", "y"), ("wrong", "x", "y"), source="def a(): b()\ndef b(): a()")
    assert [one.message[:11] for one in (a, b)] == ["It calls b,", "It calls a,"]


def test_on_the_pages(solutions, tmp_path, capsys) -> None:
    blank = {name: f"{signature(name)}\n    raise NotImplementedError" for name in NAMES}
    path = Student(blank | {"attention": UNSCALED, "layer_norm": CALLS}).hand_in(tmp_path / "in", "ann")
    options = ["--solutions", str(solutions), "--out", str(tmp_path / "out"), "--no-sandbox"]
    assert main(["grade", str(tmp_path / "in"), *options]) == 0
    said = "It calls attention, which is not right: mend that first. "
    assert f"Not right. {said}" in (tmp_path / "out" / "feedback" / "ann.html").read_text()
    with open(tmp_path / "out" / "misconceptions.csv", newline="", encoding="utf-8") as file:
        assert [(row["exercise"], row["students"]) for row in csv.DictReader(file)] == [("attention", "1")]
    capsys.readouterr()
    assert main(["progress", str(path)]) == 0
    assert said in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("return scorse + 1", "it raises NameError: name 'scorse' is not defined."),
        ("raise NameError(f\"name 'm{7300 + 42}' is not defined\")", "it raises NameError."),
        ("returns scores", "raises SyntaxError: invalid syntax (cell In [2], line 2)"),
    ],
)
def test_an_error_says_which_name_and_which_line(solutions, tmp_path, source: str, said: str) -> None:
    Student({"softmax": f"\n{signature('softmax')}\n    {source}"}).hand_in(tmp_path / "in", "ann")
    options = ["--solutions", str(solutions), "--out", str(tmp_path / "out"), "--no-sandbox"]
    assert main(["grade", str(tmp_path / "in"), *options]) == 0
    page = (tmp_path / "out" / "feedback" / "ann.html").read_text().replace("&#39;", "'")
    assert said in page
    assert "m7342" not in page
    assert "ipython-input" not in page
