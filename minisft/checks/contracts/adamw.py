"""Section 4.3.1: AdamW, as it is used and as the document writes it."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.checks.contracts.moments import BETAS, at_rest, moments
from minisft.ops import adamw_update


def document_update(
    parameter: Float[Tensor, "*shape"],
    gradient: Float[Tensor, "*shape"],
    first_moment: Float[Tensor, "*shape"],
    second_moment: Float[Tensor, "*shape"],
    step: int,
    *,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """AdamW as the document writes it: the decay is not multiplied by the learning rate."""
    return adamw_update(
        parameter, gradient, first_moment, second_moment, step, learning_rate=learning_rate, betas=betas, eps=eps,
        weight_decay=weight_decay, decay="document",
    )  # fmt: skip


def weight_left(
    updates: int, learning_rate: float, weight_decay: float, decay: Literal["decoupled", "document"]
) -> float:
    """What is left of a weight of 1 that never gets a gradient."""
    shrink = weight_decay * (learning_rate if decay == "decoupled" else 1.0)
    return (1 - shrink) ** updates


def updated(draw: Draw, step: int, scale: float = 1.0, **settings) -> Arguments:
    """A parameter, its state, and settings."""
    shape = (3, 5) if step % 2 else (7,)
    state = at_rest(draw, *shape) if step == 1 else moments(draw, *shape, scale=scale)
    if step == 1:
        state["gradient"] = state["gradient"] * scale
    return {
        "parameter": draw.normal(*shape), **state, "step": step, "learning_rate": 0.03, "betas": BETAS, "eps": 1e-8,
    } | settings  # fmt: skip


UPDATES = {
    "the first update": lambda draw: [updated(draw, 1), updated(draw, 1, betas=(0.9, 0.999))],
    "a later update": lambda draw: [updated(draw, 4), updated(draw, 200, betas=(0.9, 0.999))],
    "weight decay": lambda draw: [updated(draw, 6, weight_decay=0.1)],
    "gradients so small that eps decides": lambda draw: [updated(draw, 3, scale=1e-4, eps=1e-3)],
}
UPDATE_MISTAKES = (
    (
        "an update without bias correction, as in Google's BERT. The moments begin at zero: divide them by 1 - βᵗ.",
        {"first_moment / (1 - beta1**step)": "first_moment", "second_moment / (1 - beta2**step)": "second_moment"},
    ),
    (
        "a bias correction with step + 1. `step` counts from 1: it is the number of this update.",
        {"beta1**step": "beta1 ** (step + 1)", "beta2**step": "beta2 ** (step + 1)"},
    ),
    (
        "an update with eps inside the root. In Adam it stands outside: √v̂ + ε.",
        {"(corrected_second.sqrt() + eps)": "(corrected_second + eps).sqrt()"},
    ),
    (
        "Adam with L2: the decay added to the gradient, where it is divided by √v̂ like the rest. AdamW takes it off "
        "the weight, apart.",
        {
            "beta1, beta2 = betas": "beta1, beta2 = betas; gradient = gradient + weight_decay * parameter",
            "parameter - shrink * parameter - update": "parameter - update",
        },
    ),
    (
        "a decay of the new weight. It takes a share of the old one, beside the step.",
        {"parameter - shrink * parameter - update": "(parameter - update) * (1 - shrink)"},
    ),
    (
        "an update without weight decay. It is taken off the weight beside the step itself.",
        {"parameter - shrink * parameter - update": "parameter - update"},
    ),
    (
        "an update that is not divided by the root of the second moment. That division gives every weight a step "
        "of its own size.",
        {" / (corrected_second.sqrt() + eps)": ""},
    ),
    (
        "an update divided by the second moment and not by its root. The root has the unit of the gradient, "
        "as the first moment has.",
        {"corrected_second.sqrt()": "corrected_second"},
    ),
    (
        "an update that climbs: the gradient points up, so it is taken off.",
        {"- update": "+ update"},
    ),
    (
        "moments that are returned as they came. The next update needs the new ones.",
        {
            "first_moment = beta1": "new_first = beta1",
            "second_moment = beta2": "new_second = beta2",
            "first_moment / (1": "new_first / (1",
            "second_moment / (1": "new_second / (1",
        },
    ),
    (
        "bias-corrected moments returned as state. The correction is for this update alone; the state stays as it is.",
        {"update, first_moment, second_moment": "update, corrected_first, corrected_second"},
    ),
)

ADAMW_UPDATE = Contract(
    name="adamw_update",
    section="4.3.1",
    reference=adamw_update,
    results=("the parameter", "the first moment", "the second moment"),
    may_overwrite=True,
    properties=UPDATES | {"the document's decay": lambda draw: [updated(draw, 5, weight_decay=0.1, decay="document")]},
    mutants=(
        *(Mutant(*mistake) for mistake in UPDATE_MISTAKES),
        Mutant(
            "a decay without the learning rate, whatever `decay` says. The usual form multiplies the two.",
            {'learning_rate if decay == "decoupled" else 1.0': "1.0"},
        ),
        Mutant(
            "the two forms of decay exchanged. It is the decoupled one that has the learning rate in it.",
            {'decay == "decoupled"': 'decay == "document"'},
        ),
        Mutant(
            "a decay with the learning rate, whatever `decay` says. The document's form has none.",
            {'learning_rate if decay == "decoupled" else 1.0': "learning_rate"},
        ),
    ),
)

DOCUMENT_UPDATE = Contract(
    name="document_update",
    section="4.3.1",
    reference=document_update,
    results=("the parameter", "the first moment", "the second moment"),
    may_overwrite=True,
    properties=UPDATES,
    mutants=(
        *(Mutant(*mistake, adamw_update) for mistake in UPDATE_MISTAKES),
        Mutant(
            "an update with the usual betas, whatever is given. Hand them on.",
            {"betas=betas": "betas=(0.9, 0.999)"},
        ),
        Mutant(
            "an update with the usual eps, whatever is given. Hand it on.",
            {"eps=eps": "eps=1e-8"},
        ),
        Mutant(
            "the usual decay, multiplied by the learning rate. The document's formula has λ θ alone: here it is asked "
            "for as it stands.",
            {"weight_decay=weight_decay,": "weight_decay=weight_decay * learning_rate,"},
        ),
    ),
)


def left(updates: int, learning_rate: float, weight_decay: float, decay: str) -> Arguments:
    """What weight_left is asked."""
    return {"updates": updates, "learning_rate": learning_rate, "weight_decay": weight_decay, "decay": decay}


WEIGHT_LEFT = Contract(
    name="weight_left",
    section="4.3.1",
    reference=weight_left,
    properties={
        "the usual form": lambda draw: [left(draw.random.randrange(50, 900), 0.02, 0.05, "decoupled")],
        "the document's form": lambda draw: [left(draw.random.randrange(50, 200), 0.02, 0.01, "document")],
        "no decay": lambda draw: [left(100, 0.1, 0.0, "decoupled"), left(100, 0.1, 0.0, "document")],
        "one update": lambda draw: [left(1, 0.1, draw.random.uniform(0.1, 0.4), "decoupled")],
    },
    mutants=(
        Mutant(
            "the document's form for both: the usual one multiplies λ by the learning rate.",
            {'learning_rate if decay == "decoupled" else 1.0': "1.0"},
        ),
        Mutant(
            "the usual form for both: the document's has no learning rate.",
            {'learning_rate if decay == "decoupled" else 1.0': "learning_rate"},
        ),
        Mutant(
            "the two forms exchanged. It is the decoupled one that has the learning rate in it.",
            {'decay == "decoupled"': 'decay == "document"'},
        ),
        Mutant(
            "a decay that takes off the same amount each time. It takes a share of what is left: to the power of "
            "updates.",
            {"(1 - shrink) ** updates": "1 - shrink * updates"},
        ),
        Mutant(
            "what is lost and not what is left of the weight: one minus the right answer.",
            {"return (1 - shrink) ** updates": "return 1 - (1 - shrink) ** updates"},
        ),
        Mutant(
            "an exponential in place of the power. Close while λ is small, and yet another number: each update "
            "multiplies by 1 - λ.",
            {"(1 - shrink) ** updates": "2.718281828459045 ** (-shrink * updates)"},
        ),
    ),
)
