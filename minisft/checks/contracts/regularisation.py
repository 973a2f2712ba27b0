"""Section 3.3.3: weight decay for some, dropout and smoothed labels."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import IGNORED


def parameter_groups(shapes: dict[str, list[int]]) -> tuple[list[str], list[str]]:
    """The names of the parameters that decay, and of those that do not, each in the order given.

    Matrices and tables decay; what has one dimension (biases, LayerNorm) does not.
    """
    decayed = [name for name, shape in shapes.items() if len(shape) > 1]
    spared = [name for name, shape in shapes.items() if len(shape) <= 1]
    return decayed, spared


def dropout_from_draws(x: Float[Tensor, "*shape"], p: float, draws: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Zero where a draw is below `p`; scale what is kept so that the expectation stays."""
    kept = draws >= p
    return x * kept / (1.0 - p)


def label_smoothing(logits: Float[Tensor, "N C"], labels: Int[Tensor, " N"], smoothing: float) -> Float[Tensor, ""]:
    """Mean cross-entropy against 1 - smoothing on the label and smoothing / C on each of the C classes besides.

    Rows labelled -100 do not count.
    """
    valid = labels != IGNORED
    logits, labels = logits[valid], labels[valid]
    largest = logits.amax(-1, keepdim=True)
    log_sums = (logits - largest).exp().sum(-1, keepdim=True).log() + largest
    losses = log_sums - logits  # N C: what each class would cost
    right = losses[torch.arange(len(labels)), labels]
    return ((1 - smoothing) * right + smoothing * losses.mean(-1)).mean()


def named(draw: Draw) -> dict[str, list[int]]:
    """Parameters of a BERT and its heads, with old names among them, of a width that is drawn."""
    width = draw.random.randrange(5, 90)
    return {
        "embeddings.word.weight": [997, width],
        "embeddings.norm.weight": [width],
        "embeddings.norm.bias": [width],
        "layers.0.attention.qkv.weight": [3 * width, width],
        "layers.0.attention.qkv.bias": [3 * width],
        "layers.0.attention_norm.weight": [width],
        "bert.encoder.layer.1.output.LayerNorm.gamma": [width],
        "bert.encoder.layer.1.output.LayerNorm.beta": [width],
        "bias_tables.weight": [7, width],
        "normaliser.projection": [width, 2, 3],
        "query_word": [width],
        "temperature": [],
    }


PARAMETER_GROUPS = Contract(
    name="parameter_groups",
    section="3.3.3",
    reference=parameter_groups,
    results=("what decays", "what does not decay"),
    properties={
        "every parameter in one group": lambda draw: [{"shapes": named(draw)}],
        "a model without matrices": lambda draw: [{"shapes": {"weight": [draw.random.randrange(2, 9)], "bias": [3]}}],
        "a model without biases": lambda draw: [{"shapes": {"table": [7, draw.random.randrange(2, 9)]}}],
    },
    mutants=(
        Mutant(
            "groups by names that end in bias. LayerNorm's weight has one dimension too, and should not be drawn to 0.",
            {"len(shape) > 1": 'not name.endswith("bias")', "len(shape) <= 1": 'name.endswith("bias")'},
        ),
        Mutant(
            "groups by the names bias and LayerNorm.weight, as in many scripts. Here LayerNorms have other names, and "
            "decay after all: the shape is safer than the name.",
            {
                "len(shape) > 1": 'not any(part in name for part in ("bias", "LayerNorm.weight"))',
                "len(shape) <= 1": 'any(part in name for part in ("bias", "LayerNorm.weight"))',
            },
        ),
        Mutant(
            "groups by the words norm and bias anywhere in a name. A table may be called so: go by the shape.",
            {
                "len(shape) > 1": 'not any(part in name.lower() for part in ("norm", "bias"))',
                "len(shape) <= 1": 'any(part in name.lower() for part in ("norm", "bias"))',
            },
        ),
        Mutant(
            "the groups exchanged. What decays comes first, what does not comes second.",
            {"return decayed, spared": "return spared, decayed"},
        ),
        Mutant(
            "one group for all. Biases and LayerNorm would be drawn to 0 with the matrices.",
            {"if len(shape) > 1": "", "if len(shape) <= 1": "if False"},
        ),
        Mutant(
            "groups without the tables of the embedding. They have two dimensions, and decay.",
            {
                "len(shape) > 1": 'len(shape) > 1 and "word" not in name and "table" not in name',
                "len(shape) <= 1": 'len(shape) <= 1 or "word" in name or "table" in name',
            },
        ),
        Mutant(
            "groups that take only matrices for decay: what has three dimensions is left out of both.",
            {"len(shape) > 1": "len(shape) == 2"},
        ),
        Mutant(
            "groups that leave out a parameter without dimensions, which would then never be trained.",
            {"len(shape) <= 1": "len(shape) == 1"},
        ),
    ),
)


def dropped(draw: Draw, p: float, *shape: int) -> Arguments:
    """Numbers and a draw for each, one of them p itself and one each side of p and of 1 - p."""
    draws = draw.uniform(*shape)
    draws.view(-1)[:5] = torch.tensor([p, p / 2, (1 + p) / 2, (1 - p) / 2, 1 - p / 2], dtype=torch.float64)
    return {"x": draw.normal(*shape), "p": p, "draws": draws}


DROPOUT_FROM_DRAWS = Contract(
    name="dropout_from_draws",
    section="3.3.3",
    reference=dropout_from_draws,
    gradients=("x",),
    properties={
        "a share p of the numbers is zeroed": lambda draw: [dropped(draw, 0.3, 3, 5), dropped(draw, 0.8, 2, 3, 4)],
        "at BERT's 0.1": lambda draw: [dropped(draw, 0.1, 4, 96)],
        "p = 0 changes nothing": lambda draw: [dropped(draw, 0.0, 2, 7)],
    },
    mutants=(
        Mutant(
            "dropout that does not scale what is kept. Then the mean is lower in training: divide by 1 - p.",
            {" / (1.0 - p)": ""},
        ),
        Mutant("what is kept multiplied by 1 - p. It is divided, so that the mean stays.", {"/ (1.0": "* (1.0"}),
        Mutant(
            "the kept and the dropped exchanged: p is the probability to be zeroed, so a draw below p drops.",
            {"draws >= p": "draws < p"},
        ),
        Mutant(
            "p taken for the probability to keep, in the draw and in the scale.",
            {"draws >= p": "draws < p", "/ (1.0 - p)": "/ max(p, 1e-12)"},
        ),
        Mutant(
            "one draw for a whole row. Each number has its own.",
            {"draws >= p": "(draws >= p)[..., :1]"},
        ),
        Mutant(
            "dropped numbers that keep their gradient: where the value is 0, nothing flows back.",
            {"x * kept / (1.0 - p)": "x / (1.0 - p) - (x * ~kept / (1.0 - p)).detach()"},
        ),
    ),
)


def smoothed(draw: Draw, rows: int, classes: int, smoothing: float) -> Arguments:
    """Logits, labels with some -100 among them, and how much is smoothed."""
    return {
        "logits": draw.normal(rows, classes),
        "labels": draw.labels(classes, rows),
        "smoothing": smoothing,
    }


LABEL_SMOOTHING = Contract(
    name="label_smoothing",
    section="3.3.3",
    reference=label_smoothing,
    gradients=("logits",),
    properties={
        "a little for every class": lambda draw: [smoothed(draw, 5, 3, 0.2), smoothed(draw, 7, 4, 0.1)],
        "no smoothing": lambda draw: [smoothed(draw, 5, 3, 0.0)],
        "logits of a thousand": lambda draw: [smoothed(draw, 6, 4, 0.1) | {"logits": draw.extreme(6, 4)}],
    },
    mutants=(
        Mutant(
            "smoothing shared among the wrong classes alone, smoothing / (C - 1) each. Here every class gets its "
            "smoothing / C, the right one too.",
            {"smoothing * losses.mean(-1)": ("smoothing * (losses.sum(-1) - right) / (losses.shape[-1] - 1)")},
        ),
        Mutant(
            "cross-entropy without smoothing. A part of the weight goes to every class.",
            {"(1 - smoothing) * right + smoothing * losses.mean(-1)": "right"},
        ),
        Mutant(
            "what every row would pay at every label. Pick one number a row, with the row's own index: "
            "[torch.arange(N), labels].",
            {"losses[torch.arange(len(labels)), labels]": "losses[:, labels]"},
        ),
        Mutant(
            "a label that keeps its whole weight: the shares add up to more than one. It gives `smoothing` away.",
            {"(1 - smoothing) * right": "right"},
        ),
        Mutant(
            "smoothing on every class and not divided by their number: the shares add up to more than one.",
            {"losses.mean(-1)": "losses.sum(-1)"},
        ),
        Mutant(
            "the weights exchanged: 1 - smoothing belongs to the label.",
            {"(1 - smoothing) * right + smoothing *": "smoothing * right + (1 - smoothing) *"},
        ),
        Mutant(
            "a loss that divides by all rows, the ignored ones too. Only labelled rows count.",
            {"losses.mean(-1)).mean()": "losses.mean(-1)).sum() / len(valid)"},
        ),
        Mutant(
            "a loss with an exponential that overflows. Take the largest logit of each row off first.",
            {"(logits - largest)": "logits", ".log() + largest": ".log()"},
        ),
    ),
)
