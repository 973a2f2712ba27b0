"""Your own data: a csv, tsv or jsonl file, or a folder with train, validation and test files of that kind."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from minisft.data.task import Declaration, Row, Task, build_task
from minisft.errors import InputError
from minisft.text.tokenizer import without_surrogates

SUFFIXES = (".csv", ".tsv", ".jsonl")
LABEL_COLUMNS = ("label", "labels", "score")
NUMBER_COLUMNS = ("id", "idx", "", "Unnamed: 0")  # of rows; the last two are an index that pandas has written
LONGEST_FIELD = 2**31 - 1  # characters: Python's csv would refuse a text of more than 131,072
SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}


def load_local(path: Path) -> Task:
    """Read a task from a file or folder.

    The label column is named label, labels or score; the other one or two columns are the texts. Whole numbers and
    names are classes; a column with fractions, or named score, is a regression. In a jsonl file there may also be
    lists of labels, words with tags, or questions on contexts: see `find_structure`. A single file is split 8 : 1 : 1,
    the same way every time. Raises InputError where a file does not fit.
    """
    files = find_files(path)
    rows = {split: read_rows(file) for split, file in files.items()}
    structured = find_structure(next(iter(rows.values()))[0])
    if structured:
        return build_task(str(path), structured, rows, str(path))
    columns, label_column = find_columns(next(iter(rows.values())), next(iter(files.values())))
    for split, file in files.items():
        for number, row in enumerate(rows[split], 1):
            missing = [name for name in (*columns, label_column) if row.get(name) in (None, "")]
            if missing:
                raise InputError(f"{file}, row {number}: {missing[0]} is empty; fill it in or leave the row out")
    labels = name_labels([row for split in rows.values() for row in split], label_column, path)
    kind = "number" if len(labels) == 1 else "class"
    return build_task(str(path), Declaration(kind, columns, ("label",), labels, ""), rows, str(path))


def find_structure(row: Row) -> Declaration | None:
    """What a row of a jsonl file asks, where its label is more than a name or a number.

    `tokens` with `ner_tags`, and `nested_ner_tags` for a second layer; `question` and `context` with `answers` as in
    SQuAD; or one or two texts with `labels`, a list. Labels may be names, or numbers from 0 on. Raises InputError
    where it has more texts.
    """
    if isinstance(row.get("tokens"), list):
        targets = tuple(name for name in ("ner_tags", "nested_ner_tags") if name in row)
        return Declaration("tags", ("tokens",), targets or ("ner_tags",), [], "")
    if isinstance(row.get("answers"), dict):
        return Declaration("span", ("question", "context"), ("answers",), [], "")
    if isinstance(row.get("labels"), list):
        texts = tuple(name for name, value in row.items() if isinstance(value, str) and name not in NUMBER_COLUMNS)
        if len(texts) > 2:
            raise InputError(f"a row has the texts {', '.join(texts)}; expected one or two: leave the others out")
        return Declaration("labels", texts or ("text",), ("labels",), [], "")
    return None


def find_files(path: Path) -> dict[str, Path]:
    """The file of each split; one file alone is all training data, to be carved up."""
    if path.is_dir():
        files: dict[str, Path] = {}
        for file in sorted(path.iterdir()):
            split = SPLITS.get(file.stem) if file.suffix in SUFFIXES else None
            if split in files:
                raise InputError(f"{path} has {files[split].name} and {file.name} for {split}; leave one of them out")
            if split:
                files[split] = file
        if "train" not in files:
            raise InputError(f"{path} has no train file; expected train.csv, train.tsv or train.jsonl in it")
        return files
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path} is of no known kind; expected a name that ends in {', '.join(SUFFIXES)}")
    return {"train": path}


def read_rows(path: Path) -> list[Row]:
    """The rows of a file as dictionaries. Raises InputError with the line number where one cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    rows = read_jsonl(path, text) if path.suffix == ".jsonl" else read_table(path, text)
    if not rows:
        raise InputError(f"{path} has no rows; expected a header line and at least one row, or one object a line")
    return rows


def read_table(path: Path, text: str) -> list[Row]:
    """Comma- or tab-separated rows under a header. In a tsv file quotes are text."""
    tabs = path.suffix == ".tsv"
    csv.field_size_limit(LONGEST_FIELD)
    lines = io.StringIO(text, newline="")  # str.splitlines would also cut at U+2028 and its like, inside a text
    quoting = csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
    # Strict: a quote that is never closed would take all rows after it into one text.
    reader = csv.reader(lines, delimiter="\t" if tabs else ",", quoting=quoting, strict=True)
    rows = []
    try:
        header = next(reader, [])
        twice = [name for name in header if header.count(name) > 1]
        if twice:
            raise InputError(f"{path} has two columns of the name {twice[0]!r}; expected every column to have its own")
        for row in reader:
            if row and len(row) != len(header):
                raise InputError(f"{path}, line {reader.line_num}: {len(row)} columns, expected {len(header)}")
            if row:
                rows.append(dict(zip(header, row, strict=True)))
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: {error}; expected a table with a header line, and a text with quotes in "
            'it as "a ""text"" in quotes"'
        ) from None
    return rows


def read_jsonl(path: Path, text: str) -> list[Row]:
    """One JSON object a line."""
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = whole(json.loads(line))
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"{path}, line {number} is not JSON ({error}); expected one object a line") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number} holds a {type(row).__name__}; expected one object a line")
        rows.append(row)
    return rows


def whole(value: Any) -> Any:
    """A value out of a file, without halves of a surrogate pair: no screen and no file would take them."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [whole(part) for part in value]
    return {whole(key): whole(part) for key, part in value.items()} if isinstance(value, dict) else value


def find_columns(rows: list[Row], path: Path) -> tuple[tuple[str, ...], str]:
    """The text columns and the label column."""
    names = list(rows[0])
    label = next((name for name in LABEL_COLUMNS if name in names), None)
    texts = tuple(name for name in names if name not in (*LABEL_COLUMNS, *NUMBER_COLUMNS))
    if label is None or not 1 <= len(texts) <= 2:
        raise InputError(
            f"{path} has the columns {', '.join(names)}; expected one or two text columns and one of "
            f"{', '.join(LABEL_COLUMNS)}"
        )
    return texts, label


def name_labels(rows: list[Row], column: str, path: Path) -> list[str]:
    """Put a number under "label" in every row, and say what the numbers are called."""
    values = [row[column] for row in rows]
    if several := [value for value in values if isinstance(value, list | dict)]:
        raise InputError(
            f"{path}: {column} is {several[0]!r}; expected one name or number (or lists in all rows' labels)"
        )
    numbers = [to_number(value) for value in values]
    all_numbers = all(number is not None for number in numbers)
    if all_numbers and (column == "score" or any(not number.is_integer() for number in numbers)):
        for row, number in zip(rows, numbers, strict=True):
            row["label"] = number
        return [column]
    if column == "score":
        bad = values[numbers.index(None)]
        raise InputError(f"{path}: {bad!r} in the column score is no number; name the column label for classes")
    names = [str(value) for value in values]
    if all_numbers:  # 1.0 is called 1, and 01 stays 01
        names = [re.sub(r"\.0*$", "", name.strip()) for name in names]
    labels = sorted(set(names), key=(lambda name: (float(name), name)) if all_numbers else None)
    if len(labels) < 2:
        raise InputError(f"{path} has one class only, {labels[0]!r}; expected at least two to tell apart")
    if all_numbers and float(labels[0]) < 0:
        raise InputError(f"{path}: label {labels[0]} is out of range; expected 0 or more (-1 marks a hidden label)")
    for row, name in zip(rows, names, strict=True):
        row["label"] = labels.index(name)
    return labels


def to_number(value: object) -> float | None:
    """The value as a number, or None."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
