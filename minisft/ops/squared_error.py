"""Squared error: the loss of a regression."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from minisft.ops.cross_entropy import Reduction


def squared_error(
    predictions: Float[Tensor, " N"],
    targets: Float[Tensor, " N"],
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Mean or sum of (prediction - target)², in the square of the targets' unit."""
    errors = (predictions - targets) ** 2
    return errors.sum() if reduction == "sum" else errors.mean()


def squared_error_fused(
    predictions: Float[Tensor, " N"],
    targets: Float[Tensor, " N"],
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """`squared_error` in one kernel."""
    return functional.mse_loss(predictions, targets, reduction=reduction)
