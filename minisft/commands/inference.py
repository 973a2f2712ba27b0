"""The commands `evaluate` and `predict`: what a fine-tuned model says of a test split, or of your own texts."""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from minisft.checkpoints import locate
from minisft.commands.finetune import DEFAULT_TASK
from minisft.commands.report import figures, say, warn_if_collapsed, write_json
from minisft.commands.wording import find_entities, name_answer, name_entities, shorten, texts_of
from minisft.data import Batches, Declaration, Task, load_task, make_batches
from minisft.data.local import LABEL_COLUMNS, NUMBER_COLUMNS, read_rows
from minisft.data.task import Row, check_texts
from minisft.errors import InputError
from minisft.models import FineTuned, load_fine_tuned
from minisft.text import Tokenizer
from minisft.text.cleaning import join_words, split_words
from minisft.text.tokenizer import read_json
from minisft.training import KINDS, choose_device, evaluation, model_for
from minisft.training.callbacks import DESCRIPTION
from minisft.training.fine_tuning import check_length, tokenizer_of

COLUMNS = {"tags": ("tokens",), "span": ("question", "context")}  # of models that have no description
# What stands where labels would: the loss is not used.
NOTHING: dict[str, Any] = {"class": 0, "number": 0.0, "labels": [], "span": {"text": [], "answer_start": []}}


def open_model(options: argparse.Namespace) -> tuple[FineTuned, Tokenizer, torch.device, dict]:
    """A saved model, its tokenizer, the device, and what is known of its task."""
    if options.batch_size < 1:
        raise InputError(f"batch_size is {options.batch_size}; expected at least 1")
    device = choose_device(options.device)
    folder = locate(options.model)
    model = load_fine_tuned(folder).to(device).eval()
    description = read_json(folder / DESCRIPTION)
    wanted = description.get("max_length") if options.max_length is None else options.max_length
    options.max_length = check_length(wanted, model)
    return model, tokenizer_of(folder, model), device, description


def evaluate(options: argparse.Namespace) -> None:
    """A fine-tuned model on the test split of a task, or on a file of new rows."""
    model, tokenizer, device, description = open_model(options)
    named = options.data or options.task
    known = {} if named else description  # of another task, another language
    task = load_task(
        named or known.get("task", DEFAULT_TASK),
        options.language or known.get("language", "en"),
        options.domain or known.get("domain"),
    )
    if type(model) is not model_for(task):
        raise InputError(
            f"{options.model} is a {type(model).__name__}, and {task.name} wants {model_for(task).__name__}"
        )
    if model.kind != task.kind:  # classes and numbers have one kind of model
        raise InputError(
            f"{options.model} is for tasks of the kind {model.kind}, and {task.name} is one of {task.kind} "
            "(a file with numbers to predict has fractions, or a column named score)"
        )
    task = as_read_by(model_columns(description, model), task)
    if task.kind in ("class", "labels", "tags"):
        task = in_words_of(model, options.model, task)
    task, rows = choose_rows(task, options.data, description.get("task", ""))
    batches = make_batches(task, task.test, tokenizer, options.batch_size, options.max_length)
    started = time.perf_counter()
    result = evaluation.evaluate(model, KINDS[task.kind].objective(), batches, device, options.precision)
    seconds = time.perf_counter() - started
    scores = result.scores()
    where = f" ({task.source})" if task.source != task.name else ""
    say("task", f"{task.name}, {len(task.test)} {rows}{where}")
    report_cut(batches, options.max_length)
    say("test", f"{figures(scores)}; {len(task.test) / seconds:.0f} rows a second")
    warn_if_collapsed(result)
    write_json(options.json, {"task": task.name, "model": options.model, "test": scores})


def model_columns(description: dict, model: FineTuned) -> tuple[str, ...]:
    """The text columns that a model reads, in their order, where that is known."""
    return tuple(description.get("columns", ())) or COLUMNS.get(model.kind, ())


def as_read_by(columns: tuple[str, ...], task: Task) -> Task:
    """The task with its texts in the order in which a model reads them; as many texts with other names will do.

    Raises InputError where the model reads more or fewer.
    """
    if not columns or set(columns) <= set(task.columns):
        return replace(task, columns=columns or task.columns)
    if len(columns) != len(task.columns):
        raise InputError(
            f"{task.name} has the texts {', '.join(task.columns)}, and the model reads {', '.join(columns)}"
        )
    return task


def choose_rows(task: Task, data: Path | None, learned: str) -> tuple[Task, str]:
    """The task with the rows to score as its test, and what they are. `learned` is what the model was trained on.

    A file is all test, unless it is that one; so is one of the same name, for the folder may have moved since.
    """
    if data is None or not data.is_file():
        return task, "test rows"
    if data.name == Path(learned).name:
        return task, "rows that the model did not learn from: a tenth of the file"
    return task.all_as_test(), "rows, all of the file"


def in_words_of(model: FineTuned, name: str, task: Task) -> Task:
    """The task with its labels numbered as the model numbers them. Raises InputError for one that it does not know."""
    nameless = [f"LABEL_{i}" for i in range(len(task.labels))]  # what transformers calls what nobody has named
    if model.labels in (task.labels, nameless):
        return task
    unknown = [label for label in task.labels if label not in model.labels]
    if unknown:
        raise InputError(
            f"{task.name} has the label {unknown[0]!r}, and {name} knows {shorten(', '.join(model.labels))}: "
            "expected data with the same labels"
        )
    return task.renumber(model.labels)


def report_cut(batches: Batches, longest: int) -> None:
    """How many rows were too long."""
    if batches.encodings.truncated:
        say("cut", f"{batches.encodings.truncated} rows are longer than {longest} pieces and lost their end")


def predict(options: argparse.Namespace) -> None:
    """What the model says of each row: a label with its probability, a number, labels, entities or an answer."""
    model, tokenizer, device, description = open_model(options)
    rows, columns = read_inputs(options, model.kind, model_columns(description, model))
    # Two layers of tags are two targets; every row has the same nothing.
    targets = tuple(f"target{number}" for number in range(len(model.heads)))
    for row in rows:
        row |= {target: NOTHING.get(model.kind, [0] * len(row.get("tokens", []))) for target in targets}
    task = Declaration(model.kind, columns, targets, model.labels, "")
    batches = make_batches(task, rows, tokenizer, options.batch_size, options.max_length)
    result = evaluation.evaluate(model, KINDS[model.kind].objective(), batches, device, options.precision)
    report_cut(batches, options.max_length)
    answers = [
        answer_row(model, *pair) for pair in zip(rows, result.predictions(), probabilities(model, result), strict=True)
    ]
    for row, (shown, _) in zip(rows, answers, strict=True):
        print(f"{shown}\t{' | '.join(shorten(text) for text in as_given(row, columns))}")
    found = [{"texts": as_given(row, columns), **answer} for row, (_, answer) in zip(rows, answers, strict=True)]
    write_json(options.json, {"model": options.model, "predictions": found})


def as_given(row: Row, columns: tuple[str, ...]) -> list[str]:
    """The texts of a row. One that was cut into words here stands as it was written: places of entities count in it."""
    return [row["written"][0]] if "written" in row else texts_of(row, columns)


def probabilities(model: FineTuned, result: evaluation.Evaluation) -> list[list[float] | None]:
    """Of each row the probability of every label, where the whole text has them."""
    if model.kind == "class":
        return [model.ops.softmax(output).tolist() for output in result.outputs]
    if model.kind == "labels":
        return [output.sigmoid().tolist() for output in result.outputs]
    return [None] * len(result.predictions())


def answer_row(model: FineTuned, row: Row, said: Any, chances: list[float] | None) -> tuple[str, dict[str, Any]]:
    """One row's answer for the screen and for a file."""
    if model.kind == "number":
        return f"{said:.3f}", {"value": said}
    if model.kind == "class":
        return f"{model.labels[said]} {chances[said]:.3f}", {"label": model.labels[said], "probability": chances[said]}
    if model.kind == "labels":
        found = {model.labels[label]: chances[label] for label in said}
        shown = ", ".join(f"{label} {chance:.3f}" for label, chance in found.items())
        return shown or "no label", {"labels": found}
    if model.kind == "tags":
        text, places = row.get("written") or join_words(row["tokens"])
        entities = find_entities(said, model.labels, text, places)
        return name_entities(entities), {"entities": entities}
    return name_answer(said), {"answer": said.text, "start": said.start, "margin": said.margin}


def read_inputs(options: argparse.Namespace, kind: str, columns: tuple[str, ...]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows to say something of, and their text columns."""
    if bool(options.text) == bool(options.data):
        raise InputError("give one text, two texts for a pair, or --data FILE")
    if options.text:
        if len(options.text) > 2:
            raise InputError(f"{len(options.text)} texts given; expected one, or two for a pair (quote each)")
        columns = columns or ("sentence1", "sentence2")[: len(options.text)]
        if len(options.text) != len(columns):
            raise InputError(
                f"{options.model} reads {len(columns)} texts a row ({', '.join(columns)}), not {len(options.text)}"
            )
        rows = [dict(zip(columns, options.text, strict=True))]
    else:
        rows, columns = read_file(options, columns)
    rows = [{column: row[column] for column in columns if column in row} for row in rows]
    for number, row in enumerate(rows, 1):
        text = row.get("tokens")
        if kind == "tags" and isinstance(text, str) and text.strip():
            places = split_words(text)
            row |= {"tokens": [text[start:end] for start, end in places], "written": (text, places)}
        check_texts(row, columns, kind, f"row {number}")
    return rows, columns


def read_file(options: argparse.Namespace, columns: tuple[str, ...]) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of a file, and their text columns."""
    if not options.data.is_file():
        raise InputError(f"there is no file {options.data}")
    rows = read_rows(options.data)
    no_text = (*LABEL_COLUMNS, *NUMBER_COLUMNS)
    given = [name for name in rows[0] if name in columns or name not in no_text]
    if columns == ("tokens",) and "tokens" not in given and len(given) == 1:  # a text that is not cut into words yet
        rows = [{"tokens": row[given[0]]} for row in rows]
        given = ["tokens"]
    columns = columns or tuple(given)
    if not set(columns) <= set(given) or not 1 <= len(columns) <= 2:
        expected = ", ".join(columns) if 1 <= len(columns) <= 2 else "one or two columns of text"
        raise InputError(f"{options.data} has the columns {', '.join(rows[0])}; expected {expected}")
    return rows, columns
