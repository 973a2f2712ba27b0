"""Section 4.2: losses that survive extreme logits, and one gradient by hand."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import IGNORED, binary_cross_entropy, cross_entropy, softmax


def cross_entropy_gradient(logits: Float[Tensor, "N C"], labels: Int[Tensor, " N"]) -> Float[Tensor, "N C"]:
    """The gradient of the mean cross-entropy: expected minus observed, 0 in rows labelled -100."""
    valid = labels != IGNORED
    observed = torch.zeros_like(logits)
    observed[valid, labels[valid]] = 1.0
    return (softmax(logits) - observed) * valid[:, None] / max(1, int(valid.sum()))


def classes(draw: Draw, rows: int, count: int, dtype: torch.dtype = torch.float64) -> Arguments:
    """Logits and labels, of which some are -100."""
    return {"logits": draw.normal(rows, count, dtype=dtype), "labels": draw.labels(count, rows)}


def certain(rows: int = 4) -> Arguments:
    """Logits that are sure of the wrong class by a thousand, in float32."""
    logits = torch.zeros(rows, 3)
    logits[:, 1], logits[:, 2] = 1000.0, -1000.0
    return {"logits": logits, "labels": torch.tensor([0, 1, 2, IGNORED])}


OVERFLOWS = "a loss with an exponential that overflows. Take the largest logit of each row off first."
WHOLE_ROWS = {"all rows count": lambda draw: [{"logits": draw.normal(3, 4), "labels": torch.tensor([3, 0, 2])}]}

CROSS_ENTROPY = Contract(
    name="cross_entropy",
    section="4.2.1",
    reference=cross_entropy,
    gradients=("logits",),
    properties=WHOLE_ROWS
    | {
        "rows labelled -100 do not count": lambda draw: [classes(draw, 5, 3), classes(draw, 8, 4)],
        "the sum in place of the mean": lambda draw: [classes(draw, 6, 3) | {"reduction": "sum"}],
        "at a real size, in float32": lambda draw: [classes(draw, 12, 2000, dtype=torch.float32)],
        "logits of a thousand": lambda draw: [classes(draw, 6, 4) | {"logits": draw.extreme(6, 4)}, certain()],
        "no row counts": lambda draw: [{"logits": draw.normal(2, 3), "labels": torch.tensor([IGNORED, IGNORED])}],
    },
    mutants=(
        Mutant(OVERFLOWS, {"(logits - largest)": "logits", " + largest.squeeze(-1)": ""}),
        Mutant(
            "the logarithm of a softmax. A share below 1e-324 is 0, and its log -inf: take the log of the sum instead, "
            "log p = x - log Σ exp x.",
            {
                "(log_sum - right).sum()": (
                    "-(((logits - largest).exp() / (logits - largest).exp().sum(-1, keepdim=True))"
                    "[torch.arange(len(labels)), labels]).log().sum()"
                )
            },
        ),
        Mutant(
            "a table of N × N numbers, added up: N × 1 and N spread to it without an error. The largest logits have a "
            "dimension too many: squeeze(-1).",
            {" + largest.squeeze(-1)": " + largest"},
        ),
        Mutant(
            "a largest logit that is taken off and never added again. log Σ exp(x - m) is smaller by m.",
            {" + largest.squeeze(-1)": ""},
        ),
        Mutant(
            "a loss that counts only labels above 0. Class 0 is a class: ignore exactly -100.",
            {"labels != IGNORED": "labels > 0"},
        ),
        Mutant(
            "a mean over all rows, those labelled -100 among them. Divide by the rows that count.",
            {"max(len(labels), 1)": "max(len(valid), 1)"},
        ),
        Mutant(
            "a mean, whatever `reduction` says. An update over several batches needs their sums.",
            {'total if reduction == "sum" else total': "total"},
        ),
        Mutant(
            "the sum of the losses, whatever `reduction` says. The mean is divided by the rows that count.",
            {" / max(len(labels), 1)": ""},
        ),
        Mutant(
            "a mean that is NaN where no row counts. Divide by at least 1: the loss is 0.",
            {"total / max(len(labels), 1)": "total / torch.tensor(float(len(labels)), dtype=logits.dtype)"},
        ),
        Mutant(
            "the loss in bits. The log is the natural one, in nats.",
            {"(log_sum - right).sum()": "(log_sum - right).sum() / 0.6931471805599453"},
        ),
        Mutant(
            "rows labelled -100 counted as class 0. Leave them out before you pick a class.",
            {"valid = labels != IGNORED": "labels = labels.clamp(min=0); valid = labels >= 0"},
        ),
    ),
)

CROSS_ENTROPY_GRADIENT = Contract(
    name="cross_entropy_gradient",
    section="4.2.1",
    reference=cross_entropy_gradient,
    properties=WHOLE_ROWS
    | {
        "rows labelled -100 do not count": lambda draw: [classes(draw, 5, 3), classes(draw, 8, 4)],
        "at a real size": lambda draw: [classes(draw, 12, 2000)],
        "logits of a thousand": lambda draw: [classes(draw, 6, 4) | {"logits": draw.extreme(6, 4)}],
        "no row counts": lambda draw: [{"logits": draw.normal(2, 3), "labels": torch.tensor([IGNORED, IGNORED])}],
    },
    mutants=(
        Mutant(
            "observed minus expected: the direction in which the loss falls. The gradient points up, p - onehot.",
            {"softmax(logits) - observed": "observed - softmax(logits)"},
        ),
        Mutant(
            "the gradient of the sum of the losses. The mean's is divided by the rows that count.",
            {" / max(1, int(valid.sum()))": ""},
        ),
        Mutant(
            "a gradient divided by all rows. Only those that count have a part in the mean.",
            {"int(valid.sum())": "len(valid)"},
        ),
        Mutant(
            "a gradient in rows labelled -100, too. Nothing is observed there, so nothing may flow: 0.",
            {" * valid[:, None]": ""},
        ),
        Mutant(
            "a gradient at the label alone. The other classes' logits also move the loss: each by its probability.",
            {"(softmax(logits) - observed)": "((softmax(logits) - observed) * observed)"},
        ),
        Mutant(
            "a gradient in which every row has observed every label. Pick one number a row, with the row's own index: "
            "[torch.arange(N), labels].",
            {"observed[valid, labels[valid]]": "observed[:, labels[valid]]"},
        ),
        Mutant(
            "a softmax over the rows of the batch. The classes of one row compete: dim=-1.",
            {"softmax(logits)": "softmax(logits, 0)"},
        ),
        Mutant(
            "logits minus onehot. It is the probabilities that are compared: softmax first.",
            {"softmax(logits)": "logits"},
        ),
        Mutant(
            "a gradient with an exponential that overflows. Take the largest logit of each row off first.",
            {"softmax(logits)": "logits.exp() / logits.exp().sum(-1, keepdim=True)"},
        ),
    ),
)


def several(draw: Draw, rows: int, count: int) -> Arguments:
    """Logits and targets of 0, 1 and something between."""
    targets = draw.integers(0, 2, rows, count).double()
    targets[0, 0], targets[1, 0], targets[1, 1] = 0.0, 1.0, 0.3
    return {"logits": draw.normal(rows, count), "targets": targets}


BINARY_CROSS_ENTROPY = Contract(
    name="binary_cross_entropy",
    section="4.2.2",
    reference=binary_cross_entropy,
    gradients=("logits",),
    properties={
        "the mean over all labels": lambda draw: [several(draw, 2, 3), several(draw, 4, 5)],
        "the sum in place of the mean": lambda draw: [several(draw, 3, 2) | {"reduction": "sum"}],
        "logits of a thousand": lambda draw: [several(draw, 3, 4) | {"logits": draw.extreme(3, 4)}],
        "logits of exactly 0, where a new head begins": lambda draw: [
            several(draw, 2, 3) | {"logits": torch.zeros(2, 3, dtype=torch.float64)}
        ],
    },
    mutants=(
        Mutant(
            "the formula as it is written: σ(1000) is 1, 1 - σ(1000) is 0, and log 0 is -inf. Rewrite it as "
            "max(x, 0) - x y + log(1 + exp(-|x|)).",
            {
                "largest - logits * targets + (-logits.abs()).exp().log1p()": (
                    "-targets * logits.sigmoid().log() - (1 - targets) * (1 - logits.sigmoid()).log()"
                )
            },
        ),
        Mutant(
            "a loss with probabilities held away from 0 and 1. It no longer overflows, but a sure mistake costs 16 and "
            "not 1000, and gives no gradient.",
            {
                "largest - logits * targets + (-logits.abs()).exp().log1p()": (
                    "-targets * logits.sigmoid().clamp(1e-7, 1 - 1e-7).log() "
                    "- (1 - targets) * (1 - logits.sigmoid().clamp(1e-7, 1 - 1e-7)).log()"
                )
            },
        ),
        Mutant(
            "a loss whose gradient is wrong at 0: clamp has the slope 1 there and |x| the slope 0. torch.maximum gives "
            "half to each side.",
            {"torch.maximum(logits, torch.zeros_like(logits))": "logits.clamp(min=0)"},
        ),
        Mutant(
            "a loss whose gradient is wrong at 0: relu and |x| both have the slope 0 there. torch.maximum gives half "
            "to each side.",
            {"torch.maximum(logits, torch.zeros_like(logits))": "torch.relu(logits)"},
        ),
        Mutant(
            "the sum of the losses, whatever `reduction` says. The mean is divided by the number of labels.",
            {"errors.mean()": "errors.sum()"},
        ),
        Mutant(
            "the first half of the formula: -y log σ(x). What is not there, and predicted, costs as well.",
            {
                "largest - logits * targets + (-logits.abs()).exp().log1p()": (
                    "targets * (torch.maximum(-logits, torch.zeros_like(logits)) + (-logits.abs()).exp().log1p())"
                )
            },
        ),
        Mutant(
            "the labels of a row added up and averaged over the rows. An item is a label: divide by all of them.",
            {"errors.mean()": "errors.sum() / len(errors)"},
        ),
        Mutant(
            "targets taken as 0 or 1. One between says how probable the label is.",
            {"logits * targets": "logits * (targets > 0.5)"},
        ),
        Mutant(
            "a softmax over the labels. They do not compete: each is there or not, whatever the others are.",
            {
                "errors = largest - logits * targets + (-logits.abs()).exp().log1p()": (
                    "errors = -targets * logits.log_softmax(-1)"
                )
            },
        ),
        Mutant(
            "a mean, whatever `reduction` says. An update over several batches needs their sums.",
            {'errors.sum() if reduction == "sum" else errors': "errors"},
        ),
    ),
)
