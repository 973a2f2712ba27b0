"""Behaviour beside the training loop: evaluation, the best model, early stopping, logs, a bar, Ctrl-C."""

import json
import math
import signal
import threading
import time
from pathlib import Path

from tqdm.auto import tqdm

from minisft.data import Batches
from minisft.errors import InputError
from minisft.files import write_atomically
from minisft.training.evaluation import evaluate
from minisft.training.trainer import Callback, Record, Trainer

DESCRIPTION = "task.json"  # beside a fine-tuned model


class ProgressBar(Callback):
    """One bar over all updates, with the loss beside it."""

    main_only = True

    def __init__(self, what: str = "fine-tuning") -> None:
        self.what, self.bar = what, None

    def on_start(self, trainer: Trainer) -> None:
        self.bar = tqdm(total=trainer.total_steps, initial=trainer.step, unit="update", desc=self.what)

    def on_update(self, trainer: Trainer) -> None:
        self.bar.update()

    def on_log(self, trainer: Trainer, records: list[Record]) -> None:
        self.bar.set_postfix(loss=f"{sum(record['loss'] for record in records) / len(records):.3f}", refresh=False)

    def on_end(self, trainer: Trainer) -> None:
        if self.bar is not None:  # the start of another callback may have failed before
            self.bar.close()


class Validate(Callback):
    """Score the validation split after each epoch; keep the best model in `folder`; stop when it no longer improves.

    `metric` is one of the scores of the task's kind (more is better) or loss (less is better). `patience` is how many
    epochs without improvement end the run.
    """

    def __init__(self, batches: Batches, metric: str, folder: Path, patience: int | None = None) -> None:
        if patience is not None and patience < 1:
            raise InputError(f"patience is {patience}; expected at least 1")
        self.batches, self.metric, self.folder, self.patience = batches, metric, folder, patience
        self.history: list[Record] = []

    def on_epoch(self, trainer: Trainer) -> None:
        evaluation = evaluate(
            trainer.model, trainer.objective, self.batches, trainer.device, trainer.settings.precision
        )
        require_finite(evaluation.loss, trainer)
        self.history.append({"step": trainer.step, "epoch": trainer.epoch, **evaluation.scores()})
        if self.best_epoch() == trainer.epoch and trainer.group.is_main:
            trainer.model.save_pretrained(self.folder)
        if self.exhausted():
            trainer.stop = True

    def exhausted(self) -> bool:
        """Whether the last `patience` epochs brought nothing better."""
        return (
            self.patience is not None and bool(self.history) and len(self.history) - self.best_epoch() >= self.patience
        )

    def best_epoch(self) -> int:
        """The epoch with the best score so far; of several the one with the lowest loss, and then the first.

        While a model has not found its first entity, F1 is 0 epoch after epoch and only the loss says that it learns.
        """
        sign = -1 if self.metric == "loss" else 1
        best = max(self.history, key=lambda scores: (sign * scores[self.metric], -scores["loss"]))
        return int(best["epoch"])


class Describe(Callback):
    """Writes down, beside each model that is kept, what it is for."""

    main_only = True

    def __init__(self, validate: Validate, description: dict) -> None:
        self.validate, self.text = validate, json.dumps(description) + "\n"

    def on_epoch(self, trainer: Trainer) -> None:
        path = self.validate.folder / DESCRIPTION
        # It is missing where an older minisft began the run.
        if self.validate.best_epoch() == trainer.epoch or not path.exists():
            write_atomically(path, lambda path: path.write_text(self.text, encoding="utf-8"))


def require_finite(loss: float, trainer: Trainer) -> None:
    """Raise InputError where a model gives no loss any more: an earlier one that is better stays where it is kept."""
    if not math.isfinite(loss):
        raise InputError(
            f"after epoch {trainer.epoch} the validation loss is {loss}; try a lower learning rate than "
            f"{trainer.settings.learning_rate:g}"
        )


class JsonLog(Callback):
    """One JSON object a line: an update (step, loss, gradient norm, learning rate, seconds) or a validation."""

    main_only = True

    def __init__(self, path: Path, validate: Validate | None = None) -> None:
        self.path, self.validate = path, validate

    def on_start(self, trainer: Trainer) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A resumed run does again what came after its checkpoint: those lines go.
        kept = [record for record in read_log(self.path) if record["step"] <= trainer.step] if trainer.step else []
        self.path.write_text("".join(json.dumps(record) + "\n" for record in kept), encoding="utf-8")
        self.started = time.perf_counter() - (kept[-1]["seconds"] if kept else 0.0)

    def on_log(self, trainer: Trainer, records: list[Record]) -> None:
        self.write(records)

    def on_epoch(self, trainer: Trainer) -> None:
        if self.validate:
            self.write([{"validation": True, **self.validate.history[-1]}])

    def write(self, records: list[Record]) -> None:
        """Append records and flush them to the disk's cache."""
        seconds = round(time.perf_counter() - self.started, 3)
        with open(self.path, "a", encoding="utf-8") as file:
            file.writelines(json.dumps({**record, "seconds": seconds}) + "\n" for record in records)


def read_log(path: Path) -> list[dict]:
    """The records of a log; a line that was cut off while it was written is passed over."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


class StopOnInterrupt(Callback):
    """Let Ctrl-C end the run after the update at hand, so that nothing is half done. A second one ends it at once."""

    def __init__(self) -> None:
        self.interrupted, self.previous = False, None

    def on_start(self, trainer: Trainer) -> None:
        self.previous = None
        if threading.current_thread() is not threading.main_thread():
            return

        def stop(number: int, frame: object) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = trainer.stop = True

        self.previous = signal.signal(signal.SIGINT, stop)

    def on_end(self, trainer: Trainer) -> None:
        if self.previous is not None:
            signal.signal(signal.SIGINT, self.previous)
