"""How the cost grows, with length, rows and width, and what a whole run spends outside its updates. A part of bench.py.

Random tokens in rows that are full: nothing is padded, and both systems see the same shapes.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from measuring import Clock, Results, answer, set_precision
from workloads import Workload, load, model_folder, pairs_to_learn

PART = "growth"
SYSTEMS = {"ours": "minisft", "trainer": "Hugging Face's Trainer"}
AXES = {"length": [64, 128, 256, 512], "rows": [4, 8, 16, 32, 64], "width": [128, 256, 384, 512, 768]}
LAYERS, ROWS, LENGTH = 6, 8, 128  # of what does not grow; rows grow at length 64
STEPS, WARM = 5, 2
STAGES = ("start", "prepare", "train", "evaluate", "save")
WHOLE_ROWS = 800


def workload_at(axis: str, value: int, model: str, precision: str, device: str) -> Workload:
    """What is trained at one point of a curve."""
    sizes = {"length": LENGTH, "rows": ROWS, "model": model}
    if axis == "rows":
        sizes |= {"length": 64, "rows": value}
    elif axis == "width":
        sizes["model"] = f"{LAYERS}x{value}"
    else:
        sizes["length"] = value
    return Workload(**sizes, precision=precision, device=device, steps=STEPS)


def random_rows(workload: Workload) -> list[list[int]]:
    """Rows of the workload's length, more than an epoch asks for."""
    count = (STEPS + 1) * workload.rows
    return torch.randint(1000, 20000, (count, workload.length)).tolist()


def our_seconds(workload: Workload) -> float:
    """Seconds of an update of this code."""
    from minisft.data import Batches
    from minisft.models import SequenceClassifier
    from minisft.objectives import Classification
    from minisft.text import Encodings
    from minisft.training import Callback, Settings, Trainer

    clock, rows = Clock(workload.device, STEPS, WARM), random_rows(workload)

    class Ticks(Callback):
        def on_update(self, trainer: Trainer) -> None:
            clock.update(0)
            trainer.stop = clock.done

    batches = Batches(Encodings(rows, [[0] * len(row) for row in rows], 0), [0, 1] * (len(rows) // 2), workload.rows, 0)
    with model_folder(workload.model) as folder:
        model = SequenceClassifier.from_pretrained(folder, ["no", "yes"])
    precision = "bf16" if workload.precision == "bf16" else "fp32"
    Trainer(model, Classification(), batches, Settings(precision=precision), workload.device, [Ticks()]).fit()
    return clock.seconds / (STEPS - WARM)


def their_seconds(workload: Workload) -> float:
    """The same of Hugging Face's Trainer."""
    from datasets import Dataset
    from peers import arguments_for, attention_for, hardware
    from transformers import AutoModelForSequenceClassification, Trainer, TrainerCallback, default_data_collator

    clock, rows = Clock(workload.device, STEPS, WARM), random_rows(workload)

    class Ticks(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs) -> None:
            clock.update(0)

    columns = {"input_ids": rows, "token_type_ids": [[0] * len(row) for row in rows]}
    columns |= {"attention_mask": [[1] * len(row) for row in rows], "labels": [0, 1] * (len(rows) // 2)}
    with tempfile.TemporaryDirectory() as out, model_folder(workload.model) as folder:
        arguments = arguments_for(
            Path(out), max_steps=STEPS, per_device_train_batch_size=workload.rows, save_strategy="no",
            weight_decay=0.01, **hardware(workload),
        )  # fmt: skip
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=2, attn_implementation=attention_for(workload)
        )
        Trainer(model, arguments, default_data_collator, Dataset.from_dict(columns), callbacks=[Ticks()]).train()
    return clock.seconds / (STEPS - WARM)


def since_start() -> float:
    """Seconds since this process was started."""
    import psutil

    return time.time() - psutil.Process().create_time()


def our_run(workload: Workload) -> dict[str, float]:
    """The stages of a whole fine-tuning, seconds of each."""
    import minisft.training as training
    from minisft.data import make_batches
    from minisft.models import SequenceClassifier
    from minisft.objectives import Classification
    from minisft.text import Tokenizer

    stages = Stages()
    task = load().take(WHOLE_ROWS, 0)
    with model_folder(workload.model) as folder, tempfile.TemporaryDirectory() as out:
        model = SequenceClassifier.from_pretrained(folder, task.labels)
        batches = pairs_to_learn(workload, task)
        validation = make_batches(task, task.validation, Tokenizer.from_folder(folder), 32, workload.length)
        stages.end("prepare")
        precision = "bf16" if workload.precision == "bf16" else "fp32"
        settings = training.Settings(epochs=1, precision=precision)
        trainer = training.Trainer(model, Classification(), batches, settings, workload.device)
        trainer.fit()
        stages.end("train")
        training.evaluate(model, Classification(), validation, trainer.device, precision).scores()
        stages.end("evaluate")
        model.save_pretrained(out)
        stages.end("save")
    return stages.seconds


def their_run(workload: Workload) -> dict[str, float]:
    """The same of Hugging Face's Trainer at its best."""
    from peers import attention_for, hardware, make_trainer

    stages = Stages()
    task = load().take(WHOLE_ROWS, 0)
    with model_folder(workload.model) as folder, tempfile.TemporaryDirectory() as out:
        trainer = make_trainer(
            task, folder, Path(out), padding=False, num_train_epochs=1, per_device_train_batch_size=workload.rows,
            per_device_eval_batch_size=32, weight_decay=0.01, train_sampling_strategy="group_by_length",
            save_strategy="no", attention=attention_for(workload), **hardware(workload),
        )  # fmt: skip
        stages.end("prepare")
        trainer.train()
        stages.end("train")
        trainer.evaluate()
        stages.end("evaluate")
        trainer.save_model(out)
        stages.end("save")
    return stages.seconds


class Stages:
    """Seconds of one stage after the other; the first, from the process's start to here, is over."""

    def __init__(self) -> None:
        self.seconds = {"start": since_start()}
        self.last = time.perf_counter()

    def end(self, stage: str) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[stage], self.last = now - self.last, now


def measure(system: str, axis: str, round: int, model: str, precision: str, device: str) -> dict[str, Any]:
    """One curve, or the stages of a whole run."""
    set_precision(precision)
    if axis == "whole":
        workload = Workload(model=model, precision=precision, device=device)
        return {"points": our_run(workload) if system == "ours" else their_run(workload)}
    seconds = our_seconds if system == "ours" else their_seconds
    points = {}
    for value in AXES[axis]:
        torch.manual_seed(round)
        points[str(value)] = seconds(workload_at(axis, value, model, precision, device))
    return {"points": points}


def plan(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One round, in the first precision: a point is the mean of some updates already."""
    for axis in (*AXES, "whole"):
        for system in SYSTEMS:
            yield {"system": system, "axis": axis, "round": 0, "model": options.model,
                   "precision": options.precisions[0], "device": options.device}  # fmt: skip


def gathered(results: Results) -> dict[str, dict[str, dict[str, float]]]:
    """For each axis and system the median at each point."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for axis in (*AXES, "whole"):
        found[axis] = {}
        for system in SYSTEMS:
            runs = [
                e["found"]["points"]
                for e in results.of(PART)
                if (e["asked"]["axis"], e["asked"]["system"]) == (axis, system)
            ]
            if runs:
                found[axis][system] = {point: statistics.median(run[point] for run in runs) for point in runs[0]}
    return found


def report(results: Results) -> None:
    """The curves as numbers and as a picture beside the results."""
    from growth_picture import draw

    found = gathered(results)
    for axis, curves in found.items():
        print(f"\n{'whole run, seconds' if axis == 'whole' else f'ms an update against {axis}'}")
        for system, points in curves.items():
            scale = 1 if axis == "whole" else 1000
            print(f"{SYSTEMS[system]:<30}" + "".join(f"{point:>10}: {scale * y:<8.4g}" for point, y in points.items()))
    if all(len(curves) == len(SYSTEMS) for curves in found.values()):
        path = results.path.with_name(f"{results.path.stem}-growth.png")
        draw(found, results.of(PART)[0]["asked"], path)
        print(f"drawn: {path.name}")


if __name__ == "__main__":
    answer(measure, __doc__.splitlines()[0])
