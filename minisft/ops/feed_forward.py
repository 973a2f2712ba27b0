"""The position-wise feed-forward layer: widen, bend, narrow."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

from minisft.ops.linear import linear, linear_fused


def feed_forward(
    x: Float[Tensor, "*batch E"],
    weight_in: Float[Tensor, "F E"],
    bias_in: Float[Tensor, " F"],
    weight_out: Float[Tensor, "E F"],
    bias_out: Float[Tensor, " E"],
    activation: Callable[[Tensor], Tensor],
) -> Float[Tensor, "*batch E"]:
    """activation(x W₁ + b₁) W₂ + b₂ (section 4.1.2; Vaswani et al. 2017, equation 2). Each token by itself."""
    hidden = activation(linear(x, weight_in, bias_in))  # ... F, usually F = 4 E
    return linear(hidden, weight_out, bias_out)


def feed_forward_fused(
    x: Float[Tensor, "*batch E"],
    weight_in: Float[Tensor, "F E"],
    bias_in: Float[Tensor, " F"],
    weight_out: Float[Tensor, "E F"],
    bias_out: Float[Tensor, " E"],
    activation: Callable[[Tensor], Tensor],
) -> Float[Tensor, "*batch E"]:
    """`feed_forward` with one kernel a matrix product."""
    return linear_fused(activation(linear_fused(x, weight_in, bias_in)), weight_out, bias_out)
