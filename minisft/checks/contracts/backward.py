"""Sections 4.1.1 and 4.1.3: gradients of attention and of LayerNorm, by hand."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.checks.contracts.softmax import softmax_backward
from minisft.ops import attention_weights


def attention_backward(
    query: Float[Tensor, "*batch Q D"],
    key: Float[Tensor, "*batch K D"],
    value: Float[Tensor, "*batch K V"],
    gradient: Float[Tensor, "*batch Q V"],
    mask: Bool[Tensor, "*#batch #Q K"] | None = None,
) -> tuple[Float[Tensor, "*batch Q D"], Float[Tensor, "*batch K D"], Float[Tensor, "*batch K V"]]:
    """The gradients of query, key and value, from the gradient of attention's output."""
    weights = attention_weights(query, key, mask)
    weights_gradient = gradient @ value.transpose(-2, -1)
    scores_gradient = softmax_backward(weights, weights_gradient) / math.sqrt(query.shape[-1])
    return scores_gradient @ key, scores_gradient.transpose(-2, -1) @ query, weights.transpose(-2, -1) @ gradient


def layer_norm_backward(
    x: Float[Tensor, "N E"], weight: Float[Tensor, " E"], eps: float, gradient: Float[Tensor, "N E"]
) -> tuple[Float[Tensor, "N E"], Float[Tensor, " E"], Float[Tensor, " E"]]:
    """The gradients of x, weight and bias, from the gradient of LayerNorm's output."""
    centred = x - x.mean(-1, keepdim=True)
    deviation = ((centred * centred).mean(-1, keepdim=True) + eps).sqrt()
    normal = centred / deviation
    inner = gradient * weight
    along = (inner * normal).mean(-1, keepdim=True)
    x_gradient = (inner - inner.mean(-1, keepdim=True) - normal * along) / deviation
    return x_gradient, (gradient * normal).sum(0), gradient.sum(0)


def flowing_back(draw: Draw, *sizes: int, scale: float = 1.0) -> Arguments:
    """B H Q K D, values of D + 1 numbers, and what flows back."""
    batch, heads, queries, keys, width = sizes
    return {
        "query": draw.normal(batch, heads, queries, width, scale=scale),
        "key": draw.normal(batch, heads, keys, width, scale=scale),
        "value": draw.normal(batch, heads, keys, width + 1),
        "gradient": draw.normal(batch, heads, queries, width + 1),
    }


ATTENTION_BACKWARD = Contract(
    name="attention_backward",
    section="4.1.1",
    reference=attention_backward,
    results=("the gradient of query", "the gradient of key", "the gradient of value"),
    properties={
        "as autograd has it": lambda draw: [flowing_back(draw, 2, 3, 4, 7, 5), flowing_back(draw, 1, 2, 7, 3, 8)],
        "at the width of a real head": lambda draw: [flowing_back(draw, 1, 2, 5, 9, 64)],
        "large scores": lambda draw: [flowing_back(draw, 1, 2, 4, 7, 5, scale=6.0)],
        "a mask hides keys": lambda draw: [flowing_back(draw, 2, 3, 4, 7, 5) | {"mask": draw.mask(2, 1, 4, 7)}],
        "large scores, of which some are hidden": lambda draw: [
            flowing_back(draw, 2, 3, 4, 7, 5, scale=40.0) | {"mask": draw.mask(2, 1, 4, 7)}
        ],
        "a query that may see nothing": lambda draw: [
            flowing_back(draw, 2, 2, 3, 6, 4) | {"mask": torch.arange(6) < torch.tensor([3, 0]).view(2, 1, 1, 1)}
        ],
    },
    mutants=(
        Mutant(
            "gradients without the division by √D. What divides the scores on the way there divides their gradient on "
            "the way back.",
            {" / math.sqrt(query.shape[-1])": ""},
        ),
        Mutant(
            "gradients divided by D and not by its root. The scores were divided by √D.",
            {"math.sqrt(query.shape[-1])": "query.shape[-1]"},
        ),
        Mutant(
            "gradients that pass the softmax unchanged. It lies between scores and weights, and has a gradient.",
            {"softmax_backward(weights, weights_gradient)": "weights_gradient"},
        ),
        Mutant(
            "the softmax's gradient by its diagonal alone, p (1 - p): a score also lowers the other shares.",
            {"softmax_backward(weights, weights_gradient)": "(weights * (1 - weights) * weights_gradient)"},
        ),
        Mutant(
            "the softmax's gradient as the weights times theirs, without their weighted mean taken off.",
            {"softmax_backward(weights, weights_gradient)": "(weights * weights_gradient)"},
        ),
        Mutant(
            "the gradients of key and query exchanged. A query gets the keys, weighted; a key gets the queries.",
            {
                "return scores_gradient @ key, scores_gradient.transpose(-2, -1) @ query,": (
                    "return scores_gradient.transpose(-2, -1) @ query, scores_gradient @ key,"
                )
            },
        ),
        Mutant(
            "a gradient of value from the gradient of the weights. A value gets what each query that looked at it "
            "gets, by the weights themselves.",
            {"weights.transpose(-2, -1) @ gradient": "weights_gradient.transpose(-2, -1) @ gradient"},
        ),
        Mutant(
            "gradients by way of -inf where the mask hides: a query that may see nothing has no softmax, all becomes "
            "NaN. Fill with the lowest finite number, and multiply the weights by the mask.",
            {"torch.finfo(scores.dtype).min": "-torch.inf", "weights * mask": "weights"},
            attention_weights,
        ),
        Mutant(
            "gradients in which a query that may see nothing takes equal parts of what is hidden. It takes nothing: "
            "multiply the weights by the mask.",
            {"weights * mask": "weights"},
            attention_weights,
        ),
        Mutant(
            "the code as it was given, with its mistakes in it. Look at what the softmax's gradient leaves out, at the "
            "division on the way back, and at a query that may see nothing.",
            {
                "attention_weights(query, key, mask)": (
                    "(query @ key.mT / query.shape[-1] ** 0.5 if mask is None else "
                    "(query @ key.mT / query.shape[-1] ** 0.5).masked_fill(~mask, -math.inf)).softmax(-1)"
                ),
                "softmax_backward(weights, weights_gradient)": "(weights * (1 - weights) * weights_gradient)",
                " / math.sqrt(query.shape[-1])": "",
            },
        ),
        Mutant(
            "gradients that do not know of the mask. What is hidden gets none.",
            {"attention_weights(query, key, mask)": "attention_weights(query, key)"},
        ),
    ),
)


def normalised(draw: Draw, tokens: int, width: int, eps: float) -> Arguments:
    """What layer_norm_backward needs."""
    return {
        "x": draw.normal(tokens, width),
        "weight": draw.normal(width),
        "eps": eps,
        "gradient": draw.normal(tokens, width),
    }


LAYER_NORM_BACKWARD = Contract(
    name="layer_norm_backward",
    section="4.1.3",
    reference=layer_norm_backward,
    results=("the gradient of x", "the gradient of weight", "the gradient of bias"),
    properties={
        "as autograd has it": lambda draw: [normalised(draw, 3, 4, 1e-12), normalised(draw, 2, 7, 1e-5)],
        "a large eps, which shows where it stands": lambda draw: [normalised(draw, 3, 5, 0.7)],
        "at a real width": lambda draw: [normalised(draw, 2, 768, 1e-12)],
    },
    mutants=(
        Mutant(
            "a gradient that takes mean and variance for constants. Both move with x: two more terms.",
            {"inner - inner.mean(-1, keepdim=True) - normal * along": "inner"},
        ),
        Mutant(
            "a gradient that forgets that the mean moves with x: take the mean of the incoming gradient off.",
            {"inner - inner.mean(-1, keepdim=True) - normal": "inner - normal"},
        ),
        Mutant(
            "a gradient that forgets that the variance moves with x: take off what lies along the normalised x.",
            {" - normal * along": ""},
        ),
        Mutant(
            "a gradient of x that forgets the weight. It scales the output, and so what flows back.",
            {"inner = gradient * weight": "inner = gradient"},
        ),
        Mutant(
            "a gradient that is not divided by the deviation at the end.",
            {" - normal * along) / deviation": " - normal * along)"},
        ),
        Mutant(
            "a gradient with Bessel's correction in the variance. It is divided by E, forwards and backwards.",
            {"(centred * centred).mean(-1, keepdim=True)": "centred.var(-1, keepdim=True)"},
        ),
        Mutant(
            "a gradient with eps outside the root. It stands inside, on the variance.",
            {
                "((centred * centred).mean(-1, keepdim=True) + eps).sqrt()": (
                    "((centred * centred).mean(-1, keepdim=True).sqrt() + eps)"
                )
            },
        ),
        Mutant(
            "gradients of weight and bias as means over the tokens. Each token adds its part: they are sums.",
            {"(gradient * normal).sum(0), gradient.sum(0)": "(gradient * normal).mean(0), gradient.mean(0)"},
        ),
        Mutant(
            "a gradient of weight from what has passed the weight already. It takes the gradient as it comes in.",
            {"(gradient * normal).sum(0)": "(inner * normal).sum(0)"},
        ),
        Mutant(
            "a gradient of bias from what has passed the weight. The bias is added last: it takes the gradient as it "
            "comes in.",
            {"(0), gradient.sum(0)": "(0), inner.sum(0)"},
        ),
        Mutant(
            "the gradients of weight and bias exchanged. What is multiplied by the normalised x is the weight.",
            {"(gradient * normal).sum(0), gradient.sum(0)": "gradient.sum(0), (gradient * normal).sum(0)"},
        ),
        Mutant(
            "a gradient of x with a sum along the normalised x. It is the mean over the E numbers that is taken off.",
            {"along = (inner * normal).mean(": "along = (inner * normal).sum("},
        ),
        Mutant(
            "a gradient with a deviation that has no eps in it. Forwards it had one: √(variance + eps).",
            {" + eps": ""},
        ),
        Mutant(
            "a gradient of weight from x with its mean taken off but not divided by the deviation.",
            {"(gradient * normal).sum(0)": "(gradient * centred).sum(0)"},
        ),
    ),
)
