"""MRPC for real: this code and Hugging Face's Trainer with the same settings, seeds and pretrained weights.

    MINISFT_DATA=... python tests/benchmarks/mrpc.py --seeds 1 2 3 [--only ours|trainer] [--json FILE]

Both keep the epoch that is best on the validation split, and are scored on the 1725 test pairs.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))


def ours(seed: int, folder: Path) -> dict[str, float]:
    """`python -m minisft finetune --task mrpc ...`, as in the README."""
    from minisft.cli import main

    out = folder / "ours.json"
    command = (
        "finetune --task mrpc --epochs 3 --batch-size 16 --lr 1e-4 --warmup 0.1 --weight-decay 0.01 --device cpu "
        f"--seed {seed} --out {folder / f'ours-{seed}'} --json {out}"
    )
    if main(command.split()):
        raise SystemExit(f"minisft failed with seed {seed}")
    return json.loads(out.read_text())["after"]


def hugging_face(seed: int, folder: Path) -> dict[str, float]:
    """The Trainer, padded dynamically and grouped by length, with the same numbers."""
    from peers import make_trainer, scores_on_test
    from transformers import set_seed

    from minisft.checkpoints import locate
    from minisft.data import load_task

    task = load_task("mrpc")
    set_seed(seed)  # the new head is drawn before the Trainer sets its seed
    trainer = make_trainer(
        task, locate("minilm"), folder / f"trainer-{seed}", padding=False,
        num_train_epochs=3, per_device_train_batch_size=16, per_device_eval_batch_size=32, learning_rate=1e-4,
        warmup_steps=0.1, weight_decay=0.01, seed=seed, train_sampling_strategy="group_by_length", use_cpu=True,
        eval_strategy="epoch", save_strategy="epoch", save_total_limit=1, load_best_model_at_end=True,
        metric_for_best_model="accuracy",
    )  # fmt: skip
    trainer.train()
    return scores_on_test(trainer, task, padding=False)


SYSTEMS = {"ours": ours, "trainer": hugging_face}


def main() -> None:
    """Run the systems in turn, seed by seed, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", choices=SYSTEMS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, list[dict]] = {name: [] for name in SYSTEMS if options.only in (None, name)}
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seeds:
            for name, rows in results.items():
                started = time.perf_counter()
                scores = SYSTEMS[name](seed, Path(folder))
                rows.append({"seed": seed, **scores, "seconds": time.perf_counter() - started})
                print(f"{name:<8} seed {seed}: " + ", ".join(f"{k} {v:.3f}" for k, v in rows[-1].items()), flush=True)
                if options.json:
                    options.json.write_text(json.dumps({"torch": torch.__version__, **results}, indent=2) + "\n")
    for name, rows in results.items():
        accuracies, f1s = [row["accuracy"] for row in rows], [row["f1"] for row in rows]
        spread = max(accuracies) - min(accuracies)
        means = f"mean accuracy {statistics.mean(accuracies):.4f}, mean F1 {statistics.mean(f1s):.4f}"
        print(f"{name:<8} {means} (accuracies {spread:.4f} apart)")


if __name__ == "__main__":
    main()
