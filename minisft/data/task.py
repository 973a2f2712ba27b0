"""A task: labelled texts in three splits, and what their labels are called."""

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minisft.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset

Row = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Rows of one or two texts and a label. One label name means regression: the label is then a number."""

    name: str
    columns: tuple[str, ...]  # the one or two text columns
    labels: list[str]
    train: "Dataset"
    validation: "Dataset"
    test: "Dataset"
    source: str  # where the rows came from

    @property
    def regression(self) -> bool:
        """Whether the label is a number rather than a class."""
        return len(self.labels) == 1


def build_task(
    name: str, columns: tuple[str, ...], labels: list[str], splits: dict[str, list[Row]], source: str, carve: int = 0
) -> Task:
    """Check the rows and make a task of them.

    Where the publisher gave no validation split, `carve` rows of the training split (a tenth where 0) become one.
    Where there is no labelled test split, the validation split is the test and a new one is carved, so that no
    test row ever chooses a model. Raises InputError at the first row that does not fit.
    """
    from datasets import Dataset

    for split, rows in splits.items():
        for number, row in enumerate(rows, 1):
            check_row(row, columns, labels, f"{name}, {split} row {number}")
    splits = dict(splits)
    if not splits.get("test"):
        splits["test"] = splits.pop("validation", [])
    count = carve or math.ceil(len(splits["train"]) / 10)
    for wanted in ("test", "validation"):
        if not splits.get(wanted):
            splits["train"], splits[wanted] = carve_out(splits["train"], count)
    if not splits["train"]:
        raise InputError(f"{name} has too few rows; expected at least 3, and some hundreds to learn from")
    keep = [*columns, "label", *(["kind"] if "kind" in splits["train"][0] else [])]
    made = {split: Dataset.from_list([{k: row[k] for k in keep} for row in rows]) for split, rows in splits.items()}
    return Task(name, columns, labels, made["train"], made["validation"], made["test"], source)


def check_row(row: Row, columns: tuple[str, ...], labels: list[str], where: str) -> None:
    """Raise InputError where a text is empty or a label is out of range."""
    for column in columns:
        if not isinstance(row[column], str) or not row[column].strip():
            raise InputError(f"{where}: {column} is empty; expected text there, or leave the row out")
    label = row["label"]
    if len(labels) == 1:
        if not math.isfinite(label):
            raise InputError(f"{where}: the label is {label}; expected a finite number")
    elif not 0 <= label < len(labels):
        hint = " (GLUE hides its test labels as -1: leave such a split out)" if label == -1 else ""
        raise InputError(f"{where}: label {label} is out of range; expected 0 to {len(labels) - 1}{hint}")


def carve_out(rows: list[Row], count: int) -> tuple[list[Row], list[Row]]:
    """Split `count` rows off, the same ones every time, and keep the order of both parts."""
    chosen = set(random.Random(0).sample(range(len(rows)), min(count, len(rows))))
    kept = [row for number, row in enumerate(rows) if number not in chosen]
    return kept, [rows[number] for number in sorted(chosen)]
