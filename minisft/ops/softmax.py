"""Softmax: scores of any size and sign become shares that sum to one."""

import torch
from jaxtyping import Float
from torch import Tensor


def softmax(scores: Float[Tensor, "*shape"], dim: int = -1) -> Float[Tensor, "*shape"]:
    """Exponentials of `scores`, divided by their sum along `dim`.

    The largest score is subtracted first: the shares stay the same and no exponential overflows.
    A row that is -inf throughout has no answer and gives NaN, as in torch.
    """
    exponentials = (scores - scores.amax(dim, keepdim=True)).exp()
    return exponentials / exponentials.sum(dim, keepdim=True)


def softmax_fused(scores: Float[Tensor, "*shape"], dim: int = -1) -> Float[Tensor, "*shape"]:
    """`softmax` in one kernel."""
    return torch.softmax(scores, dim)
