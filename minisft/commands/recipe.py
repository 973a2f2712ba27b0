"""How the models that come with the package were made: `make town-mini`, or `pretrain --recipe` and a model's name."""

import argparse
import json
import shlex
from pathlib import Path

from minisft.checkpoints.locate import HASHES, OWN, hash_files
from minisft.commands.pretrain import run_and_report
from minisft.commands.report import say
from minisft.commands.resuming import Given, keep_on
from minisft.data.corpus import town_corpus
from minisft.errors import InputError
from minisft.files import write_atomically
from minisft.training import Pretraining, Settings

FIRST, TWIN = "town-mini", "town-mini-plm"
# The twin goes on from where the first one is and learns to predict in any order: its size and vocabulary are the same.
OBJECTIVE_OF = {FIRST: "mlm+nsp", TWIN: "plm"}
STEPS = {FIRST: 12000, TWIN: 1000}
TOKENS = 6_000_000  # words and ideographs, half English and half Chinese
SETTINGS = Settings(batch_size=32, learning_rate=1e-3, warmup=0.1, weight_decay=0.01, seed=0)
FREE = {"recipe", "command", "steps", "tokens", "out", "resume", "keep_every", "device", "json"}  # options that remain


def build(options: argparse.Namespace) -> None:
    """Pretrain the model that `--recipe` names and write it, half precision, with its hashes into the package.

    With `--out` everything goes below that folder instead, and the package stays as it is. The twin goes on from the
    first model there. Raises InputError where that is missing, or an option is given that the recipe decides.
    """
    decided = [name for name, value in vars(options).items() if value is not None and name not in FREE]
    if decided:
        raise InputError(f"the recipe decides --{decided[0].replace('_', '-')}; leave that option or --recipe out")
    name, weights = options.recipe, options.out / "weights" if options.out else OWN
    out = (options.out or Path("runs")) / name
    given = Given(options, out)
    run = Pretraining(
        town_corpus(given("tokens", TOKENS), ["en", "zh"]),
        OBJECTIVE_OF[name],
        str(weights / FIRST) if name == TWIN else None,
        settings=SETTINGS,
        steps=given("steps", STEPS[name]),
        out=out,
        device=options.device,
        keep_every=options.keep_every,
        resume=options.resume,
    )
    where = f" --out {shlex.quote(str(options.out))}" if options.out else ""
    run_and_report(run, options.json, f"--recipe {name}{where}{keep_on(options)}")
    if run.trainer.group.is_main:
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
