"""Section 3.3.2: clipping and accumulation."""

import torch
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import clip_gradients


def accumulate(gradients: list[Tensor], items: list[int], window: int) -> list[Tensor]:
    """The gradient of each update, from those of the batches' *summed* losses and how many items each batch has.

    `window` batches make an update, the last of which may have fewer. Its gradient is that of the mean loss over all
    items of the window.
    """
    updates = []
    for start in range(0, len(gradients), window):
        part = slice(start, start + window)
        updates.append(sum(gradients[part]) / sum(items[part]))
    return updates


def steep(draw: Draw, norm: float, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Gradients of three tensors, of unlike size, with a norm of all together."""
    gradients = [draw.normal(3, 5), 0.1 * draw.normal(7), 4 * draw.normal(2, 2, 3)]
    length = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    return [(gradient * norm / length).to(dtype) for gradient in gradients]


CLIP_GRADIENTS = Contract(
    name="clip_gradients",
    section="3.3.2",
    reference=clip_gradients,
    results=("the gradients", "the norm"),
    may_overwrite=True,
    relative_tolerance=1e-5,  # with and without the 1e-6 that keeps the division finite
    properties={
        "a norm above the limit": lambda draw: [
            {"gradients": steep(draw, 7.0), "max_norm": 1.0},
            {"gradients": steep(draw, 30.0, torch.float32), "max_norm": 2.5},
        ],
        "a norm below the limit": lambda draw: [{"gradients": steep(draw, 0.6), "max_norm": 1.0}],
        "no gradient at all": lambda draw: [{"gradients": [torch.zeros(2, 3), torch.zeros(4)], "max_norm": 1.0}],
    },
    mutants=(
        Mutant(
            "each tensor clipped by its own norm, which turns the direction of the step. One factor for all: the norm "
            "of all numbers together.",
            {"gradient * factor for": "gradient * (max_norm / (gradient.norm() + 1e-6)).clamp(max=1.0) for"},
        ),
        Mutant(
            "gradients cut off number by number. That turns the direction; scale all of them by one factor.",
            {"gradient * factor for": "gradient.clamp(-max_norm, max_norm) for"},
        ),
        Mutant(
            "gradients that are always scaled to the limit. Below it they stay as they are: the factor is at most 1.",
            {".clamp(max=1.0)": ""},
        ),
        Mutant(
            "the sum of the tensors' norms. Squares add, norms do not: sum the squares, then take the root.",
            {"(gradient * gradient).sum()": "gradient.norm()", "]).sum().sqrt()": "]).sum()"},
        ),
        Mutant(
            "the norm without its root. The sum of the squares is the square of the norm.",
            {".sum().sqrt()": ".sum()"},
        ),
        Mutant(
            "the norm after clipping. The norm before it is what a log wants: it shows how often the limit bites.",
            {"for gradient in gradients], norm": "for gradient in gradients], norm * factor"},
        ),
        Mutant(
            "the largest norm of the tensors in place of the norm of all together.",
            {"]).sum().sqrt()": "]).amax().sqrt()"},
        ),
    ),
)


def batches(draw: Draw, count: int, window: int) -> Arguments:
    """Gradients of so many batches with unlike many items."""
    items = [draw.random.randrange(2, 9) for _ in range(count)]
    items[0], items[1] = 1, 11
    return {"gradients": [draw.normal(2, 3) for _ in items], "items": items, "window": window}


ACCUMULATE = Contract(
    name="accumulate",
    section="3.3.2",
    reference=accumulate,
    properties={
        "the mean over all items of the window": lambda draw: [batches(draw, 3, 3), batches(draw, 8, 4)],
        "a window of one batch": lambda draw: [batches(draw, 4, 1)],
        "a last window that is shorter": lambda draw: [batches(draw, 7, 3), batches(draw, 2, 5)],
    },
    mutants=(
        Mutant(
            "the mean of the batches' means. A batch with one item would weigh as much as one with eleven: add the "
            "sums up first, then divide by all items of the window.",
            {
                "sum(gradients[part]) / sum(items[part])": (
                    "sum(g / n for g, n in zip(gradients[part], items[part])) / len(items[part])"
                )
            },
        ),
        Mutant(
            "the sum of the batches' means. It makes the gradient as many times too large as there are batches.",
            {"sum(gradients[part]) / sum(items[part])": "sum(g / n for g, n in zip(gradients[part], items[part]))"},
        ),
        Mutant(
            "the sum over the window, not divided. Then the step grows with the batch.",
            {" / sum(items[part])": ""},
        ),
        Mutant(
            "sums divided by the number of batches and not of items.",
            {"sum(items[part])": "len(items[part])"},
        ),
        Mutant(
            "sums divided by the items of the last batch of the window alone. All of the window count.",
            {"sum(items[part])": "items[part][-1]"},
        ),
        Mutant(
            "the last batch's gradient alone. zero_grad() after each batch forgets the others: call it once an update.",
            {"sum(gradients[part])": "gradients[part][-1]"},
        ),
        Mutant(
            "updates without the last, shorter window. Its rows would never be learned from.",
            {"range(0, len(gradients), window)": "range(0, len(gradients) - window + 1, window)"},
        ),
        Mutant(
            "gradients that are never set back to zero: each update still holds those before it.",
            {"gradients[part]": "gradients[: start + window]"},
        ),
        Mutant(
            "windows that begin one batch early: step % window is 0 at the first batch already. Count from one: "
            "(step + 1) % window.",
            {"slice(start, start + window)": "slice(max(0, start - window + 1), start + 1)"},
        ),
    ),
)
