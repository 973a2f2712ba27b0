"""Lines, figures and files that several commands print or write."""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from minisft.files import write_atomically
from minisft.measure import speed_of_bf16
from minisft.training import Evaluation
from minisft.training.distributed import process_group


def say(what: str, text: str) -> None:
    """One line of a report."""
    print(f"{what:<11}{text}", flush=True)


def figures(scores: dict[str, float]) -> str:
    """Scores in a line."""
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in scores.items())


def place(device: torch.device) -> str:
    """What a model runs on: cpu, 2 threads."""
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    processes = process_group().world_size
    each = f"{processes} processes, each on " if processes > 1 else ""
    return f"{each}{device.type if processes > 1 else device}{threads}"


def warn_if_emulated(precision: str, device: torch.device) -> None:
    """Say so where bf16, chosen for speed, is slower than fp32."""
    if precision == "bf16" and (speed := speed_of_bf16(device)) < 1:
        say("careful", f"bf16 products take {1 / speed:.2g} times as long as fp32's here: leave out --precision")


def write_json(path: Path | None, results: dict[str, Any]) -> None:
    """Write the results where that was asked for."""
    if path and process_group().is_main:
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
        say("results", str(path))


def warn_if_collapsed(tested: Evaluation) -> None:
    """Say so where every row gets the same answer, which a score alone can hide."""
    said = tested.predictions()
    if tested.batches.kind == "tags":  # rows differ in length: one tag for all words is one answer
        said = [tag for row in said for tags in row for tag in tags]
    if tested.batches.kind == "span":
        said = [answer.text for answer in said]
    if len(set(map(str, said))) == 1:
        say(
            "careful",
            "every test row gets the same answer: the model has not learned. "
            "Try more --epochs, another --seed or a lower --lr",
        )


def peak_memory(device: torch.device) -> float | None:
    """The most memory this process has held, in MB: the GPU's where one is used. None where it is not known."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 2**10  # bytes on macOS, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
