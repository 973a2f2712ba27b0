"""Tasks by name and from rows; what does not fit is said in one line."""

import re
from dataclasses import replace

import pytest

from minisft.data import load_task
from minisft.data.task import Declaration, build_task
from minisft.errors import InputError


@pytest.mark.parametrize(
    ("name", "sizes", "columns"),
    [
        ("mrpc", (3668, 408, 1725), ("sentence1", "sentence2")),
        ("sst2", (6920, 872, 1821), ("sentence",)),
        ("stsb", (5749, 1500, 1379), ("sentence1", "sentence2")),
    ],
)
def test_the_publishers_files(real_data, name, sizes, columns) -> None:
    task = load_task(name)
    assert (len(task.train), len(task.validation), len(task.test)) == sizes
    assert task.columns == columns
    assert task.kind == ("number" if name == "stsb" else "class")
    for split in (task.train, task.validation, task.test):
        assert set(split.column_names) == {*columns, "label"}
    if name == "mrpc":
        first = load_task("mrpc").test[0]
        assert first["sentence1"].startswith("PCCW's chief operating officer, Mike Butcher")
        assert not first["sentence2"].endswith("\r")
        assert sum(task.test["label"]) == 1147  # 66.5 % of the test pairs are paraphrases
        assert not {r["sentence1"] for r in task.validation} & {r["sentence1"] for r in task.test}
    if name == "stsb":
        assert max(task.test["label"]) == 5.0


def test_the_town_needs_nothing(monkeypatch) -> None:
    """Neither files nor a network, which whoever asks for it finds to be down."""

    def down(*args: object, **kwargs: object) -> None:
        raise AssertionError("the town asked for a network")

    monkeypatch.delenv("MINISFT_DATA", raising=False)
    monkeypatch.setattr("socket.socket.connect", down)
    monkeypatch.setattr("socket.getaddrinfo", down)
    task = load_task("town/intents")
    assert "cancel_paper" in task.labels
    assert {"text", "label"} <= set(task.train.column_names)
    with pytest.raises(InputError, match="latin"):
        load_task("town/intents", "latin")


def test_neither_files_nor_hub(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path))
    with pytest.raises(InputError, match="mrpc is neither under MINISFT_DATA nor to be had from the hub"):
        load_task("mrpc")


def test_publishers_files_that_are_missing_or_broken(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path))
    (tmp_path / "mrpc").mkdir()
    with pytest.raises(InputError, match=r"there is no .*train.txt; expected the publisher's file"):
        load_task("mrpc")
    path = tmp_path / "mrpc" / "msr_paraphrase_train.txt"
    path.write_text("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t2\t3\n")
    with pytest.raises(InputError, match="line 2: 3 columns, expected at least 5"):
        load_task("mrpc")
    path.write_text("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\nyes\t2\t3\ta\tb\n")
    with pytest.raises(InputError, match="is not in its publisher's layout"):
        load_task("mrpc")


YES_NO = Declaration("class", ("text",), ("label",), ["no", "yes"], "")


def test_hidden_labels_and_missing_splits() -> None:
    rows = [{"text": f"t {n}", "label": n % 2} for n in range(40)]
    with pytest.raises(InputError, match=r"test row 1: label -1 is out of range; expected 0 to 1 .GLUE hides"):
        build_task("x", YES_NO, {"train": rows, "test": [{"text": "t", "label": -1}]}, "here")
    validation = [{"text": f"v {n}", "label": n % 2} for n in range(10)]
    task = build_task("x", YES_NO, {"train": rows, "validation": validation}, "here")
    # Nothing that is tested on has chosen a model: the given validation split becomes the test.
    assert task.test["text"] == [row["text"] for row in validation]
    assert (len(task.train), len(task.validation)) == (36, 4)


CLASS = Declaration("class", ("text",), ("label",), ["no", "yes"], "")
SET = Declaration("labels", ("text",), ("labels",), ["joy", "fear"], "")
TAGS = Declaration("tags", ("tokens",), ("ner_tags",), ["O", "B-x", "I-x"], "")
NESTED = Declaration("tags", ("tokens",), ("ner_tags", "nested_ner_tags"), ["O", "B-x", "I-x"], "")
SPAN = Declaration("span", ("question", "context"), ("answers",), [], "")
NUMBER = Declaration("number", ("text",), ("label",), ["score"], "")


def asked(text: str, start: int) -> dict:
    """A question with one answer."""
    return {"question": "Who?", "context": "Ann met Bob.", "answers": {"text": [text], "answer_start": [start]}}


@pytest.mark.parametrize(
    ("declaration", "row", "message"),
    [
        (CLASS, {"text": "a", "label": 2}, "label 2 is out of range; expected 0 to 1"),
        (CLASS, {"text": "a", "label": "perhaps"}, "there is no label 'perhaps'; expected one of no, yes"),
        (CLASS, {"text": "a"}, "label is missing; expected what is to be found there"),
        (CLASS, {"label": 1}, "text is empty"),
        (NUMBER, {"text": "a", "label": "high"}, "the label is high; expected a finite number"),
        (NUMBER, {"text": "a", "label": float("inf")}, "the label is inf"),
        (SET, {"text": "a", "labels": 1}, "labels is 1; expected a list of labels"),
        (SET, {"text": "a", "labels": [1, 1]}, "none of them twice"),
        (SET, {"text": "a", "labels": [2]}, "label 2 is out of range"),
        (TAGS, {"tokens": ["a", "b"], "ner_tags": [0]}, "2 tokens and 1 ner_tags; expected one tag for each token"),
        (TAGS, {"tokens": ["a"], "ner_tags": [3]}, "label 3 is out of range; expected 0 to 2"),
        (TAGS, {"tokens": ["a"], "ner_tags": ["B-y"]}, "there is no label 'B-y'; expected one of O, B-x, I-x"),
        (TAGS, {"tokens": "a b", "ner_tags": [0, 0]}, "tokens is not a list of words"),
        (TAGS, {"tokens": ["a", ""], "ner_tags": [0, 0]}, "tokens is not a list of words"),
        (NESTED, {"tokens": ["a"], "ner_tags": [0]}, "nested_ner_tags is missing"),
        (NESTED, {"tokens": ["a"], "ner_tags": [0], "nested_ner_tags": [0, 0]}, "1 tokens and 2 nested_ner_tags"),
        (SPAN, asked("Bob", -4), "the answer 'Bob' at -4 is not within the context's 12 characters"),
        (SPAN, asked("Bob", 11), "the answer 'Bob' at 11 is not within the context's 12 characters"),
        (SPAN, asked("Bob", 0), "the answer is 'Bob', but at 0 the context has 'Ann'"),
        (SPAN, asked("", 0), "the answer '' at 0 is not within"),
        (SPAN, asked("Bob", 8) | {"answers": {"text": ["Bob"], "answer_start": []}}, "1 answers and 0 answer_start"),
        (SPAN, asked("Bob", 8) | {"answers": {"text": ["Bob"], "answer_start": ["8"]}}, "expected two lists, texts"),
        (SPAN, asked("Bob", 8) | {"answers": []}, "answers is []; expected two lists"),
        (SET, {"text": "a", "labels": [{"name": "joy"}]}, "label {'name': 'joy'} is out of range"),
    ],
)
def test_a_row_that_does_not_fit_its_kind(declaration, row, message) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        build_task("x", declaration, {"train": [row] * 9}, "here")
    assert "x, train row 1: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_that_are_no_names() -> None:
    undeclared = replace(SET, labels=[])
    with pytest.raises(InputError, match=r"label \{'name': 'joy'\} is out of range"):
        build_task("x", undeclared, {"train": [{"text": "a", "labels": [{"name": "joy"}, "fear"]}] * 9}, "here")


def test_hidden_numbers_of_the_hub_are_no_test(monkeypatch) -> None:
    import datasets

    monkeypatch.delenv("MINISFT_DATA", raising=False)
    rows = [{"sentence1": f"a {n}", "sentence2": "b", "label": float(n % 5)} for n in range(20)]
    splits = {"train": rows, "validation": rows[:7], "test": [row | {"label": -1.0} for row in rows]}
    monkeypatch.setattr(
        datasets, "load_dataset", lambda *_: {name: datasets.Dataset.from_list(split) for name, split in splits.items()}
    )
    task = load_task("stsb")
    assert task.test["label"][:] == [row["label"] for row in rows[:7]]  # the validation split is the test then


def test_labels_numbered_as_in_another_list() -> None:
    rows = [{"text": f"a {i}", "labels": [i % 2]} for i in range(9)]
    before = build_task("x", SET, {"train": rows}, "here")
    after = before.renumber(["anger", "fear", "joy"])
    assert after.labels == ["anger", "fear", "joy"]
    for row, changed in zip(before.test, after.test, strict=True):
        assert [after.labels[label] for label in changed["labels"]] == [before.labels[label] for label in row["labels"]]


def test_rows_that_fit() -> None:
    found = asked("Bob", 8) | {"id": "7", "title": "T", "more": 1}
    nowhere = found | {"answers": {"text": [], "answer_start": []}}
    task = build_task("x", SPAN, {"train": [found, nowhere] * 9}, "here")
    assert task.labels == ["start or [CLS]", "end or [CLS]"]
    assert build_task("x", SPAN, {"train": [found] * 9}, "here").labels == ["start", "end"]
    assert set(task.train.column_names) == {"question", "context", "answers", "id", "title"}
    assert {"text": [], "answer_start": []} in list(task.train["answers"])
    rows = [{"text": f"{n}", "labels": ["fear"] if n % 2 else []} for n in range(18)]
    sets = build_task("x", SET, {"train": rows}, "here")
    assert set(map(tuple, sets.train["labels"])) == {(), (1,)}


def test_labels_that_are_not_declared_are_those_in_the_rows() -> None:
    rows = [{"tokens": ["a", "b", "c"], "ner_tags": ["B-x", "O", "B-a"]}] * 9
    undeclared = Declaration("tags", ("tokens",), ("ner_tags",), [], "")
    task = build_task("x", undeclared, {"train": rows}, "here")
    assert task.labels == ["O", "B-a", "B-x"]
    assert task.train["ner_tags"][0] == [2, 0, 1]
    with pytest.raises(InputError, match="x has the tags B-x; expected O among them"):
        build_task("x", undeclared, {"train": [{"tokens": ["a"], "ner_tags": ["B-x"]}] * 9}, "here")


def test_numbers_that_count_no_classes() -> None:
    rows = [{"text": "a", "label": 20_000_000 + number} for number in range(9)]
    with pytest.raises(InputError, match=r"a label is 20000008, of 9 that differ; expected numbers from 0 on"):
        build_task("x", Declaration("class", ("text",), ("label",), [], ""), {"train": rows}, "here")


def test_tags_are_begun_and_continued() -> None:
    """What scores them reads the first letter: a tag without it would count as outside, in silence."""
    plain = Declaration("tags", ("tokens",), ("ner_tags",), [], "")
    for tag in ("ORG", "U-x", "b-x"):
        rows = [{"tokens": ["a", "b"], "ner_tags": [tag, "O"]}] * 9
        with pytest.raises(InputError, match=f"x has the tag {tag}; expected O, B-y for the first word of a y and I-y"):
            build_task("x", plain, {"train": rows}, "")


def rows_of(task, column: str) -> list[set[str]]:
    return [set(split[column]) for split in (task.train, task.validation, task.test)]


def test_what_belongs_together_is_in_one_split() -> None:
    """Questions on one context, and rows with the same texts: who has learned one knows the others."""
    asking = Declaration("span", ("question", "context"), ("answers",), [], "")
    rows = [
        {"question": f"Who {n}?", "context": f"Ann {n // 5}", "answers": {"text": ["Ann"], "answer_start": [0]}}
        for n in range(500)
    ]
    train, validation, test = rows_of(build_task("asked", asking, {"train": rows}, ""), "context")
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert (len(train), len(validation), len(test)) == (80, 10, 10)
    twice = Declaration("class", ("text",), ("label",), ["no", "yes"], "")
    rows = [{"text": f"text {n % 200}", "label": n % 2} for n in range(400)]
    train, validation, test = rows_of(build_task("twice", twice, {"train": rows}, ""), "text")
    assert len(train | validation | test) == len(train) + len(validation) + len(test) == 200
    reviews = Declaration("class", ("text", "span"), ("label",), ["no", "yes"], "", together=("text",))
    rows = [{"text": f"text {n // 4}", "span": f"{n % 4}", "label": n % 2} for n in range(400)]
    train, validation, test = rows_of(build_task("reviews", reviews, {"train": rows}, ""), "text")
    assert len(train) + len(validation) + len(test) == 100


def test_one_context_alone_is_cut_row_by_row() -> None:
    asking = Declaration("span", ("question", "context"), ("answers",), [], "")
    rows = [{"question": f"{n}?", "context": "Ann", "answers": {"text": [], "answer_start": []}} for n in range(20)]
    task = build_task("asked", asking, {"train": rows}, "")
    assert (len(task.train), len(task.validation), len(task.test)) == (16, 2, 2)


@pytest.mark.parametrize(("name", "column"), [("chnsenticorp", "text"), ("restaurants", "text"), ("genia", "tokens")])
def test_no_published_text_is_learned_and_chosen_by(real_data, name, column) -> None:
    task = load_task(name)
    assert not set(map(str, task.train[column])) & set(map(str, task.validation[column]))


def test_a_file_in_the_order_of_its_labels_has_both_in_every_split() -> None:
    rows = [{"text": f"t {number}", "label": int(number >= 100)} for number in range(200)]
    task = build_task("x", YES_NO, {"train": rows}, "here")
    assert set(task.train["label"]) == set(task.test["label"]) == set(task.validation["label"]) == {0, 1}


def test_all_splits_of_a_task_are_numbered_anew() -> None:
    rows = [{"text": f"t {n}", "label": label} for n, label in enumerate(["a", "b", "c"] * 4)]
    task = build_task("made", Declaration("class", ("text",), ("label",), ["a", "b", "c"], ""), {"train": rows}, "")
    other = task.renumber(["c", "x", "a", "b"])
    for split in ("train", "validation", "test"):
        before = [task.labels[row["label"]] for row in getattr(task, split)]
        after = [other.labels[row["label"]] for row in getattr(other, split)]
        assert before == after != []
