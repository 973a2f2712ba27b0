"""Section 4.3.1: the moments of Adam."""

import torch
from jaxtyping import Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant

Pair = tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]
BETAS = (0.8, 0.95)


def adam_moments(
    gradient: Float[Tensor, "*shape"],
    first_moment: Float[Tensor, "*shape"],
    second_moment: Float[Tensor, "*shape"],
    betas: tuple[float, float],
) -> Pair:
    """The running means of the gradient and of its square, with a new gradient in them."""
    beta1, beta2 = betas
    first_moment = beta1 * first_moment + (1 - beta1) * gradient
    second_moment = beta2 * second_moment + (1 - beta2) * gradient * gradient
    return first_moment, second_moment


def bias_correction(
    first_moment: Float[Tensor, "*shape"],
    second_moment: Float[Tensor, "*shape"],
    step: int,
    betas: tuple[float, float],
) -> Pair:
    """The moments without the zero that they began with; the first update is step 1."""
    beta1, beta2 = betas
    return first_moment / (1 - beta1**step), second_moment / (1 - beta2**step)


def moments(draw: Draw, *shape: int, scale: float = 1.0) -> Arguments:
    """A gradient and moments that earlier ones left."""
    return {
        "gradient": draw.normal(*shape, scale=scale),
        "first_moment": draw.normal(*shape, scale=scale),
        "second_moment": draw.normal(*shape, scale=scale) ** 2 + 0.1 * scale**2,
    }


def at_rest(draw: Draw, *shape: int) -> Arguments:
    """A gradient and moments of zero."""
    return {
        "gradient": draw.normal(*shape),
        **{f"{name}_moment": torch.zeros(shape).double() for name in ("first", "second")},
    }


ADAM_MOMENTS = Contract(
    name="adam_moments",
    section="4.3.1",
    reference=adam_moments,
    results=("the first moment", "the second moment"),
    properties={
        "running means": lambda draw: [
            moments(draw, 3, 5) | {"betas": BETAS},
            moments(draw, 7) | {"betas": (0.9, 0.999)},
        ],
        "the first gradient of all": lambda draw: [at_rest(draw, 2, 3) | {"betas": BETAS}],
        "tiny gradients": lambda draw: [moments(draw, 4, scale=1e-2) | {"betas": BETAS}],
    },
    mutants=(
        Mutant(
            "a second moment without the square. It is the mean of the *squared* gradient: a measure of its size.",
            {"(1 - beta2) * gradient * gradient": "(1 - beta2) * gradient"},
        ),
        Mutant(
            "a second moment of absolute values. It is the mean of the squares.",
            {"(1 - beta2) * gradient * gradient": "(1 - beta2) * gradient.abs()"},
        ),
        Mutant(
            "the betas exchanged: the first belongs to the mean of the gradient.",
            {"beta1, beta2 = betas": "beta2, beta1 = betas"},
        ),
        Mutant(
            "new gradients that count with β and old ones with 1 - β. A β near 1 means a long memory.",
            {
                "beta1 * first_moment + (1 - beta1) * gradient": "(1 - beta1) * first_moment + beta1 * gradient",
                "beta2 * second_moment + (1 - beta2) * gradient": "(1 - beta2) * second_moment + beta2 * gradient",
            },
        ),
        Mutant(
            "gradients that are added whole, as momentum in SGD does. A mean adds 1 - β of them.",
            {"(1 - beta1) * gradient": "gradient", "(1 - beta2) * gradient * gradient": "gradient * gradient"},
        ),
        Mutant(
            "a second moment made from the new first moment. It is the gradient that is squared.",
            {"(1 - beta2) * gradient * gradient": "(1 - beta2) * first_moment * first_moment"},
        ),
    ),
)


def corrected(draw: Draw, step: int, betas: tuple[float, float]) -> Arguments:
    """Moments at a step."""
    arguments = moments(draw, 2, 3)
    del arguments["gradient"]
    return arguments | {"step": step, "betas": betas}


BIAS_CORRECTION = Contract(
    name="bias_correction",
    section="4.3.1",
    reference=bias_correction,
    results=("the first moment", "the second moment"),
    properties={
        "the first update": lambda draw: [corrected(draw, 1, BETAS), corrected(draw, 1, (0.9, 0.999))],
        "some updates later": lambda draw: [corrected(draw, 7, BETAS), corrected(draw, 40, (0.9, 0.999))],
        "after thousands of updates": lambda draw: [corrected(draw, 5000, (0.9, 0.999))],
    },
    mutants=(
        Mutant(
            "moments that are not corrected, as in Google's BERT. They begin at zero and are too small at first.",
            {" / (1 - beta1**step)": ".clone()", " / (1 - beta2**step)": ".clone()"},
        ),
        Mutant(
            "moments divided by 1 - β whatever the step. What is left of the beginning is β to the power of step.",
            {"beta1**step": "beta1", "beta2**step": "beta2"},
        ),
        Mutant(
            "β to the power of step + 1. The first update is step 1 already: nothing is added to it.",
            {"beta1**step": "beta1 ** (step + 1)", "beta2**step": "beta2 ** (step + 1)"},
        ),
        Mutant(
            "moments multiplied by 1 - βᵗ. They are too small, so they are divided.",
            {"first_moment / (1": "first_moment * (1", "second_moment / (1": "second_moment * (1"},
        ),
        Mutant("a first β for both moments. Each has its own.", {"beta2**step": "beta1**step"}),
        Mutant(
            "β times step. What is left of the beginning shrinks by β each time: β to the power of step.",
            {"beta1**step": "beta1 * step", "beta2**step": "beta2 * step"},
        ),
    ),
)
