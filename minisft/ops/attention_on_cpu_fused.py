"""Attention with dropout on a CPU, some texts at a time: torch has no fused kernel for it.

All scores of a layer would be written to memory and read again five times over; of 512 tokens they are so large that
the system hands each result its memory anew, which takes longer than the products. A block of them stays in the cache.
"""

import math
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from minisft.ops.dropout import kept_fused

BLOCK = 2**19  # scores in a block: measured, see tests/benchmarks


def attention_on_cpu_fused(
    query: Float[Tensor, "*batch Q D"],
    key: Float[Tensor, "*batch K D"],
    value: Float[Tensor, "*batch K V"],
    attn_mask: Bool[Tensor, "*#batch #Q K"] | None = None,
    dropout_p: float = 0.0,
) -> Float[Tensor, "*batch Q V"]:
    """torch's scaled_dot_product_attention, with the draws of `dropout_fused`.

    Every query must see a key, and `dropout_p` lie between 0 and 1. A seed drops the same weights whatever the size of
    a block. There is no second derivative.
    """
    batch = query.shape[:-2]
    texts = math.prod(batch)
    if torch.is_autocast_enabled("cpu"):
        lower = torch.get_autocast_dtype("cpu")
        query, key, value = (x if x.dtype == torch.float64 else x.to(lower) for x in (query, key, value))
    query, key, value = (x.reshape(texts, *x.shape[-2:]) for x in (query, key, value))
    hidden = None
    if attn_mask is not None:
        hidden = query.new_zeros(attn_mask.shape).masked_fill_(~attn_mask, -math.inf)
        hidden = hidden.expand(*batch, -1, -1).reshape(texts, *attn_mask.shape[-2:])
    context = AttentionOnCpu.apply(query, key, value, hidden, dropout_p)
    return context.view(*batch, *context.shape[-2:])


class AttentionOnCpu(torch.autograd.Function):
    """softmax(Q Kᵀ / √D + hidden), dropout, times V. For the way back it keeps the shares and which were dropped."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, hidden: Tensor | None, dropout: float) -> Tensor:
        """The context of every query."""
        ctx.scale, ctx.up = query.shape[-1] ** -0.5, 1 / (1 - dropout)
        ctx.blocks = blocks_of(len(query), query.shape[1] * key.shape[1])
        context = value.new_empty(*query.shape[:2], value.shape[-1])
        for_backward = []
        for block in ctx.blocks:
            # One product scales, multiplies and hides.
            above = query.new_zeros(()) if hidden is None else hidden[block]
            beta = 0.0 if hidden is None else 1.0
            scores = torch.baddbmm(above, query[block], key[block].transpose(1, 2), beta=beta, alpha=ctx.scale)
            shares = torch.softmax(scores, -1)
            kept = kept_fused(shares.shape, dropout)
            dropped = torch.mul(shares, kept, out=scores)
            multiply(dropped, value[block], ctx.up, context[block])
            for_backward += [shares, kept]
        ctx.save_for_backward(query, key, value, *for_backward)
        return context

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of queries, keys and values."""
        query, key, value, *kept_back = ctx.saved_tensors
        to_query, to_key, to_value = (torch.empty_like(x) for x in (query, key, value))
        for block, shares, kept in zip(ctx.blocks, kept_back[::2], kept_back[1::2], strict=True):
            dropped = shares * kept
            multiply(dropped.transpose(1, 2), gradient[block], ctx.up, to_value[block])
            to_shares = multiply(gradient[block], value[block].transpose(1, 2), ctx.up, dropped).mul_(kept)
            to_scores = torch._softmax_backward_data(to_shares, shares, -1, shares.dtype)
            multiply(to_scores, key[block], ctx.scale, to_query[block])
            multiply(to_scores.transpose(1, 2), query[block], ctx.scale, to_key[block])
        return to_query, to_key, to_value, None, None


def blocks_of(texts: int, scores: int) -> list[slice]:
    """Texts with so many scores each, in blocks of like size.

    A block has a multiple of four texts: one draw decides for four numbers, and none is cut short by a block's end.
    """
    count = max(1, texts * scores // BLOCK)
    size = max(4, 4 * math.ceil(texts / count / 4))
    return [slice(start, start + size) for start in range(0, texts, size)]


def multiply(left: Tensor, right: Tensor, factor: float, out: Tensor) -> Tensor:
    """factor · left @ right, written into `out`."""
    return torch.baddbmm(out, left, right, beta=0.0, alpha=factor, out=out)
