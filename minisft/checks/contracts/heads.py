"""Section 3.1.2: several heads side by side."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.checks.contracts.attention import nothing_to_see
from minisft.ops import attention, linear, merge_heads, split_heads


def multi_head_attention(
    x: Float[Tensor, "B T E"],
    weight: Float[Tensor, "3*E E"],
    bias: Float[Tensor, " 3*E"],
    output_weight: Float[Tensor, "E E"],
    output_bias: Float[Tensor, " E"],
    heads: int,
    mask: Bool[Tensor, "B 1 #T T"] | None = None,
) -> Float[Tensor, "B T E"]:
    """Self-attention with H heads: one product gives queries, keys and values, in this order, of all heads."""
    query, key, value = (split_heads(part, heads) for part in linear(x, weight, bias).chunk(3, dim=-1))
    context = attention(query, key, value, mask)  # B H T D
    return linear(merge_heads(context), output_weight, output_bias)


SPLIT_HEADS = Contract(
    name="split_heads",
    section="3.1.2",
    reference=split_heads,
    gradients=("x",),
    properties={
        "a head is a block of neighbouring columns": lambda draw: [
            {"x": draw.normal(2, 3, 8), "heads": 4},
            {"x": draw.normal(3, 5, 12), "heads": 2},
        ],
        "one head": lambda draw: [{"x": draw.normal(2, 3, 5), "heads": 1}],
        "at a real width": lambda draw: [{"x": draw.normal(2, 7, 384, dtype=torch.float32), "heads": 12}],
    },
    mutants=(
        Mutant(
            "a view straight into B H T D. It reads the numbers in the order of memory, so that a head gets pieces of "
            "several tokens: view as B T H D, then exchange T and H.",
            {".view(batch, tokens, heads, width // heads).transpose(1, 2)": ".view(batch, heads, tokens, -1)"},
        ),
        Mutant(
            "the heads still behind the tokens, B T H D. Attention works on the last two dimensions: bring T there.",
            {".transpose(1, 2)": ""},
        ),
        Mutant(
            "heads of every H-th column. Head h is the block of columns from h D on: the last dimension is split into "
            "H first and D second.",
            {"heads, width // heads).transpose(1, 2)": "width // heads, heads).permute(0, 3, 1, 2)"},
        ),
        Mutant(
            "the number of heads and their width exchanged. View as B T H D: H comes first.",
            {"heads, width // heads)": "width // heads, heads)"},
        ),
        Mutant(
            "the heads before the batch, H B T D. The batch stays the first dimension.",
            {".transpose(1, 2)": ".permute(2, 0, 1, 3)"},
        ),
        Mutant(
            "the last two dimensions exchanged, B H D T. That is what the keys need in the product, not the heads.",
            {".transpose(1, 2)": ".permute(0, 2, 3, 1)"},
        ),
    ),
)

MERGE_HEADS = Contract(
    name="merge_heads",
    section="3.1.2",
    reference=merge_heads,
    gradients=("x",),
    properties={
        "the heads of a token stand side by side": lambda draw: [
            {"x": draw.normal(2, 4, 3, 5)},
            {"x": draw.normal(3, 2, 5, 4)},
        ],
        "one head": lambda draw: [{"x": draw.normal(2, 1, 3, 5)}],
        "at a real width": lambda draw: [{"x": draw.normal(2, 12, 7, 32, dtype=torch.float32)}],
    },
    mutants=(
        Mutant(
            "a reshape without exchanging heads and tokens first. The tokens' numbers get mixed: transpose(1, 2) comes "
            "before.",
            {".transpose(1, 2)": ""},
        ),
        Mutant(
            "heads woven together, column by column. Undo the split: first all D numbers of head 0, then those of 1.",
            {".transpose(1, 2)": ".permute(0, 2, 3, 1)"},
        ),
        Mutant(
            "the sum of the heads. They are put side by side, so that the output matrix can treat each differently.",
            {".transpose(1, 2).reshape(batch, tokens, heads * head_width)": ".sum(1)"},
        ),
        Mutant(
            "the mean of the heads. They are put side by side, so that the output matrix can treat each differently.",
            {".transpose(1, 2).reshape(batch, tokens, heads * head_width)": ".mean(1)"},
        ),
        Mutant(
            "heads and tokens exchanged and not yet merged: B T H D. The last two dimensions become one.",
            {".reshape(batch, tokens, heads * head_width)": ""},
        ),
        Mutant(
            "the tokens exchanged with the numbers of a head. Exchange heads and tokens: transpose(1, 2).",
            {".transpose(1, 2)": ".transpose(1, 3)"},
        ),
    ),
)


def whole_layer(draw: Draw, batch: int, tokens: int, width: int, heads: int) -> Arguments:
    """What multi_head_attention needs."""
    scale = width**-0.5
    return {
        "x": draw.normal(batch, tokens, width),
        "weight": draw.normal(3 * width, width, scale=2 * scale),
        "bias": draw.normal(3 * width),
        "output_weight": draw.normal(width, width, scale=scale),
        "output_bias": draw.normal(width),
        "heads": heads,
    }


def far_below(bias: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    """The bias of queries, keys and values that makes all scores of a layer some ten thousand below 0."""
    width = len(bias) // 3
    return torch.cat([bias[:width] + 100, bias[width : 2 * width] - 100, bias[2 * width :]])


def large(draw: Draw, *sizes: int) -> Arguments:
    """A layer whose scores are all far below 0, and some of them hidden."""
    arguments, (batch, tokens, *_) = whole_layer(draw, *sizes), sizes
    return arguments | {"bias": far_below(arguments["bias"]), "mask": draw.mask(batch, 1, tokens, tokens)}


# As learners write it: in words that Mutant puts into `attention`.
WEIGHTS = "attention_weights(query, key, mask)"
SCORES = "query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]{})"
HIDDEN = f"(({SCORES}) if mask is None else ({SCORES}).masked_fill(~mask, -1e9))"

MULTI_HEAD_ATTENTION = Contract(
    name="multi_head_attention",
    section="3.1.2",
    reference=multi_head_attention,
    gradients=("x", "weight", "bias", "output_weight", "output_bias"),
    properties={
        "each head attends by itself": lambda draw: [whole_layer(draw, 2, 3, 8, 4), whole_layer(draw, 3, 5, 6, 2)],
        "at a real width": lambda draw: [whole_layer(draw, 1, 4, 384, 12)],
        "a mask hides tokens from every head": lambda draw: [
            whole_layer(draw, 2, 5, 8, 2) | {"mask": draw.mask(2, 1, 1, 5)},
            whole_layer(draw, 2, 4, 6, 3) | {"mask": draw.mask(2, 1, 4, 4)},
        ],
        "large scores, of which some are hidden": lambda draw: [large(draw, 2, 5, 8, 2)],
        "a token that may see nothing": lambda draw: [whole_layer(draw, 3, 6, 8, 2) | {"mask": nothing_to_see()}],
    },
    mutants=(
        Mutant(
            "one head over the whole width. Split queries, keys and values before attention.",
            {"split_heads(part, heads)": "split_heads(part, 1)"},
        ),
        Mutant(
            "queries and keys exchanged. The product gives queries first, then keys, then values.",
            {"attention(query, key, value, mask)": "attention(key, query, value, mask)"},
        ),
        Mutant(
            "keys and values exchanged. The product gives queries first, then keys, then values.",
            {"attention(query, key, value, mask)": "attention(query, value, key, mask)"},
        ),
        Mutant(
            "the heads without the output matrix. It lets the heads speak to one another.",
            {"linear(merge_heads(context), output_weight, output_bias)": "merge_heads(context)"},
        ),
        Mutant(
            "the layer without the output bias. It is added after the output matrix.",
            {"output_weight, output_bias)": "output_weight, torch.zeros_like(output_bias))"},
        ),
        Mutant(
            "scores divided by the root of the model's width. D is the width of one head.",
            {"attention(query,": "attention(query / heads**0.5,"},
        ),
        Mutant(
            "the product read as H times query, key, value. It holds all queries, then all keys, then all values.",
            {
                "split_heads(part, heads)": "part.transpose(1, 2)",
                ".chunk(3,": ".unflatten(2, (heads, -1)).chunk(3,",
            },
        ),
        Mutant(
            "the code as it was given, with both mistakes in it. Look at what the root is taken of, and at the "
            "dimension along which shares add up to one.",
            {WEIGHTS: f"softmax({HIDDEN.replace('{}', ' * query.shape[-3]')}, -2)"},
            attention,
        ),
        Mutant(
            "shares that add up to one along the queries. Each query shares itself out among the keys: dim=-1.",
            {WEIGHTS: f"softmax({HIDDEN.replace('{}', '')}, -2)"},
            attention,
        ),
        Mutant(
            "equal shares of everything hidden for a token that may see nothing, as all its scores are -1e9. It gets "
            "zero: multiply the shares by the mask.",
            {WEIGHTS: f"softmax({HIDDEN.replace('{}', '')})"},
            attention,
        ),
        Mutant(
            "an output matrix without its transpose. It is stored as (out, in): x @ W.T.",
            {"linear(merge_heads(context), output_weight,": "linear(merge_heads(context), output_weight.T,"},
        ),
        Mutant(
            "heads merged by a reshape alone, which mixes the tokens: exchange heads and tokens first.",
            {"merge_heads(context)": "context.reshape(x.shape)"},
        ),
        Mutant(
            "attention that does not look at the mask. Hand it on to attention.",
            {"value, mask)": "value)"},
        ),
    ),
)
