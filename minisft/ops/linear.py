"""An affine map of the last dimension: x Wᵀ + b."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

LARGE = 2**20  # numbers of a matrix that is worth a copy


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
    short = -len(weight) % 8
    if short and x.is_cuda and weight.numel() > LARGE:
        # A GPU's fast kernels want rows that begin at multiples of 16 bytes, and BERT has 30,522 words.
        weight, bias = functional.pad(weight, (0, 0, 0, short)), functional.pad(bias, (0, short))
        return functional.linear(x, weight, bias)[..., :-short]
    return functional.linear(x, weight, bias)
