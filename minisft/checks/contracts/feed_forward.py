"""Section 4.1.2: the feed-forward layer, its gradients, and GELU."""

import torch
from jaxtyping import Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import feed_forward, gelu, relu


def feed_forward_backward(
    x: Float[Tensor, "N E"],
    weight_in: Float[Tensor, "F E"],
    bias_in: Float[Tensor, " F"],
    weight_out: Float[Tensor, "E F"],
    bias_out: Float[Tensor, " E"],
    gradient: Float[Tensor, "N E"],
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The gradients of all five inputs of a feed-forward layer with ReLU, from the gradient of its output."""
    before = x @ weight_in.T + bias_in  # N F
    hidden = before.clamp(min=0)
    hidden_gradient = gradient @ weight_out
    before_gradient = hidden_gradient * (before > 0)
    return (
        before_gradient @ weight_in,
        before_gradient.T @ x,
        before_gradient.sum(0),
        gradient.T @ hidden,
        gradient.sum(0),
    )


def layer(draw: Draw, shape: tuple[int, ...], wide: int) -> Arguments:
    """Tokens and the two matrices with their biases."""
    width = shape[-1]
    return {
        "x": draw.normal(*shape),
        "weight_in": draw.normal(wide, width, scale=width**-0.5),
        "bias_in": draw.normal(wide),
        "weight_out": draw.normal(width, wide, scale=wide**-0.5),
        "bias_out": draw.normal(width),
    }


FEED_FORWARD = Contract(
    name="feed_forward",
    section="4.1.2",
    reference=feed_forward,
    functions={"activation": {"relu": relu, "gelu": gelu, "tanh": torch.tanh}},
    gradients=("x", "weight_in", "bias_in", "weight_out", "bias_out"),
    properties={
        "with ReLU, as the document has it": lambda draw: [layer(draw, (2, 3, 4), 9) | {"activation": "relu"}],
        "with the activation that it is given": lambda draw: [
            layer(draw, (3, 5), 7) | {"activation": "gelu"},
            layer(draw, (2, 2, 6), 11) | {"activation": "tanh"},
        ],
        "at a real width": lambda draw: [layer(draw, (1, 4, 96), 384) | {"activation": "gelu"}],
    },
    mutants=(
        Mutant(
            "two matrices without a bend between them, which together are one matrix.",
            {"activation(linear(x, weight_in, bias_in))": "linear(x, weight_in, bias_in)"},
        ),
        Mutant(
            "a layer that bends at its end as well. The activation stands between the two matrices alone.",
            {"linear(hidden, weight_out, bias_out)": "activation(linear(hidden, weight_out, bias_out))"},
        ),
        Mutant(
            "a layer with ReLU, whatever activation is given. Call the function that is handed in.",
            {"activation(linear": "Tensor.relu(linear"},
        ),
        Mutant(
            "a first bias that comes after the activation. It moves the place of the bend, so it comes before.",
            {"activation(linear(x, weight_in, bias_in))": "activation(x @ weight_in.T) + bias_in"},
        ),
        Mutant(
            "a layer without its second bias. It is added after the second matrix.",
            {"linear(hidden, weight_out, bias_out)": "hidden @ weight_out.T"},
        ),
        Mutant(
            "a layer without its first bias. It moves the place where each hidden number bends.",
            {"linear(x, weight_in, bias_in)": "x @ weight_in.T"},
        ),
        Mutant(
            "a layer with the residual connection in it. That is added outside, before LayerNorm.",
            {"linear(hidden, weight_out, bias_out)": "x + linear(hidden, weight_out, bias_out)"},
        ),
    ),
)


def with_gradient(draw: Draw, tokens: int, width: int, wide: int) -> Arguments:
    """A layer and what flows back to it; one hidden number is exactly 0 before the bend."""
    arguments = layer(draw, (tokens, width), wide)
    arguments["weight_in"][0], arguments["bias_in"][0] = 0.0, 0.0
    return arguments | {"gradient": draw.normal(tokens, width)}


FEED_FORWARD_BACKWARD = Contract(
    name="feed_forward_backward",
    section="4.1.2",
    reference=feed_forward_backward,
    results=tuple(f"the gradient of {name}" for name in ("x", "weight_in", "bias_in", "weight_out", "bias_out")),
    properties={
        "as autograd has it, also at exactly 0": lambda draw: [
            with_gradient(draw, 3, 4, 7),
            with_gradient(draw, 5, 6, 9),
        ],
        "one token": lambda draw: [with_gradient(draw, 1, 4, 6)],
        "at a larger width": lambda draw: [with_gradient(draw, 8, 48, 192)],
    },
    mutants=(
        Mutant(
            "gradients that pass ReLU unchanged. Where it gave 0, nothing flows back.",
            {" * (before > 0)": ""},
        ),
        Mutant(
            "a gradient that passes ReLU at exactly 0. There it is 0, as in torch.",
            {"before > 0": "before >= 0"},
        ),
        Mutant(
            "gradients of the biases as means over the tokens. Each token adds its part: they are sums.",
            {"before_gradient.sum(0)": "before_gradient.mean(0)", " gradient.sum(0)": " gradient.mean(0)"},
        ),
        Mutant(
            "gradients of the biases for each token. One bias serves all tokens: sum over them.",
            {"before_gradient.sum(0)": "before_gradient", " gradient.sum(0)": " gradient"},
        ),
        Mutant(
            "gradients of the matrices transposed. A gradient has the shape of what it belongs to.",
            {"before_gradient.T @ x": "x.T @ before_gradient", "gradient.T @ hidden": "hidden.T @ gradient"},
        ),
        Mutant(
            "a gradient of the second matrix from the numbers before ReLU. It was multiplied with those after.",
            {"gradient.T @ hidden": "gradient.T @ before"},
        ),
        Mutant(
            "a gate laid by the sign of the gradient. What counts is whether the number before ReLU was above 0.",
            {"before > 0": "hidden_gradient > 0"},
        ),
        Mutant(
            "gradients of the first matrix and bias that skip ReLU: take the gradient before the bend.",
            {"before_gradient.T @ x": "hidden_gradient.T @ x", "before_gradient.sum(0)": "hidden_gradient.sum(0)"},
        ),
    ),
)

GELU = Contract(
    name="gelu",
    section="4.1.2",
    reference=gelu,
    gradients=("x",),
    properties={
        "x times the share of a normal distribution below x": lambda draw: [
            {"x": draw.normal(3, 5)},
            {"x": draw.normal(2, 96, scale=2.0, dtype=torch.float32)},
        ],
        "numbers far from zero": lambda draw: [{"x": draw.normal(2, 7, scale=50.0)}],
        "exactly zero": lambda draw: [{"x": torch.zeros(2, 3, dtype=torch.float64)}],
    },
    mutants=(
        Mutant(
            "the tanh approximation, which is off by up to 0.0005. BERT's GELU is exact, by erf.",
            {"x * 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())": 'torch.nn.functional.gelu(x, approximate="tanh")'},
        ),
        Mutant(
            "tanh(0.8 x) in the place of erf(x / √2). It comes close, and is off by up to 0.03.",
            {"(x / math.sqrt(2.0)).erf()": "(0.8 * x).tanh()"},
        ),
        Mutant(
            "x σ(1.702 x), the sigmoid approximation. It is off by up to 0.02; BERT's GELU is exact, by erf.",
            {"x * 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())": "x * (1.702 * x).sigmoid()"},
        ),
        Mutant(
            "x σ(x), which is SiLU. GELU multiplies by the normal distribution's Φ(x).",
            {"x * 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())": "x * x.sigmoid()"},
        ),
        Mutant(
            "ReLU. GELU bends softly: it weighs x by the share of a normal distribution below x.",
            {"x * 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())": "x.clamp(min=0)"},
        ),
        Mutant(
            "erf of x and not of x / √2. erf belongs to a normal distribution with variance ½.",
            {"x / math.sqrt(2.0)": "x"},
        ),
        Mutant("Φ(x) without the factor x. GELU lets that share of x itself through.", {"x * 0.5": "0.5"}),
        Mutant("twice GELU: Φ(x) is *half* of 1 + erf(x / √2).", {"x * 0.5": "x"}),
    ),
)
