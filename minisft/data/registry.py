"""Tasks by name: generated here, read from MINISFT_DATA, or fetched from the hub."""

import os
from dataclasses import replace
from pathlib import Path

from minisft.data.local import SUFFIXES, load_local
from minisft.data.published import read_published
from minisft.data.task import Declaration, Splits, Task, build_task
from minisft.data.town.tasks import TOWN
from minisft.errors import InputError

PAIR = ("sentence1", "sentence2")
EMOTIONS = [
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire",
    "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy",
    "love", "nervousness", "optimism", "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
]  # fmt: skip
DIRECTED = [
    "Cause-Effect", "Component-Whole", "Content-Container", "Entity-Destination", "Entity-Origin", "Instrument-Agency",
    "Member-Collection", "Message-Topic", "Product-Producer",
]  # fmt: skip
RELATIONS = [*(f"{name}({way})" for name in DIRECTED for way in ("e1,e2", "e2,e1")), "Other"]  # in the hub's order


def begin_and_inside(types: str) -> list[str]:
    """The tags of some types of entities."""
    return ["O", *(f"{place}-{name}" for name in types.split() for place in "BI")]


PUBLISHED: dict[str, Declaration] = {
    # 408 rows, as many as the hub's validation split has.
    "mrpc": Declaration(
        "class", PAIR, ("label",), ["not_equivalent", "equivalent"], "do two sentences of the news say the same?",
        hub=("nyu-mll/glue", "mrpc"), carve=408,
    ),
    "sst2": Declaration(
        "class", ("sentence",), ("label",), ["negative", "positive"], "does a film review praise or blame?",
        hub=("nyu-mll/glue", "sst2"),
    ),
    "stsb": Declaration(
        "number", PAIR, ("label",), ["similarity"], "how alike are two sentences, from 0 to 5?",
        hub=("nyu-mll/glue", "stsb"),
    ),
    "vreg": Declaration("number", ("text",), ("label",), ["gladness"], "how glad is a tweet, from 0 to 1?"),
    "ag_news": Declaration(
        "class", ("text",), ("label",), ["World", "Sports", "Business", "Sci/Tech"], "what is a piece of news about?",
        hub=("fancyzhx/ag_news",),
    ),
    "snips": Declaration("class", ("text",), ("label",), [], "which of 7 things does somebody want?"),
    "clinc150": Declaration("class", ("text",), ("label",), [], "which of 150 things does somebody want?"),
    "chnsenticorp": Declaration(
        "class", ("text",), ("label",), ["negative", "positive"], "does a Chinese review praise or blame?"
    ),
    "restaurants": Declaration(
        "class", ("text", "span"), ("label",), ["negative", "neutral", "positive"],
        "what does a review think of one thing?", together=("text",),
    ),
    "semeval2010_task8": Declaration(
        "class", ("sentence",), ("relation",), RELATIONS, "how are two things in a sentence related?",
        hub=("SemEvalWorkshop/sem_eval_2010_task_8",),
    ),
    "goemotions": Declaration(
        "labels", ("text",), ("labels",), EMOTIONS, "which of 28 emotions does a comment show?",
        hub=("google-research-datasets/go_emotions", "simplified"),
    ),
    "wnut17": Declaration(
        "tags", ("tokens",), ("ner_tags",), begin_and_inside("corporation creative-work group location person product"),
        "rare names in what people post", hub=("leondz/wnut_17",),
    ),
    "genia": Declaration(
        "tags", ("tokens",), ("ner_tags", "nested_ner_tags"), begin_and_inside("DNA RNA cell_line cell_type protein"),
        "biological entities, and entities inside them",
    ),
    "squad": Declaration(
        "span", ("question", "context"), ("answers",), [], "where does a paragraph answer a question?",
        hub=("rajpurkar/squad",),
    ),
}  # fmt: skip
TASKS = TOWN | PUBLISHED


def load_task(name: str | Path, language: str = "en", domain: str | None = None) -> Task:
    """A task by its name, or from a csv, tsv or jsonl file or a folder of them. A Path is never a name.

    The town's tasks come in a language, "en" or "zh", and a domain, "newspaper" (where none is given) or "helpdesk".
    Raises InputError where there is no such task, or it can be had neither here nor on the hub.
    """
    declaration = TASKS.get(name) if isinstance(name, str) else None
    if declaration and declaration.make:
        splits = declaration.make(domain or "newspaper", language)
        task = build_task(str(name), declaration, splits, "generated")
        return replace(task, language=language, domain=domain)
    if domain or language != "en":
        raise InputError(f"{name} has no other language or domain; leave them out, or take a task of the town")
    if declaration:
        folder = data_folder(str(name))
        splits = read_published(str(name), folder) if folder else from_hub(str(name), declaration)
        source = str(folder) if folder else "/".join(declaration.hub)
        return build_task(str(name), declaration, splits, source)
    path = Path(name)
    if path.exists():
        task = load_local(path)
        # A folder may be called as a published task is; its name must lead to it again.
        return replace(task, name=f"./{path}") if str(path) in TASKS else task
    raise InputError(
        f"there is no task or file {str(name)!r}; the tasks are {', '.join(TASKS)}, "
        f"or give a file that ends in {', '.join(SUFFIXES)}"
    )


def data_folder(name: str) -> Path | None:
    """The publisher's files of a task under MINISFT_DATA, or None."""
    root = os.environ.get("MINISFT_DATA")
    folder = Path(root).expanduser() / name if root else None
    return folder if folder and folder.is_dir() else None


def from_hub(name: str, task: Declaration) -> Splits:
    """The rows of a task from the Hugging Face hub, without a test split whose labels are hidden."""
    from datasets import load_dataset

    if not task.hub:
        raise InputError(f"{name} is not on the hub; set MINISFT_DATA to a folder that holds its files in {name}/")
    try:
        data = load_dataset(*task.hub)
    except Exception as error:  # the hub's client raises many kinds for one cause: it cannot be reached
        raise InputError(
            f"{name} is neither under MINISFT_DATA nor to be had from the hub ({type(error).__name__}); set "
            f"MINISFT_DATA to a folder that holds {name}/, connect to the network, or take town/polarity"
        ) from error
    splits = {split: rows.to_list() for split, rows in data.items()}
    if task.kind in ("class", "number") and all(row[task.targets[0]] == -1 for row in splits.get("test", [])):
        splits.pop("test", None)
    return splits
