"""Layer normalisation: each token's numbers get mean 0 and variance 1, then a learned scale and shift."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def layer_norm(
    x: Float[Tensor, "*batch E"],
    weight: Float[Tensor, " E"],
    bias: Float[Tensor, " E"],
    eps: float,
) -> Float[Tensor, "*batch E"]:
    """(x - mean) / √(variance + eps) · weight + bias over the last dimension (Ba et al. 2016, equation 4).

    The variance is the biased one (divided by E), and eps stands inside the root. BERT's eps is 1e-12,
    torch's default 1e-5: there is no default here.
    """
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred * centred).mean(-1, keepdim=True)
    return centred / (variance + eps).sqrt() * weight + bias


def layer_norm_fused(
    x: Float[Tensor, "*batch E"],
    weight: Float[Tensor, " E"],
    bias: Float[Tensor, " E"],
    eps: float,
) -> Float[Tensor, "*batch E"]:
    """`layer_norm` in one kernel."""
    return functional.layer_norm(x, weight.shape, weight, bias, eps)
