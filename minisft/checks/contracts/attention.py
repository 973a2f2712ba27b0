"""Section 3.1.1: attention, from the scores of one query on."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import attention, attention_weights


def attention_scores(query: Float[Tensor, " D"], keys: Float[Tensor, "K D"]) -> Float[Tensor, " K"]:
    """How well each key answers one query: their products, divided by √D."""
    return keys @ query / math.sqrt(query.shape[-1])


def scored(draw: Draw, keys: int, width: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Arguments:
    """One query and some keys."""
    return {
        "query": draw.normal(width, scale=scale, dtype=dtype),
        "keys": draw.normal(keys, width, scale=scale, dtype=dtype),
    }


ATTENTION_SCORES = Contract(
    name="attention_scores",
    section="3.1.1",
    reference=attention_scores,
    properties={
        "a score for each key": lambda draw: [scored(draw, 3, 4), scored(draw, 5, 7)],
        "the length of the vectors is taken out": lambda draw: [scored(draw, 6, 64)],
        # In float64: of products of several hundred, float32 would leave a small sum to chance.
        "large scores of either sign": lambda draw: [scored(draw, 4, 5, scale=20.0, dtype=torch.float64)],
    },
    mutants=(
        Mutant(
            "the scores without the division by √D. Products of long vectors are large, and softmax of large scores "
            "gives one key nearly everything.",
            {" / math.sqrt(query.shape[-1])": ""},
        ),
        Mutant(
            "the scores divided by D and not by its root. A sum of D products of size 1 grows as √D.",
            {"math.sqrt(query.shape[-1])": "query.shape[-1]"},
        ),
        Mutant(
            "the scores divided by the root of the number of keys. What makes a product large is the length of the "
            "vectors, D: query.shape[-1].",
            {"query.shape[-1]": "len(keys)"},
        ),
        Mutant(
            "the scores after softmax. Here the scores themselves are wanted; softmax comes next.",
            {
                "keys @ query": "torch.softmax(keys @ query",
                "math.sqrt(query.shape[-1])": "math.sqrt(query.shape[-1]), 0)",
            },
        ),
        Mutant(
            "the cosine of query and key. The lengths of the vectors count: a long key may ask for attention.",
            {"math.sqrt(query.shape[-1])": "(keys.norm(dim=-1) * query.norm())"},
        ),
        Mutant(
            "the mean of the products and not their sum, which is then divided a second time.",
            {"keys @ query": "(keys * query).mean(-1)"},
        ),
    ),
)


def asked(draw: Draw, *sizes: int, scale: float = 1.0, dtype: torch.dtype = torch.float64) -> Arguments:
    """Queries and keys of B H Q K D; K differs from Q."""
    batch, heads, queries, keys, width = sizes
    return {
        "query": draw.normal(batch, heads, queries, width, scale=scale, dtype=dtype),
        "key": draw.normal(batch, heads, keys, width, scale=scale, dtype=dtype),
    }


def with_value(draw: Draw, *sizes: int, scale: float = 1.0, dtype: torch.dtype = torch.float64) -> Arguments:
    """Queries, keys and values of B H Q K D; a value has D + 1 numbers."""
    batch, heads, _, keys, width = sizes
    return asked(draw, *sizes, scale=scale, dtype=dtype) | {
        "value": draw.normal(batch, heads, keys, width + 1, dtype=dtype)
    }


def nothing_to_see() -> Bool[Tensor, "3 1 1 6"]:
    """A mask of three texts of six tokens, one of them padding alone."""
    return torch.arange(6) < torch.tensor([4, 0, 6]).view(3, 1, 1, 1)


def masked(draw: Draw, make) -> list[Arguments]:
    """A mask of padding, and one for each query."""
    return [
        make(draw, 2, 3, 4, 7, 5) | {"mask": draw.mask(2, 1, 1, 7)},
        make(draw, 2, 3, 4, 7, 5) | {"mask": draw.mask(2, 1, 4, 7)},
        make(draw, 2, 2, 3, 6, 4, dtype=torch.float32) | {"mask": draw.mask(2, 1, 1, 6)},
    ]


def hidden_among_large(draw: Draw, make) -> list[Arguments]:
    """All scores far below 0, some of them hidden: the largest may be one of these."""
    arguments = make(draw, 2, 3, 4, 7, 5, scale=200.0)
    far_below = {"query": arguments["query"].abs(), "key": -arguments["key"].abs()}
    return [arguments | far_below | {"mask": draw.mask(2, 1, 4, 7)}]


# What goes wrong between scores and weights goes wrong in the whole of attention as well.
MISTAKES = (
    (
        "attention without the division by √D. Scores grow with the width, and one key takes nearly everything.",
        {" / math.sqrt(query.shape[-1])": ""},
    ),
    (
        "attention divided by the root of the number of keys. D is the length of a query: query.shape[-1].",
        {"math.sqrt(query.shape[-1])": "math.sqrt(key.shape[-2])"},
    ),
    (
        "attention divided by the root of the model's width, all heads together. D is the width of one head.",
        {"math.sqrt(query.shape[-1])": "math.sqrt(query.shape[-1] * query.shape[-3])"},
    ),
    (
        "a softmax over the queries. Each query shares itself out among the keys: its row adds up to one, dim=-1.",
        {"return softmax(scores)": "return softmax(scores, -2)", ".dtype).min))": ".dtype).min), -2)"},
    ),
    (
        "attention with a softmax that overflows. Take the largest score of a row off first: the shares stay the same.",
        {"softmax(scores)": "scores.exp() / scores.exp().sum(-1, keepdim=True)"},
    ),
    (
        "attention with the mask the wrong way round. True means that a key may be seen; fill where it is False.",
        {"~mask": "mask", "weights * mask": "weights * ~mask"},
    ),
    (
        "attention that does not look at the mask. Padding takes a share, and a text changes with its neighbours.",
        {"mask is None": "True"},
    ),
    (
        "attention with -inf where the mask hides, which is NaN for a query that may see nothing: its row has no "
        "softmax. Fill with the lowest finite number, and set the weights of such a row to zero.",
        {"torch.finfo(scores.dtype).min": "-torch.inf", "weights * mask": "weights"},
    ),
    (
        "attention in which a query that may see nothing takes the mean of everything hidden. All its scores are "
        "equally low, so its shares are equal: multiply them by the mask.",
        {"weights * mask": "weights"},
    ),
    (
        "a mask laid on after the softmax. The hidden keys have had their share by then, and the rest adds up to less "
        "than one: hide the scores, not the weights.",
        {"softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min))": "softmax(scores)"},
    ),
    (
        "attention with the score 0 where the mask hides. 0 is a score like any other, and exp(0) = 1 takes a share.",
        {"torch.finfo(scores.dtype).min": "0.0"},
    ),
)


ATTENTION_WEIGHTS = Contract(
    name="attention_weights",
    section="3.1.1",
    reference=attention_weights,
    gradients=("query", "key"),
    properties={
        "shares of the keys, for each query": lambda draw: [asked(draw, 2, 3, 4, 7, 5), asked(draw, 1, 2, 6, 3, 8)],
        "at the width of a real head": lambda draw: [asked(draw, 1, 2, 5, 9, 64, dtype=torch.float32)],
        "large scores": lambda draw: [asked(draw, 2, 3, 4, 6, 5, scale=40.0)],
        "a mask hides keys": lambda draw: masked(draw, asked),
        "large scores, of which some are hidden": lambda draw: hidden_among_large(draw, asked),
        "a query that may see nothing has weights of zero": lambda draw: [
            asked(draw, 3, 2, 4, 6, 5) | {"mask": nothing_to_see()}
        ],
    },
    mutants=tuple(Mutant(*mistake) for mistake in MISTAKES),
)

ATTENTION = Contract(
    name="attention",
    section="3.1.1",
    reference=attention,
    gradients=("query", "key", "value"),
    properties={
        "a weighted mean of the values": lambda draw: [
            with_value(draw, 2, 3, 4, 7, 5),
            with_value(draw, 1, 2, 6, 3, 8) | {"mask": None, "dropout": 0.0},
        ],
        "at the width of a real head": lambda draw: [with_value(draw, 1, 2, 5, 9, 64, dtype=torch.float32)],
        "large scores": lambda draw: [with_value(draw, 2, 3, 4, 7, 5, scale=40.0)],
        "a mask hides keys": lambda draw: masked(draw, with_value),
        "large scores, of which some are hidden": lambda draw: hidden_among_large(draw, with_value),
        "a query that may see nothing gets zero": lambda draw: [
            with_value(draw, 3, 2, 5, 6, 4) | {"mask": nothing_to_see()}
        ],
    },
    mutants=tuple(Mutant(*mistake, attention_weights) for mistake in MISTAKES),
)
