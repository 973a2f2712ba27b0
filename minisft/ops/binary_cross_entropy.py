"""Binary cross-entropy: each label is there or not, whatever the others are."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from minisft.ops.cross_entropy import Reduction


def binary_cross_entropy(
    logits: Float[Tensor, "N C"],
    targets: Float[Tensor, "N C"],
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Mean or sum of -y log σ(x) - (1 - y) log(1 - σ(x)) in nats, over all N C labels.

    -log σ(x) is log(1 + exp(-x)), which overflows at x = -1000. max(x, 0) - x y + log(1 + exp(-|x|)) is the same
    number, and there the exponential is at most 1.
    """
    # torch.maximum and not clamp: at x = 0, where every new head without bias begins, it gives half the gradient to
    # each side, and the whole is σ(0) - y as it should be.
    largest = torch.maximum(logits, torch.zeros_like(logits))
    # log1p and not log(1 + ...): 1 + exp(-40) is 1 in float32, and its log 0.
    errors = largest - logits * targets + (-logits.abs()).exp().log1p()
    return errors.sum() if reduction == "sum" else errors.mean()


def binary_cross_entropy_fused(
    logits: Float[Tensor, "N C"],
    targets: Float[Tensor, "N C"],
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """`binary_cross_entropy` in one kernel."""
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction=reduction)
