"""Sentences a second: this code, Hugging Face's pipeline and its model in batches of like length. A part of bench.py.

From texts to labels: tokenising is in it. Hugging Face's bf16 is at its best, with the weights in bf16 too.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from measuring import DTYPES, Results, answer, peak_memory, set_precision, wait
from workloads import load, model_folder

PART = "inference"
SYSTEMS = {"pipeline": "Hugging Face's pipeline", "model": "its model, like lengths together", "ours": "minisft"}
SENTENCES, ALONE, AT_ONCE = 512, 64, 32
PASSES = 3


def ours(folder: Path, precision: str, device: str) -> Callable[[list[str], int], list]:
    """What `python -m minisft predict` does."""
    from minisft.data import Declaration, make_batches
    from minisft.models import load_fine_tuned
    from minisft.objectives import Classification
    from minisft.text import Tokenizer
    from minisft.training import evaluate

    model = load_fine_tuned(folder).to(device, DTYPES[precision])  # under autocast each call would cast the weights
    tokenizer = Tokenizer.from_folder(folder)
    task = Declaration("class", ("sentence",), ("label",), model.labels, "")

    def label(sentences: list[str], at_once: int) -> list:
        rows = [{"sentence": sentence, "label": 0} for sentence in sentences]
        batches = make_batches(task, rows, tokenizer, at_once, 128)
        return evaluate(model, Classification(), batches, torch.device(device)).predictions()

    return label


def hugging_face(folder: Path, precision: str, device: str, pipe: bool) -> Callable[[list[str], int], list]:
    """The pipeline as its documentation has it, or the model in a loop as one writes it where speed matters."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=DTYPES[precision]).to(device).eval()
    if pipe:
        classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device=device)
        return lambda sentences, at_once: [found["label"] for found in classify(sentences, batch_size=at_once)]

    @torch.inference_mode()
    def label(sentences: list[str], at_once: int) -> list:
        ids = tokenizer(sentences, truncation=True, max_length=128)["input_ids"]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        said: dict[int, int] = {}
        for start in range(0, len(order), at_once):
            numbers = order[start : start + at_once]
            batch = tokenizer.pad({"input_ids": [ids[number] for number in numbers]}, return_tensors="pt").to(device)
            said |= zip(numbers, model(**batch).logits.argmax(-1).tolist(), strict=True)
        return [said[number] for number in range(len(ids))]

    return label


def measure(system: str, round: int, model: str, precision: str, device: str) -> dict[str, float]:
    """Sentences a second in batches and one at a time, the median of some passes each."""
    from minisft.checkpoints import locate
    from minisft.models import SequenceClassifier
    from minisft.text import Tokenizer

    set_precision(precision)
    torch.manual_seed(0)
    task = load()
    sentences = list(task.test[task.columns[0]])[:SENTENCES]
    with model_folder(model) as pretrained, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        SequenceClassifier.from_pretrained(pretrained, ["no", "yes"]).save_pretrained(folder)
        Tokenizer.from_folder(locate("minilm")).save(folder)
        if system == "ours":
            label = ours(folder, precision, device)
        else:
            label = hugging_face(folder, precision, device, system == "pipeline")
        label(sentences[:ALONE], AT_ONCE)  # kernels are chosen here
        return {
            "batches": rate(lambda: label(sentences, AT_ONCE), len(sentences), device),
            "alone": rate(lambda: [label([sentence], 1) for sentence in sentences[:ALONE]], ALONE, device),
            "peak_mb": peak_memory(torch.device(device)),
        }


def rate(work: Callable[[], Any], count: int, device: str) -> float:
    """How many of them a second."""
    seconds = []
    for _ in range(PASSES):
        wait(device)
        started = time.perf_counter()
        work()
        wait(device)
        seconds.append(time.perf_counter() - started)
    return count / statistics.median(seconds)


def plan(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Round after round, each system in turn."""
    for number in range(options.rounds):
        for precision in options.precisions:
            for system in SYSTEMS:
                yield {"system": system, "round": number, "model": options.model, "precision": precision,
                       "device": options.device}  # fmt: skip


def report(results: Results) -> None:
    """One line a system and precision."""
    entries = results.of(PART)
    print(f"\nInference: sentences a second, {AT_ONCE} at a time and one at a time; minisft against each")
    print(f"{'':<50}{f'{AT_ONCE} at a time':>14}{'minisft /':>11}{'one':>8}{'minisft /':>11}{'peak MB':>9}")
    for precision in dict.fromkeys(entry["asked"]["precision"] for entry in entries):
        found = {
            system: {e["asked"]["round"]: e["found"] for e in entries
                     if (e["asked"]["system"], e["asked"]["precision"]) == (system, precision)}
            for system in SYSTEMS
        }  # fmt: skip
        for system, runs in ((system, runs) for system, runs in found.items() if runs):
            cells = []
            for way in ("batches", "alone"):
                both = runs.keys() & found["ours"].keys()
                ratios = [found["ours"][number][way] / runs[number][way] for number in both]
                cells.append(f"{statistics.median(run[way] for run in runs.values()):.0f}")
                cells.append(f"{statistics.median(ratios):.2f}" if ratios else "")
            memory = statistics.median(run["peak_mb"] for run in runs.values())
            label = f"{SYSTEMS[system]}, {precision}"
            print(f"{label:<50}{cells[0]:>14}{cells[1]:>11}{cells[2]:>8}{cells[3]:>11}{memory:>9.0f}")


if __name__ == "__main__":
    answer(measure, __doc__.splitlines()[0])
