"""Tasks by name and from files; what does not fit is said in one line."""

import json
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
    monkeypatch.delenv("MINISFT_DATA", raising=False)
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


def write(tmp_path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_tsv_and_jsonl_give_the_same_task(tmp_path) -> None:
    rows = [(f"text {n}, with a comma", ("spam", "ham")[n % 2]) for n in range(20)]
    csv = write(tmp_path, "a.csv", "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    tsv = write(tmp_path, "a.tsv", "\ufefftext\tlabel\r\n" + "".join(f"{text}\t{label}\r\n" for text, label in rows))
    jsonl = write(tmp_path, "a.jsonl", "".join(f'{{"text": "{t}", "label": "{label}"}}\n' for t, label in rows))
    tasks = [load_task(path) for path in (csv, tsv, jsonl)]
    for task in tasks:
        assert task.labels == ["ham", "spam"]
        assert (len(task.train), len(task.validation), len(task.test)) == (16, 2, 2)
        assert task.train.to_list() == tasks[0].train.to_list()
    assert {"text": "text 0, with a comma", "label": 1} in [*tasks[0].train, *tasks[0].validation, *tasks[0].test]


def test_a_folder_with_its_own_splits(tmp_path) -> None:
    for name, count in (("train", 9), ("dev", 4), ("test", 6)):
        write(
            tmp_path,
            f"{name}.csv",
            "premise,hypothesis,label\n" + "".join(f"a {n},b {n},{n % 3}\n" for n in range(count)),
        )
    task = load_task(tmp_path)
    assert task.columns == ("premise", "hypothesis")
    assert task.labels == ["0", "1", "2"]
    assert (len(task.train), len(task.validation), len(task.test)) == (9, 4, 6)


def test_fractions_and_the_name_score_make_a_regression(tmp_path) -> None:
    halves = load_task(write(tmp_path, "a.csv", "text,label\n" + "".join(f"t {n},{n / 2}\n" for n in range(20))))
    whole = load_task(write(tmp_path, "b.csv", "text,score\n" + "".join(f"t {n},{n}\n" for n in range(20))))
    classes = load_task(write(tmp_path, "c.csv", "text,label\n" + "".join(f"t {n},{n % 4 + 1}\n" for n in range(20))))
    assert (halves.kind, whole.kind, classes.kind) == ("number", "number", "class")
    assert classes.labels == ["1", "2", "3", "4"]
    assert set(classes.train["label"]) == {0, 1, 2, 3}


GOOD = "text,label\n" + "".join(f"t {n},{n % 2}\n" for n in range(20))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "has no rows"),
        ("a.csv", "text,label\n", "has no rows"),
        (
            "a.csv",
            "text,class\nx,1\n",
            "has the columns text, class; expected one or two text columns and one of label",
        ),
        ("a.csv", "label\n1\n", "has the columns label; expected"),
        ("a.csv", "a,b,c,label\n1,2,3,4\n", "expected one or two text columns"),
        ("a.csv", "text,text,label\na,b,1\n", "two columns of the name 'text'; expected every column to have its own"),
        ("a.csv", GOOD + "x\n", "line 22: 1 columns, expected 2"),
        ("a.csv", GOOD + ",1\n", "row 21: text is empty; fill it in or leave the row out"),
        ("a.csv", GOOD + "x,\n", "row 21: label is empty"),
        ("a.csv", GOOD + "  ,1\n", "row .*: text is empty; expected text there"),
        ("a.csv", GOOD + "x,-1\n", "label -1 is out of range; expected 0 or more"),
        ("a.csv", "text,label\nx,1\ny,1\n", "has one class only, '1'"),
        ("a.csv", "text,label\nx,0.5\ny,nan\nz,1\n", "the label is nan; expected a finite number"),
        ("a.csv", "text,score\nx,1\ny,high\n", "'high' in the column score is no number"),
        ("a.jsonl", '{"text": "x", "label": 1}\n{"text": \n', "line 2 is not JSON"),
        ("a.jsonl", "[1]\n", "line 1 holds a list; expected one object a line"),
        ("a.txt", "x", "is of no known kind; expected a name that ends in .csv, .tsv, .jsonl"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path, name, text, message) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_task(write(tmp_path, name, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_utf8_and_a_folder_without_train(tmp_path) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\nnaïve,1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"is not UTF-8 \(byte 13\)"):
        load_task(tmp_path / "a.csv")
    with pytest.raises(InputError, match="has no train file"):
        load_task(tmp_path)


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


def test_long_texts_and_rare_line_ends_are_kept(tmp_path) -> None:
    texts = ["word " * 40_000, "one\u2028two", "three\x0cfour", "five\x85six"]
    rows = "".join(f"{text},{number % 2}\n" for number, text in enumerate(texts * 5))
    task = load_task(write(tmp_path, "a.csv", "text,label\n" + rows))
    found = {text for split in (task.train, task.validation, task.test) for text in split["text"]}
    assert found == set(texts)


@pytest.mark.parametrize("index", ["", "Unnamed: 0", "id"])
def test_the_number_of_a_row_is_no_text(tmp_path, index) -> None:
    rows = "".join(f"{n},film {n},{n % 2}\n" for n in range(20))
    assert load_task(write(tmp_path, "a.csv", f"{index},text,label\n{rows}")).columns == ("text",)


def test_half_a_character_and_columns_that_nobody_reads(tmp_path) -> None:
    rows = [{"text": f"half \ud83d {n}", "label": n % 2, "id": n if n % 3 else f"x{n}"} for n in range(20)]
    task = load_task(write(tmp_path, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    found = sorted((row["id"], row["text"]) for row in (*task.train, *task.validation, *task.test))
    assert found[0] == ("1", "half \ufffd 1")
    assert set(task.train.column_names) == {"text", "label", "id"}


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
    sets = build_task("x", SET, {"train": [{"text": "a", "labels": []}, {"text": "b", "labels": ["fear"]}] * 9}, "here")
    assert sorted(map(tuple, sets.train["labels"])) == [()] * 7 + [(1,)] * 7


def test_labels_that_are_not_declared_are_those_in_the_rows() -> None:
    rows = [{"tokens": ["a", "b", "c"], "ner_tags": ["B-x", "O", "B-a"]}] * 9
    undeclared = Declaration("tags", ("tokens",), ("ner_tags",), [], "")
    task = build_task("x", undeclared, {"train": rows}, "here")
    assert task.labels == ["O", "B-a", "B-x"]
    assert task.train["ner_tags"][0] == [2, 0, 1]
    with pytest.raises(InputError, match="x has the tags B-x; expected O among them"):
        build_task("x", undeclared, {"train": [{"tokens": ["a"], "ner_tags": ["B-x"]}] * 9}, "here")


def test_your_own_tags_questions_and_sets_of_labels(tmp_path) -> None:
    rows = {
        "tags": [{"tokens": ["Ann", "left"], "ner_tags": ["B-person", "O"]}],
        "nested": [{"tokens": ["Oslo", "bank"], "ner_tags": ["B-org", "I-org"], "nested_ner_tags": ["B-place", "O"]}],
        "span": [asked("Bob", 8)],
        "labels": [{"id": "a", "text": "oh", "labels": ["joy", "fear"]}, {"id": "b", "text": "ah", "labels": []}],
        "numbers": [{"text": "oh", "labels": [3]}, {"text": "ah", "labels": [0]}],
    }
    found = {}
    for name, lines in rows.items():
        text = "".join(json.dumps(line) + "\n" for line in lines * 10)
        found[name] = load_task(write(tmp_path, f"{name}.jsonl", text))
    assert [(task.kind, task.labels) for task in found.values()] == [
        ("tags", ["O", "B-person"]), ("tags", ["O", "B-org", "B-place", "I-org"]), ("span", ["start", "end"]),
        ("labels", ["fear", "joy"]),
        ("labels", ["0", "1", "2", "3"]),
    ]  # fmt: skip
    assert found["labels"].columns == ("text",)
    assert found["tags"].train[0] == {"tokens": ["Ann", "left"], "ner_tags": [1, 0]}
    assert found["nested"].targets == ("ner_tags", "nested_ner_tags")
    for line, message in (
        ({"tokens": ["a"]}, "row 1: ner_tags is missing"),
        ({"tokens": ["a"], "ner_tags": ["O", "O"]}, "1 tokens and 2 ner_tags"),
        (
            {"question": "Who?", "context": "Ann", "answers": {"text": "Ann"}},
            "expected two lists, texts as text",
        ),
        ({"context": "Ann", "answers": {"text": [], "answer_start": []}}, "question is empty"),
        ({"labels": ["a"]}, "text is empty"),
        ({"text": "a", "labels": []}, "no row has anything in labels; expected some labels"),
    ):
        with pytest.raises(InputError, match=message):
            load_task(write(tmp_path, "bad.jsonl", (json.dumps(line) + "\n")))


def test_a_file_in_the_order_of_its_labels_has_both_in_every_split() -> None:
    rows = [{"text": f"t {number}", "label": int(number >= 100)} for number in range(200)]
    task = build_task("x", YES_NO, {"train": rows}, "here")
    assert set(task.train["label"]) == set(task.test["label"]) == set(task.validation["label"]) == {0, 1}


def test_a_quote_in_a_tsv_file_is_a_character(tmp_path) -> None:
    texts = [text for number in range(20) for text in (f'"a" quote {number}', f'"open {number}')]
    lines = "".join(f"{text}\t{number % 2}\n" for number, text in enumerate(texts))
    (tmp_path / "quotes.tsv").write_text(f"text\tlabel\n{lines}", encoding="utf-8")
    task = load_task(tmp_path / "quotes.tsv")
    assert sorted([*task.train["text"], *task.validation["text"], *task.test["text"]]) == sorted(texts)


def test_a_text_may_hold_a_line_separator_or_a_line_end(tmp_path) -> None:
    """Python counts U+2028 and its like as line ends, JSON and csv do not; and csv keeps what stands in quotes."""
    texts = [f"one\u2028two {n}" for n in range(20)]
    jsonl = write(tmp_path, "a.jsonl", "".join(f'{{"text": "{t}", "label": {n % 2}}}\n' for n, t in enumerate(texts)))
    path = tmp_path / "a.csv"
    path.write_bytes(("text,label\n" + "".join(f'"one\r\ntwo {n}",{n % 2}\n' for n in range(20))).encode())
    for task, end in ((load_task(jsonl), "\u2028"), (load_task(path), "\r\n")):
        rows = [*task.train, *task.validation, *task.test]
        assert {row["text"] for row in rows} == {f"one{end}two {n}" for n in range(20)}


def test_a_column_of_row_numbers_is_no_text_and_valid_is_a_split(tmp_path) -> None:
    for index, name in enumerate(("id", "idx", "Unnamed: 0")):
        folder = tmp_path / f"{index}"
        folder.mkdir()
        for split, count in (("train", 8), ("valid", 3), ("test", 4)):
            write(
                folder, f"{split}.csv", f"{name},text,label\n" + "".join(f"{n},t {n},{n % 2}\n" for n in range(count))
            )
        task = load_task(folder)
        assert task.columns == ("text",)
        assert (len(task.train), len(task.validation), len(task.test)) == (8, 3, 4)


def test_a_label_that_only_the_test_has_is_known_too(tmp_path) -> None:
    for split, label in (("train", "spam"), ("dev", "ham"), ("test", "other")):
        write(tmp_path, f"{split}.csv", "text,label\n" + f"a,{label}\nb,spam\n" * 3)
    assert load_task(tmp_path).labels == ["ham", "other", "spam"]
    structured = tmp_path / "structured"
    structured.mkdir()
    for split, label in (("train", "fear"), ("dev", "joy"), ("test", "anger")):
        write(structured, f"{split}.jsonl", f'{{"text": "a", "labels": ["{label}"]}}\n' * 3)
    assert sorted(load_task(structured).labels) == ["anger", "fear", "joy"]


def test_all_splits_of_a_task_are_numbered_anew() -> None:
    rows = [{"text": f"t {n}", "label": label} for n, label in enumerate(["a", "b", "c"] * 4)]
    task = build_task("made", Declaration("class", ("text",), ("label",), ["a", "b", "c"], ""), {"train": rows}, "")
    other = task.renumber(["c", "x", "a", "b"])
    for split in ("train", "validation", "test"):
        before = [task.labels[row["label"]] for row in getattr(task, split)]
        after = [other.labels[row["label"]] for row in getattr(other, split)]
        assert before == after != []
