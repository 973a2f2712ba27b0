"""How the models that come with the package were made: `make town-mini`, or `pretrain --recipe town-mini`."""

import argparse
import json
import shlex
from pathlib import Path

from minisft.checkpoints import write_atomically
from minisft.checkpoints.locate import HASHES, OWN, hash_files
from minisft.commands.pretrain import run_and_report
from minisft.commands.report import say
from minisft.data.corpus import town_corpus
from minisft.errors import InputError
from minisft.training import Pretraining, Settings

# BERT's objectives, and its twin in any order: the same text, so the same vocabulary, and size and updates.
MODELS = {"town-mini": "mlm+nsp", "town-mini-plm": "plm"}
TOKENS = 3_000_000  # words and ideographs, half English and half Chinese
STEPS = 6000
SETTINGS = Settings(batch_size=32, learning_rate=1e-3, warmup=0.1, weight_decay=0.01, seed=0)
FREE = {"recipe", "command", "steps", "tokens", "out", "resume", "keep_every", "device", "json"}  # options that remain


def build(options: argparse.Namespace) -> None:
    """Pretrain both models and write them, half precision, with their hashes into the package.

    With `--out` everything goes below that folder instead, and the package stays as it is. Raises InputError where an
    option is given that the recipe decides.
    """
    decided = [name for name, value in vars(options).items() if value is not None and name not in FREE]
    if decided:
        raise InputError(f"the recipe decides --{decided[0].replace('_', '-')}; leave that option or --recipe out")
    runs = options.out or Path("runs") / options.recipe
    weights = options.out / "weights" if options.out else OWN
    corpus = town_corpus(options.tokens or TOKENS, ["en", "zh"])
    for name, kind in MODELS.items():
        run = Pretraining(
            corpus,
            kind,
            settings=SETTINGS,
            steps=options.steps or STEPS,
            out=runs / name,
            device=options.device,
            keep_every=options.keep_every,
            resume=options.resume,
        )
        where = f" --out {shlex.quote(str(options.out))}" if options.out else ""
        results = options.json and options.json.with_stem(f"{options.json.stem}-{name}")
        run_and_report(run, results, f"--recipe {options.recipe}{where}")
        export(run, weights, name)


def export(run: Pretraining, weights: Path, name: str) -> None:
    """Write a model as it comes with the package: three files and, beside their folder, what they hash to."""
    folder = weights / name
    run.model.save_pretrained(folder, half=True)
    vocabulary = "\n".join(run.tokenizer.vocabulary) + "\n"
    write_atomically(folder / "vocab.txt", lambda path: path.write_text(vocabulary, encoding="utf-8", newline="\n"))
    table = weights / HASHES
    hashes = json.loads(table.read_text(encoding="utf-8")) if table.exists() else {}
    hashes[name] = hash_files(folder, ["config.json", "model.safetensors", "vocab.txt"])
    text = json.dumps(hashes, indent=2) + "\n"
    write_atomically(table, lambda path: path.write_text(text, encoding="utf-8"))
    megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    say("packaged", f"{folder}/: {megabytes:.1f} MB, float16")
