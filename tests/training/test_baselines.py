"""Baselines of each kind do what their names say, on rows small enough to know the answer."""

import pytest
from sklearn.feature_extraction.text import CountVectorizer

from minisft.data import Declaration, Task
from minisft.data.task import build_task
from minisft.training.baselines import baselines, clues_of, features, most_frequent_tags, sliding_window


def make(kind: str, columns: tuple, targets: tuple, labels: list[str], train: list[dict], test: list[dict]) -> Task:
    """A task of these rows; the first training rows validate."""
    declared = Declaration(kind, columns, targets, labels, "")
    return build_task("x", declared, {"train": train, "validation": train[:2], "test": test}, "here")


def test_classes() -> None:
    train = [{"text": text, "label": label} for text, label in [("good", 1), ("so good", 1), ("bad", 0)] * 5]
    test = [{"text": "bad", "label": 0}, {"text": "good good", "label": 1}]
    found = baselines(make("class", ("text",), ("label",), ["no", "yes"], train, test))
    assert found["majority"] == {"accuracy": 0.5, "f1": pytest.approx(2 / 3)}
    assert found["bag of words"]["accuracy"] == 1.0
    # Of few rows all may be of one class.
    one = baselines(make("class", ("text",), ("label",), ["no", "yes"], train[:2], test))
    assert one["bag of words"] == one["majority"]


def test_numbers() -> None:
    train = [{"text": "much " * n, "label": float(n)} for n in range(1, 9)]
    train += [{"text": "little", "label": -3.0}] * 8
    test = [{"text": "little", "label": -3.0}, {"text": "much", "label": 4.0}, {"text": "much little", "label": 0.0}]
    found = baselines(make("number", ("text",), ("label",), ["n"], train, test))
    assert found["mean"]["pearson"] == 0.0
    assert found["bag of words"]["pearson"] > 0.9


def test_chinese_words_are_its_characters() -> None:
    train = [{"text": text, "label": label} for text, label in [("这很好", 1), ("这不好", 0)] * 8]
    test = [{"text": "不行好", "label": 0}, {"text": "好，很好", "label": 1}]
    found = baselines(make("class", ("text",), ("label",), ["no", "yes"], train, test))
    assert found["bag of words"]["accuracy"] == 1.0


def test_texts_without_a_word() -> None:
    train = [{"text": text, "label": label} for text, label in [("🙂", 1), ("🙁", 0), ("🙂 🙂", 1)] * 4]
    found = baselines(make("class", ("text",), ("label",), ["no", "yes"], train, train[:3]))
    assert found["bag of words"] == found["majority"]


def test_sets_of_labels() -> None:
    train = [{"text": t, "labels": s} for t, s in [("joy", [0]), ("fear", [1]), ("joy fear", [0, 1]), ("joy", [0])] * 6]
    test = [{"text": "fear", "labels": [1]}, {"text": "fear and joy", "labels": [0, 1]}]
    found = baselines(make("labels", ("text",), ("labels",), ["joy", "fear", "never"], train, test))
    assert found["majority"]["exact_match"] == 0.0
    assert found["bag of words"]["exact_match"] == 1.0


def test_tags() -> None:
    # "may" is a month after "in" and no name elsewhere: a word alone cannot know, its neighbours can.
    rows = [{"tokens": ["in", "May", "Bob", "left"], "ner_tags": [0, 1, 3, 0]},
            {"tokens": ["it", "may", "rain"], "ner_tags": [0, 0, 0]},
            {"tokens": ["you", "may", "go"], "ner_tags": [0, 0, 0]}] * 10  # fmt: skip
    test = [{"tokens": ["in", "may", "it", "may", "rain", "Zoe"], "ner_tags": [0, 1, 0, 0, 0, 0]}]
    labels = ["O", "B-date", "I-date", "B-person", "I-person"]
    found = baselines(make("tags", ("tokens",), ("ner_tags",), labels, rows, test))
    assert found["majority"]["f1"] == 0.0
    assert found["bag of words"]["f1"] == 1.0
    assert clues_of(["In", "May"]) == [["is in", "after ", "before may"], ["is may", "after in", "before "]]


def test_two_layers_of_tags() -> None:
    rows = [{"tokens": ["the", "Oslo", "bank"], "ner_tags": [1, 2, 2], "nested_ner_tags": [0, 3, 0]}] * 10
    labels = ["O", "B-org", "I-org", "B-place", "I-place"]
    task = make("tags", ("tokens",), ("ner_tags", "nested_ner_tags"), labels, rows, rows[:2])
    for scores in baselines(task).values():
        assert scores == {"f1": 1.0, "precision": 1.0, "recall": 1.0, "nested_f1": 1.0}


def ask(question: str, context: str, answer: str) -> dict:
    """A row as SQuAD has it."""
    return {
        "question": question, "context": context,
        "answers": {"text": [answer], "answer_start": [context.index(answer)]},
    }  # fmt: skip


def test_the_sliding_window_finds_what_stands_beside_the_questions_words() -> None:
    filler = "Nobody saw anything of note in all those long and quiet days of rain and fog by the sea"
    context = f"Paris slept . {filler} . The heron landed on Tuesday at the quay . {filler} ."
    train = [ask("Who slept?", context, "Paris")] * 10
    task = make(
        "span", ("question", "context"), ("answers",), [], train, [ask("heron landed when?", context, "Tuesday")]
    )
    (said,) = sliding_window(task)
    near = context.index("heron") - 60 < said.start < context.index("quay") + 60
    assert near
    assert said.text not in ("heron", "landed")  # an answer does not repeat the question
    assert said.text == context[said.start : said.start + len(said.text)]
    assert baselines(task)["majority"]["exact_match"] == 0.0


def test_the_sliding_window_gives_no_word_of_the_question_back() -> None:
    train = [ask("Who slept?", "Paris slept .", "Paris")] * 10
    test = [ask("heron landed when?", "Heron landed Tuesday at the quay .", "Tuesday")]
    (said,) = sliding_window(make("span", ("question", "context"), ("answers",), [], train, test))
    assert said.text == "Tuesday"


def test_an_unknown_word_is_outside_wherever_that_stands_among_the_tags() -> None:
    rows = [{"tokens": ["Oslo", "sleeps"], "ner_tags": [0, 1]}] * 10
    test = [{"tokens": ["Oslo", "dreams"], "ner_tags": [0, 1]}]
    task = make("tags", ("tokens",), ("ner_tags",), ["B-place", "O"], rows, test)
    assert most_frequent_tags(task) == [[[0, 1]]]


def test_of_a_pair_the_bag_of_words_sees_what_is_shared_and_what_differs() -> None:
    """Alike or not is neither in the first text nor in the second."""
    words = ["ferry", "market", "school", "bakery"]
    pairs = [{"one": a, "two": b, "label": int(a == b)} for a in words for b in words]
    train = [row for row in pairs for _ in range(1 + 2 * row["label"])]  # as many of each
    task = make("class", ("one", "two"), ("label",), ["no", "yes"], train, pairs)
    assert baselines(task)["bag of words"]["accuracy"] == 1.0
    (one, two, differing, shared) = range(4)
    found = features(task.test, task.columns, CountVectorizer(vocabulary=words).transform).toarray()
    for row, values in zip(pairs, found.reshape(16, 4, 4), strict=True):
        each = [[int(row[name] == word) for word in words] for name in ("one", "two")]
        assert values[one].tolist() == each[0]
        assert values[two].tolist() == each[1]
        assert values[differing].tolist() == [abs(a - b) for a, b in zip(*each, strict=True)]
        assert values[shared].tolist() == [a * b for a, b in zip(*each, strict=True)]
