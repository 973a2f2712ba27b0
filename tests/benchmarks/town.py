"""What pretraining is worth: every task of the town, five ways, on all rows and on 64.

    python tests/benchmarks/town.py [--tasks ner qa ...] [--models bag random mini minilm] [--rows 64 0]
        [--seeds 0 1 2 3 4] [--language en] [--domain newspaper] [--mini FOLDER] [--json FILE] [--print]

`random` is town-mini's architecture and vocabulary with new weights; `bag` is TF-IDF with logistic regression (and the
majority with it). 0 rows are all of them. Results are written after every run, and runs that the file has are left out:
without further runs, `--print` shows the tables of what there is.
"""

import argparse
import dataclasses
import itertools
import json
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from measuring import processor

from minisft.checkpoints import locate
from minisft.data import load_task
from minisft.data.town.tasks import TOWN
from minisft.models import Bert, BertForPretraining
from minisft.text import Tokenizer
from minisft.training import FineTuning, Settings
from minisft.training.baselines import baselines
from minisft.training.kinds import KINDS

RESULTS = Path(__file__).parent / "results" / "town.json"
# From validation scores: a small model wants larger steps, and few rows want more epochs.
SMALL = {0: Settings(epochs=8, learning_rate=5e-4), 64: Settings(epochs=60, learning_rate=5e-4, batch_size=8)}
SETTINGS = {
    "random": SMALL,
    "mini": SMALL,
    "minilm": {
        0: Settings(epochs=5, learning_rate=1e-4, precision="bf16"),  # 3 left most runs of nli near 0.5
        64: Settings(epochs=20, learning_rate=3e-4, batch_size=8, precision="bf16"),
    },
}
NAMES = {"majority": "majority", "bag": "bag of words", "random": "random", "mini": "town-mini", "minilm": "MiniLM"}
METRICS = {"accuracy": "accuracy", "pearson": "Pearson", "f1": "F1", "micro_f1": "micro F1"}


def random_twin(source: str, folder: Path, seed: int) -> str:
    """A folder with the architecture and the vocabulary of a model, and new weights."""
    torch.manual_seed(seed)
    BertForPretraining(Bert.from_pretrained(source).config).save_pretrained(folder)
    Tokenizer.from_folder(locate(source)).save(folder)
    return str(folder)


def fine_tuned(task: str, model: str, rows: int, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Test scores of one run."""
    loaded = load_task(f"town/{task}", language=options.language, domain=options.domain)
    if rows:  # who has 64 labels to learn from has no 400 to choose an epoch by
        loaded = dataclasses.replace(loaded, validation=loaded.validation.select(range(rows)))
    settings = dataclasses.replace(SETTINGS[model][64 if rows else 0], seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        source = "minilm" if model == "minilm" else options.mini
        if model == "random":
            source = random_twin(source, Path(folder) / "random", seed)
        out = Path(folder) / "out"
        run = FineTuning(loaded, source, settings, out, device=options.device, rows=rows or None)
        if not run.train():
            raise SystemExit(130)
        return {name: float(value) for name, value in run.test().scores().items()}


def parser() -> argparse.ArgumentParser:
    """The options above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=[name.removeprefix("town/") for name in TOWN])
    parser.add_argument("--models", nargs="+", default=["bag", "random", "mini", "minilm"])
    parser.add_argument("--rows", type=int, nargs="+", default=[64, 0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--language", default="en")
    parser.add_argument("--domain", default="newspaper")
    parser.add_argument("--mini", default="town-mini")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--print", action="store_true", help="run nothing")
    return parser


def main() -> None:
    """Run what is missing, then print the tables."""
    options = parser().parse_args()
    warnings.filterwarnings("ignore")
    results = read(options.json)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    for key, task, model, rows, seed in [] if options.print else wanted(options):
        if key in read(options.json):  # another process may have added it
            continue
        started = time.perf_counter()
        if model == "bag":
            loaded = load_task(f"town/{task}", language=options.language, domain=options.domain)
            found = baselines(loaded.take(rows, seed) if rows else loaded)
            scores = {name: rounded(values) for name, values in found.items()}
        else:
            scores = rounded(fine_tuned(task, model, rows, seed, options))
        results = read(options.json) | {key: {"scores": scores, "seconds": round(time.perf_counter() - started)}}
        write(options.json, results)
        print(key, results[key], flush=True)
    for rows in options.rows:
        print(f"\n{rows or 'all'} rows\n\n{table(results, options, rows)}")


def wanted(options: argparse.Namespace) -> Iterator[tuple[str, str, str, int, int]]:
    """Every run that the options ask for: its key, task, model, rows and seed."""
    for seed, rows, task, model in itertools.product(options.seeds, options.rows, options.tasks, options.models):
        if not (model == "bag" and seed and not rows):  # a bag of all rows has nothing to draw
            yield f"{options.language} {options.domain} {task} {model} {rows} {seed}", task, model, rows, seed


def rounded(scores: dict) -> dict[str, float]:
    """Scores, shorter."""
    return {name: round(float(value), 4) for name, value in scores.items()}


def read(path: Path) -> dict[str, dict]:
    """The runs of a file, where there is one."""
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}


def write(path: Path, results: dict) -> None:
    """All results, a line each, and what the last one ran on."""
    about = {"torch": torch.__version__, "python": platform.python_version(), "processor": processor()}
    runs = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(results.items()))
    path.write_text(f'{{"about": {json.dumps(about)},\n"runs": {{\n{runs}\n}}}}\n', encoding="utf-8")


def table(results: dict, options: argparse.Namespace, rows: int) -> str:
    """Means over seeds and how far they lie apart; in brackets the number of seeds, where some are missing."""
    models = ["majority", *options.models]
    lines = [f"| | {' | '.join(NAMES[model] for model in models)} |", "|---" * (len(models) + 1) + "|"]
    for task in options.tasks:
        metric = METRICS[KINDS[TOWN[f"town/{task}"].kind].metric]
        cells = [cell(scores_of(results, options, task, model, rows), model, rows, options) for model in models]
        lines.append(f"| {task}, {metric} | {' | '.join(cells)} |")
    return "\n".join(lines)


def scores_of(results: dict, options: argparse.Namespace, task: str, model: str, rows: int) -> list[float]:
    """A model's test scores, one for each seed that has been run."""
    metric = KINDS[TOWN[f"town/{task}"].kind].metric
    stored = "bag" if model == "majority" else model
    keys = [f"{options.language} {options.domain} {task} {stored} {rows} {seed}" for seed in options.seeds]
    found = [results[key]["scores"] for key in keys if key in results]
    if model == "bag":
        found = [scores["bag of words"] for scores in found]
    elif model == "majority":
        found = [next(iter(scores.values())) for scores in found]
    return [scores[metric] for scores in found]


def cell(values: list[float], model: str, rows: int, options: argparse.Namespace) -> str:
    """One mean."""
    if not values:
        return ""
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 and model != "majority" else ""
    counting = model in ("majority", "bag") and not rows  # the same for every seed
    missing = f" ({len(values)})" if len(values) < len(options.seeds) and not counting else ""
    return f"{statistics.mean(values):.3f}{spread}{missing}"


if __name__ == "__main__":
    main()
