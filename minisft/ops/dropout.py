"""Dropout: in training, each number is zero with probability p and the rest is scaled by 1 / (1 - p)."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int16
from torch import Tensor
from torch.nn import functional


def dropout(x: Float[Tensor, "*shape"], p: float) -> Float[Tensor, "*shape"]:
    """Zero each number with probability `p`, scale the others so that the expectation stays (Srivastava et al. 2014).

    Draws from torch's global generator. Whoever evaluates passes p = 0, which returns `x` itself.
    """
    if p == 0.0:
        return x
    if p == 1.0:
        return x * 0.0
    kept = torch.rand_like(x) >= p
    return x * kept / (1.0 - p)


def dropout_fused(x: Float[Tensor, "*shape"], p: float) -> Float[Tensor, "*shape"]:
    """`dropout` at speed. It draws other numbers than the textbook version does from the same seed.

    On a CPU most of the time goes into drawing, number by number: there one draw of 64 bits decides for four numbers,
    with `p` rounded to a multiple of 1/65536.
    """
    if p == 0.0:
        return x
    if x.device.type != "cpu" or not 0.0 < p < 1.0:
        return functional.dropout(x, p, training=True)
    return x * kept_fused(x.shape, p).to(x.dtype).mul_(1.0 / (1.0 - p))


def kept_fused(shape: Sequence[int], p: float) -> Int16[Tensor, "..."]:
    """On a CPU, 0 with probability `p` and else 1."""
    count = math.prod(shape)
    draws = torch.randint(-(2**63), 2**63 - 1, (-(-count // 4),)).view(torch.int16)  # uniform in -32768 ... 32767
    border = round(p * 2**16) - 2**15
    if border == 2**15:  # `p` rounds to 1, and the border is no number of 16 bits
        return torch.zeros(shape, dtype=torch.int16)
    # Compared in place, as 0 and 1: a comparison that gives booleans takes several times as long.
    return draws[:count].view(shape).ge_(border)
