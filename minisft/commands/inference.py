"""The commands `evaluate` and `predict`: what a fine-tuned model says of a test split, or of your own texts."""

import argparse
import json
import time
from typing import Any

import torch

from minisft.checkpoints import locate
from minisft.commands.finetune import DEFAULT_TASK, DESCRIPTION
from minisft.commands.report import figures, say, warn_if_collapsed, write_json
from minisft.data import Batches, load_task, make_batches
from minisft.data.local import read_rows
from minisft.errors import InputError
from minisft.models import SequenceClassifier
from minisft.objectives import Classification, Regression
from minisft.text import Tokenizer
from minisft.training import choose_device, evaluation
from minisft.training.fine_tuning import check_length


def load_fine_tuned(options: argparse.Namespace) -> tuple[SequenceClassifier, Tokenizer, torch.device, dict]:
    """A saved model, its tokenizer, the device, and what is known of its task."""
    device = choose_device(options.device)
    folder = locate(options.model)
    model = SequenceClassifier.from_pretrained(folder).to(device).eval()
    options.max_length = check_length(options.max_length, model)
    path = folder / DESCRIPTION
    description = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return model, Tokenizer.from_folder(folder), device, description


def evaluate(options: argparse.Namespace) -> None:
    """A fine-tuned model on the test split of a task."""
    model, tokenizer, device, description = load_fine_tuned(options)
    task = load_task(options.data or options.task or description.get("task", DEFAULT_TASK))
    if len(task.labels) != len(model.labels):
        raise InputError(f"{options.model} knows {len(model.labels)} labels and {task.name} has {len(task.labels)}")
    objective = Regression() if task.kind == "number" else Classification()
    batches = make_batches(task, task.test, tokenizer, options.batch_size, options.max_length)
    started = time.perf_counter()
    result = evaluation.evaluate(model, objective, batches, device, options.precision)
    seconds = time.perf_counter() - started
    say("task", f"{task.name}, {len(task.test)} test rows ({task.source})")
    say("test", f"{figures(result.scores())}; {len(task.test) / seconds:.0f} rows a second")
    warn_if_collapsed(result)
    write_json(options.json, {"task": task.name, "model": options.model, "test": result.scores()})


def predict(options: argparse.Namespace) -> None:
    """The label of each text or pair, with its probability."""
    model, tokenizer, device, description = load_fine_tuned(options)
    columns = description.get("columns")
    texts = read_texts(options, columns)
    if columns and len(texts) != len(columns):
        raise InputError(f"{options.model} reads {len(columns)} texts a row ({', '.join(columns)}), not {len(texts)}")
    encodings = tokenizer.encode(*texts, max_length=options.max_length)
    # There are no labels: class 0 stands in, and the loss is not used.
    batches = Batches(encodings, [0] * len(texts[0]), options.batch_size, tokenizer.pad_id)
    outputs = evaluation.evaluate(model, Classification(), batches, device, options.precision).outputs
    if encodings.truncated:
        say("cut", f"{encodings.truncated} rows are longer than {options.max_length} pieces and lost their end")
    results = []
    for row, output in zip(zip(*texts, strict=True), outputs, strict=True):
        answer = name_answer(model, output)
        results.append({"texts": row, **answer})
        shown = f"{answer['label']} {answer['probability']:.3f}" if "label" in answer else f"{answer['value']:.3f}"
        print(f"{shown}\t{' | '.join(row)}")
    write_json(options.json, {"model": options.model, "predictions": results})


def name_answer(model: SequenceClassifier, output: torch.Tensor) -> dict[str, Any]:
    """One row's output in words: the class and its probability, or the number."""
    if len(model.labels) == 1:
        return {"value": output[0].item()}
    probabilities = model.ops.softmax(output)
    best = int(probabilities.argmax())
    return {"label": model.labels[best], "probability": probabilities[best].item()}


def read_texts(options: argparse.Namespace, columns: list[str] | None) -> list[list[str]]:
    """The texts to label, a list a column."""
    if bool(options.text) == bool(options.data):
        raise InputError("give one text, two texts for a pair, or --data FILE")
    if options.text:
        if len(options.text) > 2:
            raise InputError(f"{len(options.text)} texts given; expected one, or two for a pair (quote each)")
        texts = [[text] for text in options.text]
    else:
        if not options.data.is_file():
            raise InputError(f"there is no file {options.data}")
        rows = read_rows(options.data)
        columns = columns or [name for name in rows[0] if name not in ("label", "labels", "score", "id", "idx", "kind")]
        missing = [name for name in columns if name not in rows[0]]
        if missing or not 1 <= len(columns) <= 2:
            raise InputError(f"{options.data} has the columns {', '.join(rows[0])}; expected {', '.join(columns)}")
        texts = [[row[name] for row in rows] for name in columns]
    for column in texts:
        for number, text in enumerate(column, 1):
            if not isinstance(text, str) or not text.strip():
                raise InputError(f"row {number}: a text is empty; expected something to read")
    return texts
