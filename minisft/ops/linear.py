"""An affine map of the last dimension: x Wᵀ + b."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def linear(
    x: Float[Tensor, "*batch I"],
    weight: Float[Tensor, "O I"],
    bias: Float[Tensor, " O"],
) -> Float[Tensor, "*batch O"]:
    """x Wᵀ + b. The weight is stored as (out, in), torch's and Hugging Face's layout."""
    return x @ weight.T + bias


def linear_fused(
    x: Float[Tensor, "*batch I"],
    weight: Float[Tensor, "O I"],
    bias: Float[Tensor, " O"],
) -> Float[Tensor, "*batch O"]:
    """`linear` in one kernel."""
    return functional.linear(x, weight, bias)
