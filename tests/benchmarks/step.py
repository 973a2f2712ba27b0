"""What an update costs: this code, the document's recipe, and Hugging Face's Trainer at its best.

    make bench            (MINISFT_DATA set: MRPC; without it: the town's paraphrases)

Every system runs in a process of its own, in turn, `--rounds` times; a figure is the median over the rounds. An
update is everything from batch to batch: collating, forward, backward, clipping, AdamW. Rows are drawn at random, so
systems are compared by time for each real token (padding does the model no good), and the milliseconds shown are for
an update of 16 rows of mean length.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = 16
SKIPPED = 4  # updates before the clock: kernels are chosen and memory is taken there
SYSTEMS = {
    "recipe": "the document's recipe (Trainer, padding to 128)",
    "trainer": "Trainer at its best (dynamic padding, length groups)",
    "ours": "minisft",
    "textbook": "minisft, textbook ops",
}


def load():
    """MRPC where it is at hand, else the town."""
    from minisft.data import load_task

    return load_task("mrpc" if os.environ.get("MINISFT_DATA") else "town/paraphrase")


def run_ours(steps: int, seed: int, precision: str, textbook: bool) -> list[tuple[float, int]]:
    """Seconds and real tokens of each update."""
    import torch

    from minisft.checkpoints import locate
    from minisft.data import make_batches
    from minisft.models import SequenceClassifier
    from minisft.objectives import Classification
    from minisft.ops import FUSED, TEXTBOOK
    from minisft.text import Tokenizer
    from minisft.training import Callback, Settings, Trainer

    task, ops = load(), TEXTBOOK if textbook else FUSED
    torch.manual_seed(seed)
    tokenizer = Tokenizer.from_folder(locate("minilm"))
    batches = make_batches(task, task.train, tokenizer, ROWS, 128, shuffle=True, seed=seed)
    lengths = [len(ids) for ids in batches.encodings.input_ids]
    order = batches.order(0)
    rows: list[tuple[float, int]] = []

    class Clock(Callback):
        def on_start(self, trainer: Trainer) -> None:
            self.last = time.perf_counter()

        def on_update(self, trainer: Trainer) -> None:
            now = time.perf_counter()
            rows.append((now - self.last, sum(lengths[row] for row in order[trainer.step - 1])))
            trainer.stop = len(rows) == steps
            self.last = now

    model = SequenceClassifier.from_pretrained("minilm", task.labels, ops)
    Trainer(model, Classification(ops), batches, Settings(precision=precision, seed=seed), "cpu", [Clock()]).fit()
    return rows


def run_trainer(steps: int, seed: int, precision: str, recipe: bool) -> list[tuple[float, int]]:
    """The same of Hugging Face's Trainer."""
    import torch
    from peers import make_trainer
    from transformers import DataCollatorWithPadding, TrainerCallback

    from minisft.checkpoints import locate

    rows: list[tuple[float, int]] = []
    tokens: list[int] = []

    class Clock(TrainerCallback):
        def on_train_begin(self, args, state, control, **kwargs) -> None:
            self.last = time.perf_counter()

        def on_step_end(self, args, state, control, **kwargs) -> None:
            now = time.perf_counter()
            rows.append((now - self.last, tokens[len(rows)]))
            self.last = now

    class Counting(DataCollatorWithPadding):
        def __call__(self, features):
            tokens.append(sum(sum(feature["attention_mask"]) for feature in features))
            return super().__call__(features)

    padding, sampling = ("max_length", "random") if recipe else (False, "group_by_length")
    with tempfile.TemporaryDirectory() as out:
        trainer = make_trainer(
            load(), locate("minilm"), Path(out), padding, [Clock()],
            max_steps=steps, per_device_train_batch_size=ROWS, weight_decay=0.01, seed=seed, use_cpu=True,
            train_sampling_strategy=sampling, save_strategy="no", bf16=precision == "bf16",
        )  # fmt: skip
        trainer.data_collator = Counting(trainer.data_collator.tokenizer)
        torch.manual_seed(seed)
        trainer.train()
    return rows


def work(system: str, steps: int, seed: int, precision: str) -> None:
    """Run one system here and print what it cost."""
    import resource

    if system in ("ours", "textbook"):
        rows = run_ours(steps, seed, precision, system == "textbook")
    else:
        rows = run_trainer(steps, seed, precision, system == "recipe")
    rows = rows[SKIPPED:]
    print(
        json.dumps(
            {
                "seconds": sum(seconds for seconds, _ in rows),
                "tokens": sum(tokens for _, tokens in rows),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
            }
        )
    )


def matmul_peak() -> float:
    """The machine's fp32 matrix-multiply rate in GFLOP/s: the best of some large products."""
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    times = []
    for _ in range(12):
        started = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - started)
    return 2 * 2048**3 / min(times) / 1e9


def model_flops(tokens: float, mean_length: float) -> float:
    """Floating-point operations of the matrix products of one update of MiniLM: forward once, backward twice."""
    layers, width, wide = 6, 384, 1536
    matrices = layers * (4 * width * width + 2 * width * wide)
    scores = layers * 2 * width * mean_length  # q·k and the weighted sum, for each token
    return 3 * 2 * tokens * (matrices + scores)


def main() -> None:
    """Run all systems in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=34)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.steps, options.seed, options.precision)
        return
    measured: dict[str, list[dict]] = {name: [] for name in options.systems}
    for number in range(options.rounds):
        for name, rows in measured.items():
            rows.append(measure(name, number, options))
            print(
                f"round {number + 1} {name}: {1000 * rows[-1]['seconds'] / (options.steps - SKIPPED):.0f} ms",
                file=sys.stderr,
            )
    report(measured, options)


def measure(name: str, seed: int, options: argparse.Namespace) -> dict:
    """One system in a process of its own."""
    command = [sys.executable, __file__, "--work", name, "--steps", str(options.steps), "--seed", str(seed)]
    done = subprocess.run([*command, "--precision", options.precision], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def report(measured: dict[str, list[dict]], options: argparse.Namespace) -> None:
    """One line a system: time, ratio, memory, share of the peak."""
    import torch

    from minisft.checkpoints import locate
    from minisft.data import make_batches
    from minisft.text import Tokenizer

    task = load()
    encodings = make_batches(task, task.train, Tokenizer.from_folder(locate("minilm")), ROWS, 128).encodings
    mean = statistics.mean(len(ids) for ids in encodings.input_ids)
    peak = matmul_peak()
    table = {}
    for name, rows in measured.items():
        per_token = statistics.median(row["seconds"] / row["tokens"] for row in rows)
        table[name] = {
            "ms_an_update": 1000 * per_token * ROWS * mean,
            "peak_memory_mb": statistics.median(row["peak_mb"] for row in rows),
            "share_of_matmul_peak": model_flops(1, mean) / per_token / 1e9 / peak,
        }
    machine = (
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(f"{task.name}, batch {ROWS}, mean length {mean:.1f}, {options.precision}")
    print(f"{machine}; fp32 matrix-multiply peak {peak:.0f} GFLOP/s")
    fastest = table.get("ours", next(iter(table.values())))["ms_an_update"]
    print(f"{'system':<54}{'ms an update':>13}{'/ minisft':>11}{'peak MB':>9}{'of peak':>9}")
    for name, row in table.items():
        print(
            f"{SYSTEMS[name]:<54}{row['ms_an_update']:>13.0f}{row['ms_an_update'] / fastest:>11.2f}"
            f"{row['peak_memory_mb']:>9.0f}{row['share_of_matmul_peak']:>9.0%}"
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"machine": machine, "task": task.name, "precision": options.precision, "fp32_peak_gflops": peak}
        options.json.write_text(json.dumps({**about, "systems": table}, indent=2) + "\n")


if __name__ == "__main__":
    main()
