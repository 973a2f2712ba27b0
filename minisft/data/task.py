"""A task: labelled texts in three splits, and what their labels are called."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from minisft.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset

Row = dict[str, Any]
Splits = dict[str, list[Row]]
# What is asked of a text, and what stands in a row's target column:
#   class   one of the labels                            its number
#   number  how much                                     a float
#   labels  any of the labels                            a list of numbers
#   tags    a label for each word of `tokens`            a list of numbers; a second target column is a second layer
#   span    where the context answers the question       {"text": [...], "answer_start": [...]}, empty: nowhere
# The labels of span are what its two numbers a token mean. Where some training questions have no answer, [CLS] may be
# the start and the end; a model that never saw such a question must not give that answer.
ANSWERED, MAYBE_ANSWERED = ["start", "end"], ["start or [CLS]", "end or [CLS]"]
MOST_LABELS = 10_000  # as numbers; beyond, a number is more likely a key than a class
EXTRAS = ("id", "title")  # columns that are kept, as text, where a row has them


@dataclass(frozen=True)
class Declaration:
    """What a task asks, and where its rows come from.

    A row's label may be its number in `labels` or its name. Where `labels` is empty, they are the names in the rows.
    """

    kind: str  # class, number, labels, tags or span
    columns: tuple[str, ...]  # the text columns
    targets: tuple[str, ...]  # the columns with what is to be found
    labels: list[str]  # in the order of their numbers; of tags B-x, I-x and O; of a number its name; of span none
    about: str
    make: Callable[[str, str], Splits] | None = None  # rows from a domain and a language, for a generated task
    hub: tuple[str, ...] | None = None  # where the Hugging Face hub has it
    carve: int = 0  # rows of a validation split that the publisher does not give
    together: tuple[str, ...] = ()  # columns: rows that agree in them go into one split; none: those of all texts


@dataclass(frozen=True)
class Task:
    """Rows of one or two texts and what is to be found in them. See `Declaration` for kind, columns and targets."""

    name: str
    kind: str
    columns: tuple[str, ...]
    targets: tuple[str, ...]
    labels: list[str]
    train: "Dataset"
    validation: "Dataset"
    test: "Dataset"
    source: str  # where the rows came from
    language: str = "en"
    domain: str | None = None

    def take(self, rows: int, seed: int = 0) -> "Task":
        """The same task with only so many training rows, the same ones for the same seed.

        Of one seed, fewer rows are among the more. Raises InputError where there are not so many.
        """
        if not 1 <= rows <= len(self.train):
            raise InputError(f"rows is {rows}; expected 1 to {len(self.train)}, the training rows of {self.name}")
        order = list(range(len(self.train)))
        random.Random(seed).shuffle(order)
        return replace(self, train=self.train.select(sorted(order[:rows])))

    def all_as_test(self) -> "Task":
        """The same task with every row a test row, for a model that has learned from none of them."""
        from datasets import concatenate_datasets

        return replace(self, test=concatenate_datasets([self.train, self.validation, self.test]))

    def renumber(self, labels: list[str]) -> "Task":
        """The same task with the numbers that its labels have in another list, which must hold them all."""
        from datasets import Dataset

        numbers = [labels.index(label) for label in self.labels]

        def change(value: int | list[int]) -> int | list[int]:
            return [numbers[label] for label in value] if isinstance(value, list) else numbers[value]

        def changed(rows: "Dataset") -> "Dataset":
            return Dataset.from_list([row | {target: change(row[target]) for target in self.targets} for row in rows])

        splits = {name: changed(getattr(self, name)) for name in ("train", "validation", "test")}
        return replace(self, labels=labels, **splits)


def gold_of(task: Declaration | Task, row: Row) -> Any:
    """What is to be found in a row: a class, a number or labels; of tags a list for each layer; of span the answers."""
    if task.kind == "tags":
        return [row[target] for target in task.targets]
    return row[task.targets[0]]["text"] if task.kind == "span" else row[task.targets[0]]


def build_task(name: str, declaration: Declaration, splits: Splits, source: str) -> Task:
    """Check the rows and make a task of them.

    Where the publisher gave no validation split, `carve` rows of the training split (a tenth where 0) become one;
    questions on one context, and rows with the same texts, stay together.
    Where there is no labelled test split, the validation split is the test and a new one is carved, so that no
    test row ever chooses a model. Raises InputError at the first row that does not fit.
    """
    from datasets import Dataset

    declaration = name_labels(declaration, splits)
    if declaration.kind == "tags" and declaration.labels and "O" not in declaration.labels:
        raise InputError(f"{name} has the tags {', '.join(declaration.labels)}; expected O among them")
    odd = [label for label in declaration.labels if label != "O" and not label.startswith(("B-", "I-"))]
    if declaration.kind == "tags" and odd:  # what scores them would take it for O
        raise InputError(
            f"{name} has the tag {odd[0]}; expected O, B-y for the first word of a y and I-y for its other words"
        )
    numbers = {label: number for number, label in enumerate(declaration.labels)}
    made: Splits = {}
    for split, rows in splits.items():
        made[split] = [
            number_labels(row, declaration, numbers, f"{name}, {split} row {i}") for i, row in enumerate(rows, 1)
        ]
    if not declaration.labels:
        raise InputError(f"{name}: no row has anything in {' or '.join(declaration.targets)}; expected some labels")
    if not made.get("test"):
        made["test"] = made.pop("validation", [])
    count = declaration.carve or math.ceil(len(made["train"]) / 10)
    together = declaration.together or (("context",) if declaration.kind == "span" else declaration.columns)
    for wanted in ("test", "validation"):
        if not made.get(wanted):
            made["train"], made[wanted] = carve_out(made["train"], count, together)
    if not made["train"]:
        raise InputError(f"{name} has too few rows; expected at least 3, and some hundreds to learn from")
    data = {split: Dataset.from_list(made[split]) for split in ("train", "validation", "test")}
    return Task(
        name, declaration.kind, declaration.columns, declaration.targets, declaration.labels, **data, source=source
    )


def name_labels(declaration: Declaration, splits: Splits) -> Declaration:
    """The declaration with the names of its labels: its own, or those in the rows, O first and then sorted.

    Where the rows have numbers, the numbers from 0 to the highest are the names. Raises InputError where they are so
    high that they cannot count classes.
    """
    if declaration.kind == "span":
        answers = [row.get(declaration.targets[0]) for row in splits["train"]]  # whatever it is: checked later
        always = all(isinstance(found, dict) and found.get("text") for found in answers)
        return replace(declaration, labels=ANSWERED if always else MAYBE_ANSWERED)
    if declaration.labels:
        return declaration
    found = set()
    for row in (row for rows in splits.values() for row in rows):
        for value in (row.get(target) for target in declaration.targets):
            values = value if isinstance(value, list) else [value]
            found |= {label for label in values if isinstance(label, str | int)}  # anything else is said later
    names = sorted((name for name in found if isinstance(name, str)), key=lambda name: (name != "O", name))
    numbers = [number for number in found if isinstance(number, int)]
    if not names and max(numbers, default=0) >= MOST_LABELS:
        raise InputError(
            f"a label is {max(numbers)}, of {len(numbers)} that differ; expected numbers from 0 on, or names: "
            f'write them as text, such as "{max(numbers)}"'
        )
    return replace(declaration, labels=names or [str(number) for number in range(max(numbers, default=-1) + 1)])


def number_labels(row: Row, declaration: Declaration, numbers: dict[str, int], where: str) -> Row:
    """The columns of a row that count, with labels as numbers. Raises InputError where the row does not fit."""
    kept = {name: row[name] for name in (*declaration.columns, *declaration.targets) if name in row}
    kept |= {name: str(row[name]) for name in EXTRAS if name in row and name not in kept}
    if declaration.kind in ("class", "labels", "tags"):
        for target in declaration.targets:
            value = kept.get(target)
            found = value if isinstance(value, list) else [value]
            unknown = [label for label in found if isinstance(label, str) and label not in numbers]
            if unknown:
                raise InputError(f"{where}: there is no label {unknown[0]!r}; expected one of {', '.join(numbers)}")
            found = [numbers[label] if isinstance(label, str) else label for label in found]
            kept[target] = found if isinstance(value, list) else found[0]
    check_row(kept, declaration, where)
    return kept


def check_row(row: Row, declaration: Declaration, where: str) -> None:
    """Raise InputError where a text is empty, or what is to be found does not fit the text or the labels."""
    check_texts(row, declaration.columns, declaration.kind, where)
    for target in declaration.targets:
        if row.get(target) is None:
            raise InputError(f"{where}: {target} is missing; expected what is to be found there, or leave the row out")
        CHECKS[declaration.kind](row, target, declaration.labels, where)


def check_texts(row: Row, columns: tuple[str, ...], kind: str, where: str) -> None:
    """Raise InputError where there is nothing to read."""
    for column in columns:
        text = row.get(column)
        if text is None or (isinstance(text, str) and not text.strip()):
            raise InputError(f"{where}: {column} is empty; expected text there, or leave the row out")
        if kind == "tags":
            if not isinstance(text, list) or not text or not all(isinstance(word, str) and word for word in text):
                raise InputError(f"{where}: {column} is not a list of words; expected one word or more, none empty")
        elif not isinstance(text, str):
            raise InputError(f"{where}: {column} is {text!r}; expected text there")


def check_class(row: Row, target: str, labels: list[str], where: str) -> None:
    """One number of a label."""
    check_number_of_label(row[target], labels, where)


def check_number(row: Row, target: str, labels: list[str], where: str) -> None:
    """A finite number."""
    if not isinstance(row[target], int | float) or not math.isfinite(row[target]):
        raise InputError(f"{where}: the label is {row[target]}; expected a finite number")


def check_labels(row: Row, target: str, labels: list[str], where: str) -> None:
    """A list of numbers of labels, none twice."""
    found = row[target]
    if not isinstance(found, list) or any(label in found[:i] for i, label in enumerate(found)):
        raise InputError(f"{where}: {target} is {found}; expected a list of labels, none of them twice")
    for label in found:
        check_number_of_label(label, labels, where)


def check_tags(row: Row, target: str, labels: list[str], where: str) -> None:
    """A number of a label for each word."""
    found, words = row[target], row["tokens"]
    if not isinstance(found, list) or len(found) != len(words):
        count = len(found) if isinstance(found, list) else 1
        raise InputError(f"{where}: {len(words)} tokens and {count} {target}; expected one tag for each token")
    for label in found:
        check_number_of_label(label, labels, where)


def check_span(row: Row, target: str, labels: list[str], where: str) -> None:
    """Answers that stand in the context where they are said to stand."""
    answers = row[target] if isinstance(row[target], dict) else {}
    texts, starts = answers.get("text"), answers.get("answer_start")
    if not is_list_of(str, texts) or not is_list_of(int, starts):
        raise InputError(
            f"{where}: {target} is {row[target]}; expected two lists, texts as text and whole numbers as answer_start"
        )
    if len(texts) != len(starts):
        raise InputError(f"{where}: {len(texts)} answers and {len(starts)} answer_start; expected one start for each")
    context = row["context"]
    for text, start in zip(texts, starts, strict=True):
        if not text or not 0 <= start <= len(context) - len(text):
            raise InputError(
                f"{where}: the answer {text!r} at {start} is not within the context's {len(context)} characters"
            )
        found = context[start : start + len(text)]
        if found != text:
            raise InputError(f"{where}: the answer is {text!r}, but at {start} the context has {found!r}")


def is_list_of(kind: type, value: Any) -> bool:
    """Whether a value from a file is a list with nothing else in it."""
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def check_number_of_label(label: Any, labels: list[str], where: str) -> None:
    """Raise InputError where there is no label of that number."""
    if not isinstance(label, int) or not 0 <= label < len(labels):
        hint = " (GLUE hides its test labels as -1: leave such a split out)" if label == -1 else ""
        raise InputError(f"{where}: label {label} is out of range; expected 0 to {len(labels) - 1}{hint}")


CHECKS: dict[str, Callable[[Row, str, list[str], str], None]] = {
    "class": check_class,
    "number": check_number,
    "labels": check_labels,
    "tags": check_tags,
    "span": check_span,
}


def carve_out(rows: list[Row], count: int, together: tuple[str, ...]) -> tuple[list[Row], list[Row]]:
    """Split `count` rows off, or a few more, the same ones every time, and keep the order of both parts.

    Rows that agree in the columns `together` go to one side, unless all rows agree.
    """
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(repr([row[column] for column in together]), []).append(number)
    parts = list(groups.values()) if len(groups) > 1 else [[number] for number in range(len(rows))]
    chosen: set[int] = set()
    for part in random.Random(0).sample(parts, min(count, len(parts))):
        if len(chosen) < count:
            chosen.update(part)
    kept = [row for number, row in enumerate(rows) if number not in chosen]
    return kept, [rows[number] for number in sorted(chosen)]
