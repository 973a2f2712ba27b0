"""Do the notebooks notice when the package is wrong? Breaks a copy of it, one line at a time, and runs them on that.

    python tests/notebooks/sabotage.py [--only NAME ...] [--notebooks 3_1 4_1 ...] [--all] [--jobs N]

A sabotage counts as caught where a notebook fails that passes on the whole package. Each is tried on the notebooks it
names until one catches it; with --all on every notebook. Exits 1 where one got through.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sabotage:
    """A line of the package, made wrong. `notebooks` are those that should notice, the likeliest first."""

    name: str
    file: str
    right: str
    wrong: str
    notebooks: tuple[str, ...]


SABOTAGES = (
    Sabotage("attention: scores of the other sign", "ops/attention.py",
             "scores = query @ key.transpose", "scores = -query @ key.transpose", ("3_1", "4_1")),
    Sabotage("attention: who sees nothing listens to padding", "ops/attention.py",
             "return weights * mask", "return weights", ("3_1", "4_1")),
    Sabotage("heads: split without the transpose", "ops/heads.py",
             "x.view(batch, tokens, heads, width // heads).transpose(1, 2)",
             "x.view(batch, heads, tokens, width // heads)", ("3_1",)),
    Sabotage("LayerNorm: eps outside the root", "ops/layer_norm.py",
             "(variance + eps).sqrt()", "(variance.sqrt() + eps)", ("3_1", "4_1")),
    Sabotage("LayerNorm: variance divided by E - 1", "ops/layer_norm.py",
             "(centred * centred).mean(-1, keepdim=True)", "x.var(-1, keepdim=True)", ("3_1", "4_1")),
    Sabotage("GELU: the tanh form", "ops/activations.py",
             "x * 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())",
             "x * 0.5 * (1.0 + (0.7978845608 * (x + 0.044715 * x**3)).tanh())", ("4_1", "3_1")),
    Sabotage("cross-entropy: id 0 ignored as well", "ops/cross_entropy.py",
             "valid = labels != IGNORED", "valid = labels > 0", ("4_2", "3_2")),
    Sabotage("binary cross-entropy: labels exchanged", "ops/binary_cross_entropy.py",
             "largest - logits * targets", "largest - logits * (1 - targets)", ("4_2",)),
    Sabotage("MLM: the rest of the chosen words is random too", "objectives/masked.py",
             "(fate >= 0.8) & (fate < 0.9)", "(fate >= 0.8)", ("3_2",)),
    Sabotage("MLM: special tokens are hidden", "objectives/masked.py",
             "~pieces.special[input_ids]", "(input_ids >= 0)", ("3_2",)),
    Sabotage("NSP: 0 and 1 exchanged", "objectives/next_sentence.py",
             "NEXT, RANDOM = 0, 1", "NEXT, RANDOM = 1, 0", ("3_2",)),
    Sabotage("PLM: a word sees itself before it is guessed", "models/permutation.py",
             "query = own < ranks", "query = own <= ranks", ("3_2",)),
    Sabotage("schedule: linear decay that ends one update early", "ops/schedules.py",
             "(total_steps - step) / max(1, total_steps - warmup_steps))",
             "(total_steps - step - 1) / max(1, total_steps - warmup_steps))", ("4_3", "3_3")),
    Sabotage("clipping: small gradients are scaled up", "ops/clipping.py",
             "factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)", "factor = max_norm / (norm + 1e-6)", ("3_3",)),
    Sabotage("accumulation: the mean of the batches' means", "training/trainer.py",
             "(total / items).backward()",
             "(total / self.objective.items(batch) / len(window)).backward()", ("3_3",)),
    Sabotage("parameter groups: biases decay", "training/optimizer.py",
             "[p for p in trained if p.ndim > 1]", "[p for p in trained if p.ndim > 0]", ("3_3",)),
    Sabotage("AdamW: decay without the learning rate", "ops/adamw.py",
             'weight_decay * (learning_rate if decay == "decoupled" else 1.0)', "weight_decay", ("4_3", "3_3")),
    Sabotage("AdamW: no bias correction of the second moment", "ops/adamw.py",
             "corrected_second = second_moment / (1 - beta2**step)", "corrected_second = second_moment", ("4_3",)),
)  # fmt: skip


def break_package(sabotage: Sabotage | None, folder: Path) -> None:
    """A copy of the package in `folder`, sabotaged. Raises ValueError where the line is not there exactly once."""
    shutil.copytree(ROOT / "minisft", folder / "minisft", ignore=shutil.ignore_patterns("__pycache__"))
    if sabotage:
        path = folder / "minisft" / sabotage.file
        text = path.read_text(encoding="utf-8")
        if text.count(sabotage.right) != 1:
            raise ValueError(
                f"{sabotage.name}: {sabotage.file} has {text.count(sabotage.right)} times {sabotage.right!r}"
            )
        path.write_text(text.replace(sabotage.right, sabotage.wrong), encoding="utf-8")


def failing_cell(notebook: Path, folder: Path) -> str | None:
    """The first cell of a notebook that fails with the package in `folder`, or None where all pass."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    arguments = ["-n", "0", "-x", "-q", "-p", "no:cacheprovider", str(notebook)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    failed = re.search(r"FAILED \S+::(Cell \d+)", done.stdout)
    if not failed:
        raise RuntimeError(f"{notebook.name} did not run: {done.stdout[-800:]}{done.stderr[-800:]}")
    return failed[1]


def try_out(sabotage: Sabotage, notebooks: dict[str, Path], everywhere: bool) -> list[str]:
    """Where the sabotage is caught: `3_1 (Cell 6)` ..., the first place only unless `everywhere`."""
    caught = []
    with tempfile.TemporaryDirectory() as name:
        break_package(sabotage, Path(name))
        for number in notebooks if everywhere else sabotage.notebooks:
            cell = failing_cell(notebooks[number], Path(name)) if number in notebooks else None
            if cell:
                caught.append(f"{number} ({cell})")
                if not everywhere:
                    break
    return caught


def main() -> int:
    """Try every sabotage and print what caught it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], help="sabotages whose name contains one of these")
    parser.add_argument("--notebooks", nargs="+", help="numbers such as 3_1 (all)")
    parser.add_argument("--all", action="store_true", help="every sabotage on every notebook")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    options = parser.parse_args()
    found = {path.name[:3]: path for path in sorted((ROOT / "chapters").rglob("[0-9]_[0-9]_*.ipynb"))}
    notebooks = {number: path for number, path in found.items() if not options.notebooks or number in options.notebooks}
    chosen = [sabotage for sabotage in SABOTAGES if any(part in sabotage.name for part in options.only)]
    used = notebooks if options.all else {n: p for n, p in notebooks.items() if any(n in s.notebooks for s in chosen)}
    with ThreadPoolExecutor(options.jobs) as pool, tempfile.TemporaryDirectory() as name:
        break_package(None, Path(name))
        whole = dict(zip(used, pool.map(lambda path: failing_cell(path, Path(name)), used.values()), strict=True))
        for number, cell in whole.items():
            if cell:
                print(f"{number} fails on the whole package, at {cell}: mend that first")
                return 1
        print(f"{len(used)} notebooks pass on the whole package: {', '.join(used)}", flush=True)
        through = 0
        for sabotage, caught in zip(
            chosen, pool.map(lambda sabotage: try_out(sabotage, used, options.all), chosen), strict=True
        ):
            through += not caught
            print(f"{sabotage.name:55} {'caught by ' + ', '.join(caught) if caught else 'GOT THROUGH'}", flush=True)
    print(f"{len(chosen) - through} of {len(chosen)} sabotages caught")
    return 1 if through else 0


if __name__ == "__main__":
    sys.exit(main())
