"""Dropout: in training, each number is zero with probability p and the rest is scaled by 1 / (1 - p)."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def dropout(x: Float[Tensor, "*shape"], p: float) -> Float[Tensor, "*shape"]:
    """Zero each number with probability `p`, scale the others so that the expectation stays (Srivastava et al. 2014).

    Draws from torch's global generator. Whoever evaluates passes p = 0, which returns `x` itself.
    """
    if p == 0.0:
        return x
    kept = torch.rand_like(x) >= p
    return x * kept / (1.0 - p)


def dropout_fused(x: Float[Tensor, "*shape"], p: float) -> Float[Tensor, "*shape"]:
    """`dropout` in one kernel. It draws other numbers than the textbook version does from the same seed."""
    return functional.dropout(x, p, training=True) if p else x
