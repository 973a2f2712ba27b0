"""Does pretraining work? What is learned from text alone, beside guesses by counting and chance, and what it is worth.

    python tests/benchmarks/pretraining.py guesses       town-mini on text of other towns; n-grams on the same words
    python tests/benchmarks/pretraining.py curves        three models of one size from new weights: mlm+nsp, plm, ltr
    python tests/benchmarks/pretraining.py recipe        town-mini made once more (42 minutes on a core)
    python tests/benchmarks/pretraining.py downstream    64 labels of some tasks, from that model as it grew
    python tests/benchmarks/pretraining.py figures --out FOLDER

Results go to one file, part by part; runs are kept in --runs, and one that was stopped goes on.
"""

import argparse
import dataclasses
import itertools
import json
import math
import platform
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kneser_ney import BothSides
from measuring import processor
from town import SETTINGS

from minisft import plots
from minisft.commands.recipe import FIRST, OBJECTIVE_OF, STEPS, TOKENS
from minisft.commands.recipe import SETTINGS as RECIPE
from minisft.data import load_task
from minisft.data.corpus import town_corpus
from minisft.objectives import MaskedBatch
from minisft.training import Callback, FineTuning, Pretraining, Trainer
from minisft.training.kinds import KINDS
from minisft.training.pretraining import measure

RESULTS = Path(__file__).parent / "results" / "pretraining.json"
MODELS = ("mlm+nsp", "plm", "ltr")
SNAPSHOTS = (0, 1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 1)  # shares of all updates
TASKS = ("ner", "topics", "labels")
GUESSES = ("one word for all", "trigrams from the left", "trigrams from both sides")


def guesses(options: argparse.Namespace) -> dict[str, Any]:
    """Accuracy and perplexity of the hidden words of held-out text, and the accuracy of the next sentence."""
    corpus = town_corpus(options.tokens or TOKENS, ["en", "zh"])
    run = Pretraining(corpus, source=options.model, steps=1, out=options.runs / "guesses", device="cpu")
    sums = {name: np.zeros(3) for name in GUESSES}  # right guesses, nats, words
    texts = [
        [piece for sentence in document for piece in sentence] for document in run.examples(corpus.train).documents
    ]
    counting = BothSides(texts, len(run.tokenizer.vocabulary))
    for batch in run.held_out:
        guess(batch, counting, sums)
    found: dict[str, Any] = {
        name: {"mlm_accuracy": right / words, "mlm_perplexity": math.exp(nats / words)}
        for name, (right, nats, words) in sums.items()
    }
    random = float(torch.cat([batch.next_labels for batch in run.held_out]).double().mean())
    words = sum(len(batch.positions) for batch in run.held_out)
    always = {"nsp_accuracy": max(random, 1 - random)}
    return {"words": words, "always the same": always, **found, options.model: run.measure()}


def guess(batch: MaskedBatch, counting: BothSides, sums: dict[str, np.ndarray]) -> None:
    """The n-grams' guesses of the hidden words of a batch; they see what the model sees, [MASK] and all."""
    reach = counting.forwards.order - 1
    for row, column in (batch.labels >= 0).nonzero().tolist():
        ids, word = batch.input_ids[row].tolist(), int(batch.labels[row, column])
        before, after = ids[max(0, column - reach) : column], ids[column + 1 : column + 1 + reach]
        guessed = (counting.unigram, counting.forwards.after(before), counting.between(before, after))
        for name, probabilities in zip(GUESSES, guessed, strict=True):
            sums[name] += (probabilities.argmax() == word, -math.log(probabilities[word]), 1)


class Snapshots(Callback):
    """Keeps the model as it is after some updates."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.folder, self.wanted = folder, {round(share * steps) for share in SNAPSHOTS}

    def on_start(self, trainer: Trainer) -> None:
        self.on_update(trainer)

    def on_update(self, trainer: Trainer) -> None:
        if trainer.step in self.wanted:
            trainer.model.save_pretrained(self.folder / str(trainer.step))


def recipe(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Held-out figures of town-mini against its updates. It is made once more, and kept at some of them."""
    folder = options.runs / FIRST
    run = Pretraining(
        town_corpus(options.tokens or TOKENS, ["en", "zh"]), OBJECTIVE_OF[FIRST], settings=RECIPE, steps=STEPS[FIRST],
        out=folder, device=options.device, keep_every=100, resume=True,
        callbacks=(Snapshots(folder / "at", STEPS[FIRST]),),
    )  # fmt: skip
    if not run.train():
        raise SystemExit(130)
    return run.validate.history


def curves(options: argparse.Namespace) -> dict[str, Any]:
    """Held-out figures of each model against its updates; plm and ltr also on each other's question."""
    corpus = town_corpus(options.tokens or 1_000_000, [options.language])
    found: dict[str, Any] = {"steps": options.steps, "corpus": corpus.about}
    runs = {
        kind: Pretraining(
            corpus,
            kind,
            steps=options.steps,
            out=options.runs / kind,
            device=options.device,
            keep_every=100,
            resume=True,
        )
        for kind in MODELS
    }
    for kind, run in runs.items():
        if not run.train():
            raise SystemExit(130)
        found[kind] = run.validate.history
    found["crossed"] = {
        f"{one} asked as {two}": measure(
            runs[one].model, runs[one].objective, runs[two].held_out, runs[one].trainer.device
        )
        for one in MODELS[1:]
        for two in MODELS[1:]
    }
    return found


def downstream(options: argparse.Namespace) -> dict[str, Any]:
    """Test scores after so many updates of pretraining, with 64 labels. Those that the file has are kept."""
    found = read(options.json).get("downstream", {"scores": {}})
    pretrained = options.runs / FIRST
    steps = sorted((path.name for path in (pretrained / "at").iterdir()), key=int)
    for step in steps:
        (pretrained / "at" / step / "vocab.txt").write_bytes((pretrained / "vocab.txt").read_bytes())
    for seed, step, task in itertools.product(options.seeds, steps, options.tasks):
        loaded = load_task(f"town/{task}", language=options.language)
        metric = KINDS[loaded.kind].metric
        scores = found["scores"].setdefault(f"{task} ({metric})", {}).setdefault(step, {})
        if str(seed) in scores:
            continue
        settings = dataclasses.replace(SETTINGS["mini"][64], seed=seed)
        with tempfile.TemporaryDirectory() as out:
            source = str(pretrained / "at" / step)
            run = FineTuning(loaded, source, settings, Path(out), device=options.device, rows=64)
            if not run.train():
                raise SystemExit(130)
            scores[str(seed)] = float(run.test().scores()[metric])
        print(task, step, seed, scores[str(seed)], flush=True)
        write(options.json, "downstream", found)
    return found


def figures(options: argparse.Namespace) -> None:
    """Loss against updates, and what they are worth downstream."""
    results = read(options.json)
    options.out.mkdir(parents=True, exist_ok=True)
    if {"guesses", "curves", "recipe"} <= results.keys():
        runs = results["curves"]
        made, (words, following, longer) = plots.figure(12.0, 3.4, columns=3)
        asked = {"masked words": ("mlm+nsp", "mlm_loss"), "any order": ("plm", "plm_loss")}
        asked["left to right"] = ("ltr", "plm_loss")
        losses = {name: against_steps(runs[kind], score) for name, (kind, score) in asked.items()}
        plots.lines(losses, words, "A word of held-out text", xlabel="update", ylabel="loss (nats)")
        steps, found = against_steps(runs["mlm+nsp"], "nsp_loss")
        chance = ([0, steps[-1]], [math.log(2)] * 2)
        both = {"next or random": (steps, found), "chance": chance}
        plots.lines(both, following, "The next sentence", xlabel="update", ylabel="loss (nats)", ylim=(0, None))
        steps, found = against_steps(results["recipe"], "mlm_loss")
        counted = {name: math.log(results["guesses"][name]["mlm_perplexity"]) for name in GUESSES[::2]}
        levels = {name: ([0, steps[-1]], [loss] * 2) for name, loss in counted.items()}
        town_mini = {"town-mini": (steps, found)} | levels
        labels = {"xlabel": "update", "ylabel": "loss (nats)", "ylim": (0, 10)}  # room for the legend
        plots.lines(town_mini, longer, "A masked word, town-mini", **labels)
        plots.save(made, options.out / "pretraining.png")
    if "downstream" in results:
        made, axes = plots.figure(6.0, 3.6)
        worth = {
            task: ([int(step) for step in scores], [float(np.mean(list(seeds.values()))) for seeds in scores.values()])
            for task, scores in results["downstream"]["scores"].items()
        }
        plots.lines(
            worth, axes, "Fine-tuned on 64 labels", xlabel="updates of pretraining", ylabel="test score", ylim=(0, 1)
        )
        plots.save(made, options.out / "downstream.png")


def against_steps(history: list[dict], score: str) -> tuple[list[int], list[float]]:
    """A score of each look at the held-out text."""
    return [look["step"] for look in history], [look[score] for look in history]


def main() -> None:
    """Do one part, and put its results beside those of the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["guesses", "curves", "downstream", "recipe", "figures"])
    parser.add_argument("--model", default="town-mini", help="whose guesses (town-mini)")
    parser.add_argument("--tokens", type=int, help="of the town (as in the recipe; for curves 1000000)")
    parser.add_argument("--language", default="en", help="of curves and downstream (en)")
    parser.add_argument("--steps", type=int, default=2000, help="updates of each of the curves (2000)")
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--runs", type=Path, default=Path("runs/pretraining"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=Path("runs/pretraining"), help="where figures go")
    options = parser.parse_args()
    if options.part == "figures":
        figures(options)
        return
    parts = {"guesses": guesses, "curves": curves, "downstream": downstream, "recipe": recipe}
    part = parts[options.part](options)
    print(json.dumps(part, indent=1))
    write(options.json, options.part, part)


def read(path: Path) -> dict[str, Any]:
    """The results that there are."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, name: str, part: dict[str, Any]) -> None:
    """A part's results beside those of the others."""
    results = read(path) | {name: part}
    results["about"] = {"torch": torch.__version__, "python": platform.python_version(), "processor": processor()}
    path.parent.mkdir(parents=True, exist_ok=True)
    rounded = json.loads(json.dumps(results), parse_float=lambda text: round(float(text), 5))
    path.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
