"""Scaled dot-product attention: each query takes a weighted mean of the values it may see."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from minisft.ops.attention_on_cpu_fused import attention_on_cpu_fused
from minisft.ops.dropout import dropout as drop
from minisft.ops.softmax import softmax


def attention_weights(
    query: Float[Tensor, "*batch Q D"],
    key: Float[Tensor, "*batch K D"],
    mask: Bool[Tensor, "*#batch #Q K"] | None = None,
) -> Float[Tensor, "*batch Q K"]:
    """softmax(Q Kᵀ / √D) over the keys (section 4.1.1; Vaswani et al. 2017, equation 1).

    `mask` is True where a query may see a key. A query that may see nothing gets weights of zero.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        return softmax(scores)
    # The lowest finite number and not -inf: a row of -inf alone has no softmax, and its gradient would be NaN.
    weights = softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min))
    return weights * mask


def attention(
    query: Float[Tensor, "*batch Q D"],
    key: Float[Tensor, "*batch K D"],
    value: Float[Tensor, "*batch K V"],
    mask: Bool[Tensor, "*#batch #Q K"] | None = None,
    dropout: float = 0.0,
) -> Float[Tensor, "*batch Q V"]:
    """softmax(Q Kᵀ / √D) V, where `mask` is True where a query may see a key.

    `dropout` is the probability with which a weight is zeroed. A query that may see nothing gives zero.
    """
    return drop(attention_weights(query, key, mask), dropout) @ value


def attention_fused(
    query: Float[Tensor, "*batch Q D"],
    key: Float[Tensor, "*batch K D"],
    value: Float[Tensor, "*batch K V"],
    mask: Bool[Tensor, "*#batch #Q K"] | None = None,
    dropout: float = 0.0,
) -> Float[Tensor, "*batch Q V"]:
    """`attention` by torch's fused kernels, or by ours with dropout on a CPU. Fastest where `mask` is None."""
    attend = functional.scaled_dot_product_attention
    if 0.0 < dropout < 1.0 and query.device.type == "cpu" and not torch.compiler.is_compiling():
        attend = attention_on_cpu_fused  # torch has no fused kernel with dropout on a CPU
    if mask is None:
        return attend(query, key, value, dropout_p=dropout)
    # Backends differ on a row with no visible key (0 or NaN): let it see everything, then set it to zero.
    sees_something = mask.any(-1, keepdim=True)
    # Asked neither of a GPU, which would have to be waited for, nor while torch traces: the answer is not known yet.
    if mask.device.type == "cpu" and not torch.compiler.is_compiling() and sees_something.all():
        return attend(query, key, value, attn_mask=mask, dropout_p=dropout)
    out = attend(query, key, value, attn_mask=mask | ~sees_something, dropout_p=dropout)
    return out.masked_fill(~sees_something, 0.0)
