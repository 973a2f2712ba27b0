"""Your own files become tasks; what does not fit is said in one line."""

import json
from pathlib import Path

import pytest

from minisft.data import load_task
from minisft.errors import InputError


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


def test_whole_numbers_keep_their_names(tmp_path) -> None:
    for given, names in (
        (["12345678901234567", "12345678901234568"], ["12345678901234567", "12345678901234568"]),
        (["02", "1", "01", "1.0"], ["01", "1", "02"]),
        (["10", "9", "2.00"], ["2", "9", "10"]),
    ):
        task = load_task(
            write(tmp_path, "a.csv", "text,label\n" + "".join(f"t {n},{given[n % len(given)]}\n" for n in range(24)))
        )
        assert task.labels == names
    lines = [{"text": f"t {n}", "label": (10**400, 1, 2.0)[n % 3]} for n in range(24)]
    task = load_task(write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines))))
    assert task.labels == ["1", str(10**400), "2.0"]


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
        ("a.jsonl", "[" * 100_000, "line 1 is not JSON"),
        ("a.csv", 'label,text\n1,a\n0,"open\n1,b\n', "line 4: unexpected end of data; expected a table with a header"),
        ("a.csv", 'label,text\n1,a\n0,"a" b\n1,b\n', "line 3: ',' expected after '\"'; expected a table with a header"),
        (
            "a.jsonl",
            '{"text": "x", "label": "z"}\n{"text": "x", "label": ["x", "y"]}\n',
            "label is .'x', 'y'.; expected one name",
        ),
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


def test_your_own_tags_questions_and_sets_of_labels(tmp_path) -> None:
    rows = {
        "tags": [{"tokens": ["Ann", "left"], "ner_tags": ["B-person", "O"]}],
        "nested": [{"tokens": ["Oslo", "bank"], "ner_tags": ["B-org", "I-org"], "nested_ner_tags": ["B-place", "O"]}],
        "span": [{"question": "Who?", "context": "Ann met Bob", "answers": {"text": ["Bob"], "answer_start": [8]}}],
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
        ({"author": "a", "date": "b", "text": "c", "labels": ["x"]}, "the texts author, date, text; expected one or"),
    ):
        with pytest.raises(InputError, match=message):
            load_task(write(tmp_path, "bad.jsonl", (json.dumps(line) + "\n")))


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


@pytest.mark.parametrize(
    ("one", "two", "split"), [("train.csv", "train.jsonl", "train"), ("dev.csv", "valid.csv", "validation")]
)
def test_two_files_for_one_split_are_one_too_many(tmp_path, one, two, split) -> None:
    for name in {"train.csv", one, two}:
        write(tmp_path, name, GOOD)
    with pytest.raises(InputError, match=f"has {one} and {two} for {split}; leave one of them out"):
        load_task(tmp_path)


def test_a_folder_that_is_called_as_a_published_task_is(tmp_path, monkeypatch) -> None:
    """By a Path or with ./ it is your own, and the name that the task has then leads to it again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MINISFT_DATA", raising=False)
    (tmp_path / "squad").mkdir()
    write(tmp_path / "squad", "train.csv", GOOD)
    for name in (Path("squad"), "./squad"):
        task = load_task(name)
        assert (task.kind, task.columns, task.name) == ("class", ("text",), "./squad")
    with pytest.raises(InputError, match="squad is neither under MINISFT_DATA nor to be had from the hub"):
        load_task("squad")
