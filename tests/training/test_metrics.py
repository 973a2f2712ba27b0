"""Scores, against what is known by hand or from the tasks' own scripts."""

import math
import random

import pytest
import torch

from minisft.data import Batches
from minisft.data.encoding import Window
from minisft.data.task import ANSWERED, MAYBE_ANSWERED
from minisft.text import Encodings
from minisft.training.kinds import best_tags, likely_labels
from minisft.training.metrics import (
    normalise,
    score_classes,
    score_label_sets,
    score_numbers,
    score_spans,
    score_tags,
    word_f1,
)
from minisft.training.spans import LONGEST, Answer, best_answers, best_span

TAGS = ["O", "B-person", "I-person", "B-place", "I-place"]


def test_entities_are_scored_whole_and_not_word_by_word() -> None:
    gold = [[[1, 2, 0, 3]]]
    assert score_tags(gold, gold, TAGS) == {"f1": 1.0, "precision": 1.0, "recall": 1.0}
    # Three words of four are right, and of the two entities one: half of the person does not count.
    assert score_tags(gold, [[[1, 0, 0, 3]]], TAGS) == {"f1": 0.5, "precision": 0.5, "recall": 0.5}
    # Nine words of ten right, and nothing found.
    nothing = score_tags([[[0] * 9 + [3]]], [[[0] * 10]], TAGS)
    assert nothing == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    # The right words under the wrong name count nothing either.
    assert score_tags([[[1, 2]]], [[[3, 4]]], TAGS)["f1"] == 0.0


def test_two_entities_side_by_side_are_two() -> None:
    """BIO (IOB2): B begins an entity. In IOB1 it would stand only between two of a kind."""
    assert score_tags([[[1, 1]]], [[[1, 2]]], TAGS)["f1"] == 0.0
    assert score_tags([[[1, 2]]], [[[2, 2]]], TAGS)["f1"] == 1.0  # I without B begins one too, as in CoNLL's script


def test_both_layers_of_tags_count() -> None:
    gold = [[[1, 2, 2], [0, 3, 0]]]
    scores = score_tags(gold, [[[1, 2, 2], [0, 0, 0]]], TAGS)
    assert scores["recall"] == 0.5
    assert scores["f1"] == pytest.approx(2 / 3)
    assert scores["nested_f1"] == 0.0
    assert score_tags(gold, gold, TAGS)["nested_f1"] == 1.0


def test_a_word_without_a_piece_is_answered_o() -> None:
    logits = torch.zeros(1, 4, 5)
    logits[0, 1, 3], logits[0, 2, 4] = 1.0, 1.0
    batches = Batches(Encodings([[0] * 4], [[0] * 4], 0), [], 1, 0, kind="tags", places=[[1, None, 2]])
    assert best_tags([logits], batches, TAGS) == [[[3, 0, 4]]]
    assert best_tags([logits], batches, ["B-x", "I-x", "O", "B-y", "I-y"]) == [[[3, 2, 4]]]  # wherever O stands


def test_labels_are_said_where_they_are_more_likely_than_not() -> None:
    batches = Batches(Encodings([[0]], [[0]], 0), [], 1, 0, kind="labels")
    assert likely_labels([torch.tensor([0.1, -0.1, 0.0]), -torch.ones(3)], batches, []) == [[0], []]


def test_sets_of_labels() -> None:
    gold, said = [[0], [0], [0], [1]], [[0], [0], [0], []]
    scores = score_label_sets(gold, said, ["often", "seldom", "never"])
    assert scores["micro_f1"] == pytest.approx(6 / 7)
    assert scores["macro_f1"] == pytest.approx(1 / 3)  # the rare label weighs as much as the frequent one
    assert scores["exact_match"] == 0.75


def test_of_a_single_label_its_absence_does_not_count() -> None:
    gold = [[0]] + [[]] * 9
    nothing = score_label_sets(gold, [[]] * 10, ["spam"])
    assert nothing == {"micro_f1": 0.0, "macro_f1": 0.0, "exact_match": 0.9}
    assert score_label_sets(gold, [[0], [0]] + [[]] * 8, ["spam"])["micro_f1"] == pytest.approx(2 / 3)


def test_f1_is_of_class_1_for_two_classes_and_else_the_mean() -> None:
    gold, said = [0, 0, 0, 1], [0, 0, 0, 0]
    assert score_classes(gold, said, ["no", "yes"]) == {"accuracy": 0.75, "f1": 0.0}
    # The number of classes decides, and not which of them happen to occur.
    assert score_classes(gold, said, ["a", "b", "c"])["f1"] == pytest.approx((6 / 7) / 2)


def test_a_constant_has_no_correlation() -> None:
    assert score_numbers([1.0, 2.0, 4.0], [3.0] * 3, ["x"])["pearson"] == 0.0
    assert score_numbers([3.0] * 3, [1.0, 2.0, 4.0], ["x"])["spearman"] == 0.0
    assert score_numbers([1.0, 2.0, 4.0], [2.0, 4.0, 8.0], ["x"])["pearson"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("gold", "said", "exact", "f1"),
    [
        (["the Denver Broncos"], "Denver Broncos!", 1.0, 1.0),
        (["Denver Broncos"], "the Broncos", 0.0, 2 / 3),
        (["a theatre"], "another theatre", 0.0, 2 / 3),  # "a" goes only as a word
        (["Paris", "in Paris, France"], "Paris, France", 0.0, 0.8),  # the best of several gold answers
        (["24–10"], "24-10", 0.0, 0.0),  # the script knows ASCII's punctuation alone
        ([], "", 1.0, 1.0),
        ([], "the ferry", 0.0, 0.0),
        (["the ferry"], "", 0.0, 0.0),
        (["北港"], "北港。", 1.0, 1.0),
        (["北港码头"], "北港", 0.0, 2 / 3),  # each character is a word: Chinese writes no spaces
        (["12 元"], "12元", 1.0, 1.0),
    ],
)
def test_answers_as_squads_script_scores_them(gold, said, exact, f1) -> None:
    scores = score_spans([gold], [Answer(said, None, 0.0)], [])
    assert scores == {"exact_match": exact, "f1": pytest.approx(f1)}


def test_words_that_occur_twice_count_twice() -> None:
    assert word_f1("very very good", "very good") == pytest.approx(0.8)
    assert normalise("An  apple, a day!") == ["apple", "day"]


def test_the_best_span_is_that_of_all_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    for length in (1, 2, 7, 60):
        window = Window(0, "", 3, [(i, i + 1) for i in range(length)])
        logits = torch.randn(length + 5, 2, generator=generator)
        pairs = [(i, j) for i in range(length) for j in range(i, min(length, i + LONGEST))]
        expected = max(pairs, key=lambda pair: (logits[3 + pair[0], 0] + logits[3 + pair[1], 1]).item())
        score, *found = best_span(logits, window)
        assert tuple(found) == expected
        assert score == pytest.approx((logits[3 + found[0], 0] + logits[3 + found[1], 1]).item())


def answers_to(logits: list[torch.Tensor], windows: list[Window], labels: list[str] = MAYBE_ANSWERED) -> list[Answer]:
    """What best_answers makes of some windows."""
    encodings = Encodings([[0]] * len(windows), [[0]] * len(windows), 0)
    return best_answers(logits, Batches(encodings, [], 1, 0, kind="span", places=windows), labels)


def test_an_answer_lies_in_the_context_and_ends_after_it_begins() -> None:
    window = Window(0, "Bob met Ann", 3, [(0, 3), (4, 7), (8, 11)])
    logits = torch.zeros(7, 2)
    logits[1] = 9.0  # in the question
    logits[5, 0], logits[3, 1], logits[5, 1] = 5.0, 4.0, 1.0  # the best end comes before the best start
    (answer,) = answers_to([logits], [window])
    assert (answer.text, answer.start) == ("Ann", 8)


def test_windows_of_one_row_make_one_answer() -> None:
    context = "Bob met Ann"
    windows = [Window(0, context, 2, [(0, 3), (4, 7)]), Window(0, context, 2, [(4, 7), (8, 11)]), Window(1, "x", 2, [])]
    empty, full = torch.zeros(5, 2), torch.zeros(5, 2)
    empty[0] = 8.0  # this window is sure that it has no answer, which says nothing of the other
    full[3] = 2.0
    first, second = answers_to([empty, full, torch.zeros(3, 2)], windows)
    assert (first.text, first.start) == ("Ann", 8)
    assert (second.text, second.start) == ("", None)
    full[0] = 8.0
    assert answers_to([empty, full], windows[:2])[0].text == ""
    # Who has seen only questions with an answer knows [CLS] from windows without it, and does not say "none".
    assert answers_to([empty, full], windows[:2], ANSWERED)[0].text == "Ann"


def test_scores_are_between_0_and_1_whatever_is_said() -> None:
    draw = random.Random(0)
    for _ in range(20):
        gold, said = ([[[draw.randrange(5) for _ in range(6)]]] for _ in range(2))
        assert all(0.0 <= value <= 1.0 for value in score_tags(gold, said, TAGS).values())


def test_numbers_by_rank_by_line_and_by_square() -> None:
    scores = score_numbers([1.0, 2.0, 3.0, 4.0], [1.0, 4.0, 9.0, 16.0], ["x"])
    assert scores["spearman"] == pytest.approx(1.0)  # the order is right
    assert scores["pearson"] == pytest.approx(25 / math.sqrt(5 * 129))  # and the curve is no line
    assert scores["mean_squared_error"] == pytest.approx((0 + 4 + 36 + 144) / 4)
