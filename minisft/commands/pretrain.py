"""The command `pretrain`: a model learns a language from text alone, and is measured on text it has not seen."""

import argparse
import platform
import shlex
import time
from pathlib import Path

import torch

from minisft.commands.report import peak_memory, place, say, warn_if_emulated, write_json
from minisft.commands.resuming import Given, keep_on
from minisft.data.corpus import Corpus, count_tokens, read_corpus, town_corpus
from minisft.errors import InputError
from minisft.training import Pretraining, Settings, Shape, read_log
from minisft.training.fine_tuning import LOG
from minisft.training.pretraining import DEFAULTS

TOKENS = 1_000_000
SIZES = ("layers", "width", "heads", "vocabulary_size")
WHAT = {
    "mlm+nsp": "hidden words and the next sentence",
    "mlm": "hidden words",
    "plm": "words in any order",
    "ltr": "words from left to right",
}


def pretrain(options: argparse.Namespace) -> None:
    """Corpus, model, held-out figures before, training, the same figures after, the next command to try."""
    if options.recipe:
        from minisft.commands.recipe import build

        build(options)
        return
    run = prepare(options)
    run_and_report(run, options.json, f"--out {shlex.quote(str(run.out))}{keep_on(options)}")


def run_and_report(run: Pretraining, json: Path | None, again: str) -> None:
    """Train a run and say how it went; the results also go to `json`. `again` are the options to go on with."""
    started = time.perf_counter()
    report_corpus(run)
    report_model(run)
    before = run.measure() if run.trainer.step == 0 else None
    if before:
        say("before", f"{figures(before)} (on {sum(len(batch.rows) for batch in run.held_out)} held-out rows)")
    else:
        say("resumed", f"at update {run.trainer.step} of {run.trainer.total_steps}")
    ready = time.perf_counter()
    if not run.train():
        say("stopped", f"at update {run.trainer.step} of {run.trainer.total_steps}; nothing is lost. To go on:")
        print(f"  python -m minisft pretrain {again} --resume")
        raise SystemExit(130)
    trained = time.perf_counter()
    after = run.measure()
    best = run.validate.history[run.validate.best_epoch() - 1]["step"]
    say("after", f"{figures(after)} (update {best} of {run.steps}, the best on held-out text)")
    if not run.trainer.group.is_main:
        return
    draw(run)
    results = {
        "corpus": run.corpus.name, "settings": run.about(), "before": before, "after": after,
        "held_out": run.validate.history, "device": str(run.trainer.device),
        "seconds": {"preparing": ready - started, "training": trained - ready},
        "peak_memory_mb": peak_memory(run.trainer.device),
        "torch": torch.__version__, "python": platform.python_version(),
    }  # fmt: skip
    write_json(json, results)
    say("time", f"{trained - ready:.0f} s training, {time.perf_counter() - started:.0f} s in all")
    say("written", f"{run.out}/: the model, {LOG}, curve.png")
    say("next", f"python -m minisft finetune --model {shlex.quote(str(run.out))} --task town/polarity")


def prepare(options: argparse.Namespace) -> Pretraining:
    """The run that the options ask for. A resumed run takes what is not given from when it was started."""
    kind = (options.objective or "mlm+nsp").replace("+", "-")
    out = options.out or Path("runs") / f"pretrained-{kind}"
    given = Given(options, out)
    sizes = [f"--{name.replace('_', '-')}" for name in SIZES if getattr(options, name) is not None]
    if options.model and sizes:
        raise InputError(f"{sizes[0]} is for a new model; {options.model} has its own: leave one of the two out")
    settings = Settings(
        batch_size=given("batch_size", DEFAULTS.batch_size),
        learning_rate=given("learning_rate", DEFAULTS.learning_rate),
        precision=given("precision", DEFAULTS.precision),
        seed=given("seed", DEFAULTS.seed),
    )
    shape = Shape(**{name: given(name, getattr(Shape, name)) for name in SIZES})
    return Pretraining(
        choose_corpus(options, given), given("objective", "mlm+nsp"), given("model", None), shape, settings,
        given("steps", 1000), out, given("max_length", None), given("whole_words", False),
        given("dropout", 0.0), options.device, keep_every=options.keep_every, resume=options.resume,
        compile=bool(options.compile),
    )  # fmt: skip


def choose_corpus(options: argparse.Namespace, given: Given) -> Corpus:
    """The town, or files."""
    names = given("corpus", ["town"])
    if names != ["town"]:
        for name in ("tokens", "language"):
            if getattr(options, name) is not None:
                raise InputError(f"--{name} goes with the town; files are read whole: leave it out")
        held_out = given("held_out", None)
        return read_corpus([Path(name) for name in names], Path(held_out) if held_out else None)
    if given("held_out", None):
        raise InputError("--held-out goes with files; the town holds out text from worlds of its own")
    return town_corpus(given("tokens", TOKENS), given("language", ["en", "zh"]))


def report_corpus(run: Pretraining) -> None:
    """What the corpus is."""
    documents = run.corpus.train
    sentences, tokens = sum(map(len, documents)), sum(map(count_tokens, documents))
    say(
        "corpus",
        f"{run.corpus.name}: {len(documents)} documents, {sentences} sentences, {tokens} words, {run.pieces} pieces",
    )
    say("held out", f"{len(run.corpus.held_out)} documents, {sum(map(len, run.corpus.held_out))} sentences")
    say("objective", f"{run.kind}: {WHAT[run.kind]}{', whole words at a time' if run.whole_words else ''}")


def report_model(run: Pretraining) -> None:
    """What the model is and where it runs."""
    config, millions = run.model.config, sum(p.numel() for p in run.model.parameters()) / 1e6
    shape = f"{config.num_hidden_layers} layers, width {config.hidden_size}, {millions:.1f} M parameters"
    origin = run.source or f"new weights, {config.vocab_size} pieces"
    say("model", f"{origin}: {shape}; {place(run.trainer.device)}, {run.settings.precision}")
    warn_if_emulated(run.settings.precision, run.trainer.device)


def figures(scores: dict[str, float]) -> str:
    """Scores in a line: perplexities with one digit, shares and losses with three."""
    shown = {name: value for name, value in scores.items() if not name.endswith("_loss")}
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.{1 if name.endswith('perplexity') else 3}f}" for name, value in shown.items()
    )


def draw(run: Pretraining) -> None:
    """The curve of the loss."""
    from minisft import plots

    plots.curve(read_log(run.out / LOG), f"Pretraining ({run.kind}) on {run.corpus.name}", run.out / "curve.png")
