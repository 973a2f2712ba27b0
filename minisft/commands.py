"""What each command of the command line does and prints."""

import argparse
import json
import platform
import shlex
import time
from pathlib import Path
from typing import Any

import torch

from minisft import doctor as installation
from minisft.checkpoints import locate, write_atomically
from minisft.data import TASKS, Batches, Task, load_task
from minisft.data.local import read_rows
from minisft.data.registry import Generated, data_folder
from minisft.errors import InputError
from minisft.models import SequenceClassifier
from minisft.objectives import Classification, Regression
from minisft.text import Tokenizer
from minisft.training import Evaluation, FineTuning, Settings, choose_device, evaluation, read_log, read_progress
from minisft.training.baselines import baselines
from minisft.training.fine_tuning import LOG, STATE, check_length

DEFAULT_TASK = "town/paraphrase"
DESCRIPTION = "task.json"  # beside a fine-tuned model: which texts it reads


def say(what: str, text: str) -> None:
    """One line of a report."""
    print(f"{what:<11}{text}", flush=True)


def figures(scores: dict[str, float]) -> str:
    """Scores in a line."""
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())


def write_json(path: Path | None, results: dict[str, Any]) -> None:
    """Write the results where that was asked for."""
    if path:
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        say("results", str(path))


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
        print(f"  python -m minisft finetune --out {shlex.quote(str(run.out))} --resume")
        raise SystemExit(130)
    trained = time.perf_counter()
    tested = run.test()
    after = tested.scores()
    say(
        "after",
        f"{figures(after)} (epoch {run.validate.best_epoch()} of {run.settings.epochs}, the best on validation)",
    )
    warn_if_collapsed(tested)
    draw(run, task, tested)
    describe(run.out, task)
    results = {
        "task": task.name, "model": run.source, "settings": run.about(), "baselines": before_all, "before": before,
        "after": after, "validation": run.validate.history, "device": str(run.trainer.device),
        "seconds": {"preparing": ready - started, "training": trained - ready},
        "peak_memory_mb": peak_memory(run.trainer.device),
        "torch": torch.__version__, "python": platform.python_version(),
    }  # fmt: skip
    write_json(options.json, results)
    say("time", f"{trained - ready:.0f} s training, {time.perf_counter() - started:.0f} s in all")
    report_next(run.out, task)


def prepare(options: argparse.Namespace) -> tuple[FineTuning, Task]:
    """The run that the options ask for. A resumed run takes what is not given from when it was started."""
    out = options.out or Path("runs") / run_name(options.task or options.data or DEFAULT_TASK)
    stored: dict[str, Any] = {}
    if options.resume and (out / STATE).exists():
        stored = read_progress(out / STATE)["about"]
    elif options.resume:
        say("resume", f"{out} holds no state yet; starting from the beginning")

    def given(option: str, name: str, default: Any) -> Any:
        value = getattr(options, option)
        return stored.get(name, default) if value is None else value

    default = Settings()
    settings = Settings(
        epochs=given("epochs", "epochs", default.epochs),
        batch_size=given("batch_size", "batch_size", default.batch_size),
        learning_rate=given("lr", "learning_rate", default.learning_rate),
        warmup=given("warmup", "warmup", default.warmup),
        weight_decay=given("weight_decay", "weight_decay", default.weight_decay),
        precision=given("precision", "precision", default.precision),
        seed=given("seed", "seed", default.seed),
    )
    task = load_task(options.data or options.task or stored.get("task", DEFAULT_TASK))
    run = FineTuning(
        task, given("model", "model", "minilm"), settings, out, given("max_length", "max_length", None), options.device,
        patience=options.patience, keep_every=options.keep_every, resume=options.resume,
    )  # fmt: skip
    return run, task


def run_name(task: str | Path) -> str:
    """A folder name for a task: town-paraphrase, reviews."""
    return str(task).replace("/", "-") if str(task) in TASKS else Path(task).stem


def report_task(task: Task, run: FineTuning) -> None:
    """What the task is."""
    about = f": {TASKS[task.name].about}" if task.name in TASKS else ""
    say("task", f"{task.name}{about} ({task.source})")
    say("rows", f"{len(task.train)} train, {len(task.validation)} validation, {len(task.test)} test")
    if run.truncated():
        say("cut", f"{run.truncated()} rows are longer than {run.max_length} pieces and lose their end")
    row = task.train[0]
    label = row["label"] if task.regression else task.labels[row["label"]]
    say("example", " | ".join(row[column] for column in task.columns) + f" -> {label}")


def report_model(model: SequenceClassifier, source: str, device: torch.device, precision: str) -> None:
    """What the model is and where it runs."""
    config, millions = model.config, sum(p.numel() for p in model.parameters()) / 1e6
    shape = f"{config.num_hidden_layers} layers, width {config.hidden_size}, {millions:.1f} M parameters"
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    say("model", f"{source}: {shape}; {device}{threads}, {precision}")


def warn_if_collapsed(tested: Evaluation) -> None:
    """Say so where every row gets the same answer, which a score alone can hide."""
    if len(set(tested.predictions())) == 1:
        say(
            "careful",
            "every test row gets the same answer: the model has not learned. Try another seed or a lower --lr",
        )


def draw(run: FineTuning, task: Task, tested: Evaluation) -> None:
    """The figures of a run."""
    from minisft import plots

    records = read_log(run.out / LOG)
    plots.curve(records, f"Fine-tuning on {task.name}", run.out / "curve.png")
    title = f"{task.name}, {len(task.test)} test rows"
    if task.regression:
        plots.scatter(tested.labels, tested.predictions(), title, run.out / "scatter.png")
    else:
        plots.confusion(tested.labels, tested.predictions(), task.labels, title, run.out / "confusion.png")


def describe(folder: Path, task: Task) -> None:
    """Keep beside the model which texts it reads."""
    text = json.dumps({"task": task.name, "columns": task.columns}) + "\n"
    write_atomically(folder / DESCRIPTION, lambda path: path.write_text(text, encoding="utf-8"))


def report_next(out: Path, task: Task) -> None:
    """Where everything is, and what to try now."""
    picture = "scatter.png" if task.regression else "confusion.png"
    say("written", f"{out}/: the model (transformers opens it), {LOG}, curve.png, {picture}")
    texts = " ".join(shlex.quote(task.test[0][column]) for column in task.columns)
    say("next", f"python -m minisft predict --model {shlex.quote(str(out))} {texts}")


def peak_memory(device: torch.device) -> float | None:
    """The most memory this process has held, in MB: the GPU's where one is used. None where it is not known."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


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
    from minisft.data import make_batches

    model, tokenizer, device, description = load_fine_tuned(options)
    task = load_task(options.data or options.task or description.get("task", DEFAULT_TASK))
    if len(task.labels) != len(model.labels):
        raise InputError(f"{options.model} knows {len(model.labels)} labels and {task.name} has {len(task.labels)}")
    objective = Regression() if task.regression else Classification()
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


def tasks(options: argparse.Namespace) -> None:
    """The tasks, and where each comes from on this machine."""
    for name, task in TASKS.items():
        folder = None if isinstance(task, Generated) else data_folder(name)
        where = "generated" if isinstance(task, Generated) else str(folder or f"hub: {'/'.join(task.hub)}")
        print(f"{name:<17}{task.about:<52}{where}")
    print(f"{'your own':<17}{'--data with a csv, tsv or jsonl file, or a folder of them':<52}")


def doctor(options: argparse.Namespace) -> None:
    """One line a finding; what to do where something is missing."""
    for what, found, mend in installation.examine():
        print(f"{what:<14}{found}" + (f"   <- {mend}" if mend else ""))
