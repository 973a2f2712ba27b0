"""Cross-entropy: minus the log of the probability that the model gives to the right class."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

IGNORED = -100
Reduction = Literal["mean", "sum"]


def cross_entropy(
    logits: Float[Tensor, "N C"],
    labels: Int[Tensor, " N"],
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Mean or sum of -log softmax(logits)[label] in nats, over the rows whose label is not -100.

    Exactly -100 is ignored, in value and in gradient; any other label outside 0 ... C - 1 raises IndexError.
    With every row ignored the loss is 0 (torch's own mean is NaN there).
    """
    valid = labels != IGNORED
    logits, labels = logits[valid], labels[valid]
    out_of_range = (labels < 0) | (labels >= logits.shape[-1])
    if out_of_range.any():
        raise IndexError(
            f"label {labels[out_of_range][0].item()} is out of range: "
            f"expected 0 to {logits.shape[-1] - 1}, or {IGNORED} to ignore a row"
        )
    # log Σ exp with the largest logit taken out, so that logits of ±1000 neither overflow nor vanish.
    largest = logits.amax(-1, keepdim=True)
    log_sum = (logits - largest).exp().sum(-1).log() + largest.squeeze(-1)
    right = logits[torch.arange(len(labels), device=labels.device), labels]
    total = (log_sum - right).sum()
    return total if reduction == "sum" else total / max(len(labels), 1)


def cross_entropy_fused(
    logits: Float[Tensor, "N C"],
    labels: Int[Tensor, " N"],
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """`cross_entropy` in one kernel and without a device synchronisation; torch reports a label out of range."""
    total = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return total if reduction == "sum" else total / (labels != IGNORED).sum().clamp(min=1)
