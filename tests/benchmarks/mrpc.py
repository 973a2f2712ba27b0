"""MRPC for real: this code, Hugging Face's Trainer and Lightning with the same settings, seeds and pretrained weights.

    MINISFT_DATA=... python tests/benchmarks/mrpc.py --seeds 1 2 3 [--only ours|trainer|lightning] [--json FILE]

All keep the epoch that is best on the validation split, and are scored on the 1725 test pairs. Every run has a process
of its own, so that its time and its peak memory are its own. `--rows` takes so many training pairs only. Results are
written after every run, and runs that the file has are left out.

Rows of like length share a batch in all three: by each one's own way in this code and in the Trainer
(`group_by_length`), and in this code's way in Lightning, which has none.
"""

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from measuring import machine, peak_memory

RESULTS = Path(__file__).parent / "results" / "mrpc.json"


def load(seed: int, rows: int | None):
    """The task, with so many training pairs."""
    from workloads import load_mrpc

    task = load_mrpc()
    return task if rows is None else task.take(rows, seed)


def ours(seed: int, rows: int | None, folder: Path) -> dict[str, float]:
    """What `python -m minisft finetune --task mrpc` trains and tests, without its baselines and figures."""
    from minisft.training import FineTuning, Settings

    settings = Settings(epochs=3, batch_size=16, learning_rate=1e-4, warmup=0.1, weight_decay=0.01, seed=seed)
    run = FineTuning(load(seed, rows), "minilm", settings, folder / "ours", device="cpu")
    if not run.train():
        raise SystemExit(f"minisft was stopped with seed {seed}")
    return run.test().scores()


def hugging_face(seed: int, rows: int | None, folder: Path) -> dict[str, float]:
    """The Trainer, padded dynamically and grouped by length, with the same numbers."""
    from peers import make_trainer, scores_on_test
    from transformers import set_seed

    from minisft.checkpoints import locate

    task = load(seed, rows)
    set_seed(seed)  # the new head is drawn before the Trainer sets its seed
    trainer = make_trainer(
        task, locate("minilm"), folder / "trainer", padding=False,
        num_train_epochs=3, per_device_train_batch_size=16, per_device_eval_batch_size=32, learning_rate=1e-4,
        warmup_steps=0.1, weight_decay=0.01, seed=seed, train_sampling_strategy="group_by_length", use_cpu=True,
        eval_strategy="epoch", save_strategy="epoch", save_total_limit=1, load_best_model_at_end=True,
        metric_for_best_model="accuracy",
    )  # fmt: skip
    trainer.train()
    return scores_on_test(trainer, task, padding=False)


def lightning(seed: int, rows: int | None, folder: Path) -> dict[str, float]:
    """Lightning with Hugging Face's model, torch's AdamW and the same numbers."""
    from lightning_peer import fine_tune

    return fine_tune(load(seed, rows), seed, folder / "lightning")


SYSTEMS = {"ours": ours, "trainer": hugging_face, "lightning": lightning}


def work(system: str, seed: int, rows: int | None) -> None:
    """Run one system here and print its scores and what it cost."""
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        scores = SYSTEMS[system](seed, rows, Path(folder))
        seconds = time.perf_counter() - started
    peak = peak_memory(torch.device("cpu"))
    scores = {name: scores[name] for name in ("accuracy", "f1")}
    print(json.dumps({"seed": seed, **scores, "seconds": seconds, "peak_mb": peak}))


def measure(system: str, seed: int, rows: int | None) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--work", system, "--seeds", str(seed)]
    command += ["--rows", str(rows)] if rows else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{system} failed with seed {seed}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def report(results: dict[str, list[dict]]) -> None:
    """One line a system: the means over the seeds, and how far apart the accuracies are."""
    print("mean of the seeds  accuracy      F1  accuracies apart  seconds  peak MB")
    for name, runs in results.items():
        mean = {key: statistics.mean(run[key] for run in runs) for key in runs[0]}
        apart = max(run["accuracy"] for run in runs) - min(run["accuracy"] for run in runs)
        print(
            f"{name:17} {mean['accuracy']:9.4f} {mean['f1']:7.4f} {apart:17.4f} "
            f"{mean['seconds']:8.0f} {mean['peak_mb']:8.0f}"
        )


def main() -> None:
    """Run the systems in turn, seed by seed, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", choices=SYSTEMS)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--work", choices=SYSTEMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.seeds[0], options.rows)
        return
    about = {"torch": torch.__version__, "machine": machine("cpu"), "rows": options.rows}
    results = read(options.json, about)
    for seed in options.seeds:
        for name in SYSTEMS if options.only is None else [options.only]:
            runs = results.setdefault(name, [])
            if any(run["seed"] == seed for run in runs):
                continue
            runs.append(measure(name, seed, options.rows))
            print(f"{name:9} " + ", ".join(f"{key} {value:.3f}" for key, value in runs[-1].items()), flush=True)
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps({**about, "runs": results}, indent=2) + "\n")
    report(results)


def read(path: Path, about: dict) -> dict[str, list[dict]]:
    """The runs of a file, where there is one; those of another torch or other options cannot stand beside new ones."""
    if not path.exists():
        return {}
    found = json.loads(path.read_text())
    runs = found.pop("runs")
    if found != about:
        raise SystemExit(f"{path} holds runs of {found}, not of {about}; give another --json, or delete it")
    return runs


if __name__ == "__main__":
    main()
