"""Tasks by name: generated here, read from MINISFT_DATA, or fetched from the hub."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from minisft.data.local import SUFFIXES, load_local
from minisft.data.published import Splits, read_published
from minisft.data.task import Task, build_task
from minisft.data.town.tasks import hard_paraphrase, paraphrase
from minisft.errors import InputError


@dataclass(frozen=True)
class Published:
    """A well-known task: its columns and labels, and where the hub has it."""

    columns: tuple[str, ...]
    labels: list[str]
    hub: tuple[str, ...]
    about: str
    carve: int = 0


@dataclass(frozen=True)
class Generated:
    """A task of the town: its columns and labels, and the function that makes its rows."""

    columns: tuple[str, ...]
    labels: list[str]
    make: Callable[[], Splits]
    about: str


PAIR = ("sentence1", "sentence2")
PARAPHRASE = ["not_equivalent", "equivalent"]
TASKS: dict[str, Published | Generated] = {
    "town/paraphrase": Generated(PAIR, PARAPHRASE, paraphrase, "do two sentences about the town say the same?"),
    "town/paraphrase-hard": Generated(
        PAIR, PARAPHRASE, hard_paraphrase, "the same, with negation and every order of words"
    ),
    # 408 rows, as many as the hub's validation split has.
    "mrpc": Published(
        PAIR, PARAPHRASE, ("nyu-mll/glue", "mrpc"), "do two sentences of the news say the same?", carve=408
    ),
    "sst2": Published(
        ("sentence",), ["negative", "positive"], ("nyu-mll/glue", "sst2"), "does a film review praise or blame?"
    ),
    "stsb": Published(PAIR, ["similarity"], ("nyu-mll/glue", "stsb"), "how alike are two sentences, from 0 to 5?"),
}


def load_task(name: str | Path) -> Task:
    """A task by its name, or from a csv, tsv or jsonl file or a folder of them.

    Raises InputError where there is no such task, or it can be had neither here nor on the hub.
    """
    task = TASKS.get(str(name))
    if isinstance(task, Generated):
        return build_task(str(name), task.columns, task.labels, task.make(), "generated")
    if isinstance(task, Published):
        folder = data_folder(str(name))
        splits = read_published(str(name), folder) if folder else from_hub(str(name), task)
        source = str(folder) if folder else "/".join(task.hub)
        return build_task(str(name), task.columns, task.labels, splits, source, task.carve)
    path = Path(name)
    if path.exists():
        return load_local(path)
    raise InputError(
        f"there is no task or file {str(name)!r}; the tasks are {', '.join(TASKS)}, "
        f"or give a file that ends in {', '.join(SUFFIXES)}"
    )


def data_folder(name: str) -> Path | None:
    """The publisher's files of a task under MINISFT_DATA, or None."""
    root = os.environ.get("MINISFT_DATA")
    folder = Path(root).expanduser() / name if root else None
    return folder if folder and folder.is_dir() else None


def from_hub(name: str, task: Published) -> Splits:
    """The rows of a task from the Hugging Face hub, without a test split whose labels are hidden."""
    from datasets import load_dataset

    try:
        data = load_dataset(*task.hub)
    except Exception as error:  # the hub's client raises many kinds for one cause: it cannot be reached
        raise InputError(
            f"{name} is neither under MINISFT_DATA nor to be had from the hub ({type(error).__name__}); set "
            f"MINISFT_DATA to a folder that holds {name}/, connect to the network, or take town/paraphrase"
        ) from error
    splits = {split: rows.to_list() for split, rows in data.items()}
    if len(task.labels) > 1 and all(row["label"] == -1 for row in splits.get("test", [])):
        splits.pop("test", None)
    return splits
