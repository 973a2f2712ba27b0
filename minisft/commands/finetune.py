"""The command `finetune`: a pretrained model learns a task and is tested."""

import argparse
import os
import platform
import shlex
import time
from pathlib import Path

import torch

from minisft.commands.report import figures, peak_memory, place, say, warn_if_collapsed, warn_if_emulated, write_json
from minisft.commands.resuming import Given, keep_on
from minisft.commands.wording import gold_in_words, shorten, texts_of
from minisft.data import TASKS, Task, load_task
from minisft.models import FineTuned
from minisft.training import Evaluation, FineTuning, Settings, read_log
from minisft.training.baselines import baselines
from minisft.training.fine_tuning import LOG

DEFAULT_TASK = "town/polarity"
MOST_CLASSES = 30  # in a figure of how often each was taken for each


def finetune(options: argparse.Namespace) -> None:
    """Task, baselines, the model before, training, the model after, the next command to try."""
    started = time.perf_counter()
    run, task = prepare(options)
    report_task(task, run)
    report_model(run.model, options.model or run.source, run.trainer.device, run.settings.precision)
    before_all = baselines(task)
    for name, scores in before_all.items():
        say("baseline", f"{name}: {figures(scores)}")
    before = run.test().scores() if run.trainer.step == 0 else None
    if before:
        say("before", f"{figures(before)} (on the {len(task.test)} test rows)")
    else:
        say("resumed", f"at update {run.trainer.step} of {run.trainer.total_steps}")
    ready = time.perf_counter()
    if not run.train():
        say("stopped", f"at update {run.trainer.step} of {run.trainer.total_steps}; nothing is lost. To go on:")
        print(f"  python -m minisft finetune --out {shlex.quote(str(run.out))} --resume{keep_on(options)}")
        raise SystemExit(130)
    trained = time.perf_counter()
    tested = run.test()
    after = tested.scores()
    say(
        "after",
        f"{figures(after)} (epoch {run.validate.best_epoch()} of {run.settings.epochs}, the best on validation)",
    )
    if not run.trainer.group.is_main:
        return
    warn_if_collapsed(tested)
    results = {
        "task": task.name, "model": run.source, "settings": run.about(), "baselines": before_all, "before": before,
        "after": after, "validation": run.validate.history, "device": str(run.trainer.device),
        "seconds": {"preparing": ready - started, "training": trained - ready},
        "peak_memory_mb": peak_memory(run.trainer.device),
        "torch": torch.__version__, "python": platform.python_version(),
    }  # fmt: skip
    write_json(options.json, results)
    draw(run, task, tested)
    say("time", f"{trained - ready:.0f} s training, {time.perf_counter() - started:.0f} s in all")
    report_next(run.out, task)


def prepare(options: argparse.Namespace) -> tuple[FineTuning, Task]:
    """The run that the options ask for. A resumed run takes what is not given from when it was started."""
    out = options.out or Path("runs") / run_name(options.task or options.data or DEFAULT_TASK)
    given = Given(options, out)
    default = Settings()
    settings = Settings(
        epochs=given("epochs", default.epochs),
        batch_size=given("batch_size", default.batch_size),
        learning_rate=given("learning_rate", default.learning_rate),
        warmup=given("warmup", default.warmup),
        weight_decay=given("weight_decay", default.weight_decay),
        precision=given("precision", default.precision),
        seed=given("seed", default.seed),
    )
    named = options.data or given("task", DEFAULT_TASK)
    task = load_task(named, given("language", "en"), given("domain", None))
    run = FineTuning(
        task, given("model", "minilm"), settings, out, given("max_length", None), options.device,
        patience=given("patience", None), keep_every=options.keep_every, resume=options.resume,
        rows=given("rows", None),
    )  # fmt: skip
    return run, run.task


def run_name(task: str | Path) -> str:
    """A folder name for a task: town-paraphrase, reviews."""
    return str(task).replace("/", "-") if str(task) in TASKS else Path(os.path.abspath(task)).stem


def report_task(task: Task, run: FineTuning) -> None:
    """What the task is."""
    about = f": {TASKS[task.name].about}" if task.name in TASKS else ""
    where = ", ".join(filter(None, [task.domain, task.language if task.language != "en" else None, task.source]))
    say("task", f"{task.name}{about} ({where})")
    say("rows", f"{len(task.train)} train, {len(task.validation)} validation, {len(task.test)} test")
    if run.truncated():
        say("cut", f"{run.truncated()} rows are longer than {run.max_length} pieces and lose their end")
    row = task.train[0]
    texts = " | ".join(shorten(text) for text in texts_of(row, task.columns))
    say("example", f"{texts} -> {gold_in_words(task, row)}")


def report_model(model: FineTuned, source: str, device: torch.device, precision: str) -> None:
    """What the model is and where it runs."""
    config, millions = model.config, sum(p.numel() for p in model.parameters()) / 1e6
    shape = f"{config.num_hidden_layers} layers, width {config.hidden_size}, {millions:.1f} M parameters"
    say("model", f"{source}: {shape}; {place(device)}, {precision}")
    warn_if_emulated(precision, device)


def draw(run: FineTuning, task: Task, tested: Evaluation) -> None:
    """The figures of a run."""
    from minisft import plots

    records = read_log(run.out / LOG)
    plots.curve(records, f"Fine-tuning on {task.name}", run.out / "curve.png")
    title = f"{task.name}, {len(task.test)} test rows"
    picture = picture_of(task)
    if picture == "scatter.png":
        plots.scatter(tested.gold, tested.predictions(), title, run.out / picture)
    elif picture:
        plots.confusion(tested.gold, tested.predictions(), task.labels, title, run.out / picture)


def picture_of(task: Task) -> str | None:
    """The figure that shows a task's predictions, or None where there is none to be read."""
    if task.kind == "number":
        return "scatter.png"
    return "confusion.png" if task.kind == "class" and len(task.labels) <= MOST_CLASSES else None


def report_next(out: Path, task: Task) -> None:
    """Where everything is, and what to try now."""
    names = ", ".join(filter(None, [LOG, "curve.png", picture_of(task)]))
    say("written", f"{out}/: the model (transformers opens it), {names}")
    texts = " ".join(shlex.quote(text) for text in texts_of(task.test[0], task.columns))
    say("next", f"python -m minisft predict --model {shlex.quote(str(out))} {texts}")
