"""Sections 4.1.1 and 4.2.1: softmax, its gradient, and its temperature."""

import torch
from jaxtyping import Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import softmax


def softmax_backward(
    shares: Float[Tensor, "*batch N"], gradient: Float[Tensor, "*batch N"]
) -> Float[Tensor, "*batch N"]:
    """The gradient of the scores, from softmax(scores) and the gradient of these shares."""
    return shares * (gradient - (gradient * shares).sum(-1, keepdim=True))


def temperature_softmax(logits: Float[Tensor, "*batch V"], temperature: float) -> Float[Tensor, "*batch V"]:
    """softmax(logits / temperature): above 1 the shares move together, below 1 the largest takes more."""
    return softmax(logits / temperature)


def far_apart(draw: Draw) -> Arguments:
    """Rows around 1000, 0 and -1000: what overflows in one is nothing in another."""
    return {"scores": draw.normal(3, 5) + torch.tensor([[1000.0], [0.0], [-1000.0]], dtype=torch.float64)}


OVERFLOWS = (
    "a softmax that overflows: exp(710) is more than a float64 holds, exp(89) more than a float32. Take the largest "
    "score of each row off first; the shares stay the same."
)

SOFTMAX = Contract(
    name="softmax",
    section="4.1.1",
    reference=softmax,
    gradients=("scores",),
    properties={
        "shares that add up to one": lambda draw: [{"scores": draw.normal(2, 3, 5)}, {"scores": draw.normal(7)}],
        "along another dimension": lambda draw: [
            {"scores": draw.normal(2, 3, 5), "dim": 1},
            {"scores": draw.normal(4, 3), "dim": 0},
        ],
        "at a real length, in float32": lambda draw: [{"scores": draw.normal(2, 512, dtype=torch.float32)}],
        "scores of a thousand, of either sign": lambda draw: [
            far_apart(draw),
            {"scores": draw.normal(3, 4, scale=1000.0)},  # in float64: float32 rounds at a thousand, in any form
        ],
    },
    mutants=(
        Mutant(OVERFLOWS, {"scores - scores.amax(dim, keepdim=True)": "scores"}),
        Mutant(
            "a softmax with the largest score of all rows taken off. A row far below it is all zeros, and 0 / 0 is "
            "NaN: each row has its own largest score.",
            {"scores.amax(dim, keepdim=True)": "scores.max()"},
        ),
        Mutant(
            "a softmax that does not look at `dim`. It runs along whichever dimension is asked for.",
            {"scores.amax(dim,": "scores.amax(-1,", "exponentials.sum(dim,": "exponentials.sum(-1,"},
        ),
        Mutant(
            "exponentials divided by the sum of all of them. Each row adds up to one: sum along dim, keepdim=True.",
            {"exponentials.sum(dim, keepdim=True)": "exponentials.sum()"},
        ),
        Mutant(
            "a sigmoid of each score. In a softmax the scores compete: the shares of a row add up to one.",
            {"return exponentials / exponentials.sum(dim, keepdim=True)": "return torch.sigmoid(scores)"},
        ),
        Mutant(
            "exponentials that are not divided by their sum. Shares add up to one.",
            {" / exponentials.sum(dim, keepdim=True)": ""},
        ),
        Mutant(
            "the logarithm of the shares. Here the shares themselves are wanted, between 0 and 1.",
            {"return exponentials / exponentials.sum(dim, keepdim=True)": "return torch.log_softmax(scores, dim)"},
        ),
        Mutant(
            "powers of 2 and not of e: each share is another one.",
            {").exp()": ").exp2()"},
        ),
    ),
)


def shared(draw: Draw, *shape: int, scale: float = 1.0) -> Arguments:
    """Shares and what flows back to them."""
    return {"shares": torch.softmax(draw.normal(*shape, scale=scale), -1), "gradient": draw.normal(*shape)}


SOFTMAX_BACKWARD = Contract(
    name="softmax_backward",
    section="4.1.1",
    reference=softmax_backward,
    properties={
        "the gradient of one row": lambda draw: [shared(draw, 4), shared(draw, 7)],
        "several rows": lambda draw: [shared(draw, 2, 3, 5)],
        "a row that one share takes nearly whole": lambda draw: [shared(draw, 3, 6, scale=30.0)],
        "at a real length": lambda draw: [shared(draw, 2, 128)],
    },
    mutants=(
        Mutant(
            "the diagonal alone, p (1 - p) g. A score also lowers the shares of all others: - p times their weighted "
            "gradients.",
            {"(gradient - (gradient * shares).sum(-1, keepdim=True))": "(1 - shares) * gradient"},
        ),
        Mutant(
            "the shares times the gradient. When all gradients are equal nothing may flow, for the shares still add up "
            "to one: take their weighted mean off.",
            {"(gradient - (gradient * shares).sum(-1, keepdim=True))": "gradient"},
        ),
        Mutant(
            "the gradients without their plain mean. It is the mean weighted by the shares that is taken off.",
            {"(gradient * shares).sum(": "gradient.mean("},
        ),
        Mutant(
            "the difference not multiplied by the shares. A share near 0 hardly moves.",
            {"shares * (gradient -": "(gradient -"},
        ),
        Mutant(
            "the difference the wrong way round: the gradient less its weighted mean.",
            {
                "(gradient - (gradient * shares).sum(-1, keepdim=True))": (
                    "((gradient * shares).sum(-1, keepdim=True) - gradient)"
                )
            },
        ),
        Mutant(
            "one weighted sum for all rows. Each row has its own softmax: sum over the last dimension, keepdim=True.",
            {".sum(-1, keepdim=True)": ".sum()"},
        ),
        Mutant(
            "the weighted mean divided by the length once more. The shares are the weights; they add up to one.",
            {".sum(-1, keepdim=True)": ".mean(-1, keepdim=True)"},
        ),
    ),
)

TEMPERATURE_SOFTMAX = Contract(
    name="temperature_softmax",
    section="4.2.1",
    reference=temperature_softmax,
    gradients=("logits",),
    properties={
        "temperature 1 changes nothing": lambda draw: [{"logits": draw.normal(2, 5), "temperature": 1.0}],
        "a high temperature": lambda draw: [{"logits": draw.normal(3, 4), "temperature": 2.5}],
        "a low temperature": lambda draw: [
            {"logits": draw.normal(2, 3, 5), "temperature": 0.5},
            {"logits": draw.normal(2, 7) + 2, "temperature": 0.001},
        ],
    },
    mutants=(
        Mutant(
            "logits multiplied by the temperature. A high one makes the shares alike: divide.",
            {"logits / temperature": "logits * temperature"},
        ),
        Mutant(
            "a softmax that does not look at the temperature. Divide the logits by it first.",
            {"logits / temperature": "logits"},
        ),
        Mutant(
            "shares divided by the temperature after the softmax: they no longer add up to one.",
            {"softmax(logits / temperature)": "softmax(logits) / temperature"},
        ),
        Mutant(
            "logits divided by the root of the temperature. The root belongs to √D of attention.",
            {"/ temperature": "/ temperature**0.5"},
        ),
        Mutant(
            "a softmax of the shares. The logits are divided, before the one softmax.",
            {"logits / temperature": "softmax(logits) / temperature"},
        ),
        Mutant(
            OVERFLOWS,
            {
                "softmax(logits / temperature)": (
                    "(logits / temperature).exp() / (logits / temperature).exp().sum(-1, keepdim=True)"
                )
            },
        ),
        Mutant(
            "shares raised to the power 1 / temperature and not divided by their new sum.",
            {"softmax(logits / temperature)": "softmax(logits) ** (1 / temperature)"},
        ),
    ),
)
