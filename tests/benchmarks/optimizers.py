"""What AdamW costs: torch's three ways and this code's two, on all of a model's tensors. A part of bench.py."""

import argparse
import statistics
from collections.abc import Iterator
from typing import Any

import torch
from measuring import Results, answer
from torch import nn
from workloads import model_folder

PART = "optimizers"
LOOP, ALL_AT_ONCE, TEXTBOOK_OP = "torch, a tensor at a time", "minisft, fused op", "minisft, textbook op"


def measure(round: int, model: str, device: str) -> dict[str, Any]:
    """Seconds of an update for each optimiser, in turn in this process: each has weights and moments of its own."""
    from minisft.measure import medians
    from minisft.models import SequenceClassifier
    from minisft.ops import TEXTBOOK
    from minisft.training import AdamW, parameter_groups

    def weights() -> list[dict[str, Any]]:
        with model_folder(model) as folder:
            network: nn.Module = SequenceClassifier.from_pretrained(folder, ["no", "yes"]).to(device)
        for parameter in network.parameters():
            parameter.grad = 1e-3 * torch.randn_like(parameter)
        return parameter_groups(network, 0.01)

    torch.manual_seed(round)
    optimizers = {
        LOOP: torch.optim.AdamW(weights(), lr=1e-5, foreach=False, fused=False),
        "torch, foreach": torch.optim.AdamW(weights(), lr=1e-5, foreach=True),
        "torch, fused": torch.optim.AdamW(weights(), lr=1e-5, fused=True),
        TEXTBOOK_OP: AdamW(weights(), lr=1e-5, update=TEXTBOOK.adamw_update),
        ALL_AT_ONCE: AdamW(weights(), lr=1e-5),
    }
    parameters = [p for group in optimizers[LOOP].param_groups for p in group["params"]]
    seconds = medians({name: optimizer.step for name, optimizer in optimizers.items()}, rounds=11)
    return {"seconds": seconds, "tensors": len(parameters), "numbers": sum(p.numel() for p in parameters)}


def plan(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """As many processes as there are rounds."""
    for number in range(options.rounds):
        yield {"round": number, "model": options.model, "device": options.device}


def report(results: Results) -> None:
    """One line an optimiser, beside torch's loop and torch's fastest."""
    found = [entry["found"] for entry in results.of(PART)]
    runs = [entry["seconds"] for entry in found]
    print(f"\nAdamW on {found[0]['tensors']} tensors of {found[0]['numbers'] / 1e6:.1f} million numbers")
    print(f"{'':<50}{'ms':>8}{'/ the loop':>12}{'/ fastest of torch':>20}")
    for name in runs[0]:
        fastest = [min(seconds for other, seconds in run.items() if other.startswith("torch")) for run in runs]
        print(
            f"{name:<50}{1000 * statistics.median(run[name] for run in runs):>8.1f}"
            f"{statistics.median(run[name] / run[LOOP] for run in runs):>12.2f}"
            f"{statistics.median(run[name] / best for run, best in zip(runs, fastest, strict=True)):>20.2f}"
        )


if __name__ == "__main__":
    answer(measure, __doc__.splitlines()[0])
