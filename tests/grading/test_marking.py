"""The words of a mark: of what comes out of the sandbox nothing is repeated that could be a hidden case."""

from dataclasses import replace

import pytest
import torch

from minisft.checks import CONTRACTS, Answer, AnswerKey
from minisft.checks.calling import Failure, Foreign
from minisft.grading.marking import LONGEST, Words, mark
from minisft.grading.needed import names_of
from minisft.grading.notebooks import Cell, Exercise
from minisft.grading.running import LIMITS, Key, Outcome, Run

SOURCE = "def layer_norm(x, weight, bias, eps=1e-12):\n    return Scores(x)\n    # " + "long " * LONGEST
EXERCISE = Exercise("layer_norm", 2.0, "check-layer_norm", "layer_norm", 3)
OTHER = "an object of another kind"


@pytest.fixture(scope="module")
def key() -> Key:
    """Of an exercise whose gradients are looked at."""
    return Key(EXERCISE, AnswerKey(CONTRACTS["layer_norm"], 1))


def message(key: Key, answers: list[Answer]) -> str:
    """What the student reads."""
    cells = [Cell(3, SOURCE)]
    (found,) = mark([EXERCISE], {"layer_norm": key}, Run(outcomes={"layer_norm": Outcome(answers)}), cells, LIMITS)
    return found.message


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("0.7342.Scores", OTHER), ("a.b.Tensor", OTHER), ("torch.0.7342", OTHER), ("numpy.x7342", OTHER), ("", OTHER),
        ("7342", OTHER), ("\ud800", OTHER), ("numpy.ndarray", "numpy.ndarray"), ("torch.Size", "torch.Size"),
        ("Scores", "Scores"), ("set", "set"),
    ],
)  # fmt: skip
def test_types_have_a_name_only_where_it_is_known(key, kind: str, said: str) -> None:
    right = key.answer_key.expected
    assert f"yours is {said}." in message(key, [replace(answer, value=Foreign(kind)) for answer in right])


def test_a_forged_gradient_says_nothing(key, unchecked) -> None:
    forged = [replace(answer, gradients={"x": Foreign("0.7342")}) for answer in key.answer_key.expected]
    assert "no gradient reaches x" in message(key, forged)
    assert "7342" not in message(key, forged)


def test_a_line_is_repeated_where_it_stands_in_that_cell(key) -> None:
    def said(line: str) -> str:
        failure = Failure("raised", "it raises NameError", "", line)
        return message(key, [Answer(failure=failure) for _ in key.answer_key.cases])

    assert said("cell In [3], line 2: return Scores(x)").endswith("cell In [3], line 2: return Scores(x)")
    for line in ("cell In [7342], line 2: return Scores(x)", "cell In [3], line 7342: return Scores(x)"):
        assert "Scores" not in said(line)
    assert len(said(f"cell In [3], line 3: {SOURCE.splitlines()[2].strip()}")) < LONGEST


def test_names_are_repeated_only_where_they_are_short(key) -> None:
    words = Words([Cell(1, "x" * (LONGEST + 1) + "\n" + "y" * LONGEST)])
    assert words.value(Foreign("x" * (LONGEST + 1))) == Foreign(OTHER)
    assert words.value(Foreign("y" * LONGEST)) == Foreign("y" * LONGEST)
    run = Run(errors={3: ("E" * 10**6, "e" * 10**6)}, outcomes={"layer_norm": Outcome(failed="missing")})
    (found,) = mark([EXERCISE], {"layer_norm": key}, run, [Cell(3, SOURCE)], LIMITS)
    assert len(found.message) < 3 * LONGEST


def test_values_and_gradients_of_known_kinds_stay(key) -> None:
    answer = Answer((torch.ones(2), [1.0], {"a": "b"}), {"x": torch.ones(2), "weight": None})
    cleaned = Words([]).cleaned(answer, CONTRACTS["layer_norm"])
    assert cleaned.gradients == answer.gradients
    assert cleaned.value == answer.value


def test_points_are_for_what_is_right_and_for_nothing_else(key) -> None:
    right, cells = key.answer_key.expected, [Cell(3, SOURCE)]

    def marked(**outcome) -> tuple[str, float | None]:
        found = Outcome(**outcome)
        (one,) = mark([EXERCISE], {"layer_norm": key}, Run(outcomes={"layer_norm": found}), cells, LIMITS)
        assert one.out_of == EXERCISE.points
        return one.status, one.points

    def fails(kind: str, said: str, detail: str = "") -> list[Answer]:
        return [Answer(failure=Failure(kind, said, detail))] * len(right)

    assert marked(answers=right) == ("right", 2.0)
    assert marked(answers=[replace(answer, value=answer.value + 1) for answer in right]) == ("wrong", 0.0)
    assert marked(answers=[*right[:-1], replace(right[-1], value=None)]) == ("wrong", 0.0)
    assert marked(answers=fails("raised", "it raises MemoryError")) == ("memory", 0.0)
    assert marked(answers=fails("raised", "it raises RuntimeError", "can't allocate memory")) == ("memory", 0.0)
    assert marked(answers=fails("raised", "it raises NotThereError")) == ("borrowed", 0.0)
    assert marked(answers=fails("raised", "it raises ValueError")) == ("error", 0.0)
    assert marked(answers=fails("stub", "NotImplementedError")) == ("stub", 0.0)
    assert marked(answers=right[:-1]) == ("unreadable", 0.0)  # fewer answers than cases
    for failed, status in (("time", "time"), ("died", "died"), ("stopped", "died"), ("size", "unreadable"),
                           ("nonsense", "unreadable"), ("missing", "missing")):  # fmt: skip
        assert marked(failed=failed, answers=right) == (status, 0.0)
    by_hand = replace(EXERCISE, function="")
    (one,) = mark([by_hand], {}, Run(outcomes={}), cells, LIMITS)
    assert (one.status, one.points, one.out_of) == ("by hand", None, 2.0)


def test_a_cell_of_empty_lines_takes_no_time(key) -> None:
    """Ten million of them fit into a notebook, and while a pattern is searched for the grader does nothing else."""
    run = Run(outcomes={"layer_norm": Outcome(failed="missing")})
    cells = [Cell(3, "\n" * 10**6), Cell(4, "async \t def\tlayer_norm(x):\n    return x")]
    (found,) = mark([EXERCISE], {"layer_norm": key}, run, cells, LIMITS)
    assert found.status == "missing"
    assert names_of(f"{cells[0].source}  class  Scores(:")[0] == {"Scores"}
    run.errors[4] = "NameError", "no"
    (found,) = mark([EXERCISE], {"layer_norm": key}, run, cells, LIMITS)
    assert found.message == "the cell that defines layer_norm raises NameError: no"


@pytest.mark.parametrize("kind", ["stub", "nothing", "changed", "raised", "7342"])
def test_a_forged_failure_says_nothing(key, kind) -> None:
    failure = Failure(kind, "it changes its input 0.7342 in place")
    assert "7342" not in message(key, [Answer(failure=failure)] * len(key.answer_key.cases))
