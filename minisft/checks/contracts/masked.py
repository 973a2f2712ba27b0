"""Section 3.2.1: masked words."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.objectives.masked import MaskingVocabulary, mask_words
from minisft.ops import IGNORED, cross_entropy

MASK_ID = 4


def hide_words(
    input_ids: Int[Tensor, "B T"],
    draws: Float[Tensor, "B T 3"],
    special: Bool[Tensor, " V"],
    mask_id: int,
    share: float = 0.15,
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """`minisft.objectives.mask_words`, told which pieces of the vocabulary are special and which is [MASK]."""
    return mask_words(input_ids, draws, MaskingVocabulary(special, torch.zeros_like(special), mask_id), share)


def masked_loss(logits: Float[Tensor, "B T V"], labels: Int[Tensor, "B T"]) -> Float[Tensor, ""]:
    """Mean cross-entropy of the words whose label is not -100, over the batch as a whole."""
    return cross_entropy(logits.flatten(0, 1), labels.flatten())


def text(draw: Draw, rows: int, tokens: int, share: float, lowest: float = 0.0) -> Arguments:
    """Rows [CLS] words [SEP] [PAD] of 25 pieces, five of them special and id 7 another; all three fates occur."""
    special = torch.arange(25) < 5
    special[7] = True
    ids = draw.integers(8, 25, rows, tokens)
    ids[:, 0], ids[:, -2], ids[:, -1] = 2, 3, 0
    draws = draw.uniform(rows, tokens, 3)
    draws[..., 0] = lowest + (1 - lowest) * draws[..., 0]
    if not lowest:
        draws[:, 1:6, 0] = share / 2  # five words at least: hidden, replaced (two of them), kept
        draws[:, 1:6, 1] = torch.tensor([0.1, 0.5, 0.81, 0.87, 0.95], dtype=torch.float64)
        draws[:, 3:5, 2] = torch.tensor([0.3, 0.99], dtype=torch.float64)
        draws[:, [0, -1], 0] = share / 3  # and the draws of [CLS] and [PAD] are low as well
    else:
        draws[:, 0, 0] = lowest  # [CLS] has the lowest draw of its row, and is no word
        draws[0, 3, 0] = share / 2  # and one row has a word that is low enough
    return {"input_ids": ids, "draws": draws, "special": special, "mask_id": MASK_ID, "share": share}


def bordering(draw: Draw) -> Arguments:
    """Draws of exactly the share, 0.8 and 0.9, and [MASK] under another number."""
    arguments = text(draw, 2, 12, 0.25)
    arguments["input_ids"][:, 1:8] = torch.arange(8, 15)  # words, all of them
    arguments["draws"][:, 1:4, 1] = torch.tensor([0.8, 0.9, 0.1], dtype=torch.float64)
    arguments["draws"][:, 7, 0] = 0.25
    return arguments | {"mask_id": 1}


MASK_WORDS = Contract(
    name="mask_words",
    section="3.2.1",
    reference=hide_words,
    results=("the ids", "the labels"),
    properties={
        "of the chosen words most are hidden, some replaced, some kept": lambda draw: [
            text(draw, 2, 9, 0.4),
            text(draw, 3, 12, 0.3),
        ],
        "at a real length": lambda draw: [text(draw, 3, 128, 0.15)],
        "draws on the border, and another [MASK]": lambda draw: [bordering(draw)],
        "a row in which no draw is low enough": lambda draw: [text(draw, 3, 10, 0.15, lowest=0.2)],
    },
    mutants=(
        Mutant(
            "masking in which no word becomes [MASK]: a comparison that is never true, such as `draw < draw * 0.8`, or "
            "a second step that starts from the ids as they came and not from what the first has made.",
            {"fate < 0.8)": "fate < fate * 0.8)"},
            mask_words,
        ),
        Mutant(
            "every word replaced that is not hidden. Only a tenth is: from 0.9 on a word stays.",
            {" & (fate < 0.9)": ""},
            mask_words,
        ),
        Mutant(
            "masking that chooses special tokens too. [CLS], [SEP] and [PAD] say nothing that could be predicted.",
            {"~pieces.special[input_ids]": "torch.ones_like(input_ids, dtype=torch.bool)"},
            mask_words,
        ),
        Mutant(
            "a label at every word. Only the chosen ones are predicted; all others are -100.",
            {"torch.where(chosen, input_ids, IGNORED)": "input_ids.clone()"},
            mask_words,
        ),
        Mutant(
            "the changed ids as labels. The label is the word that stood there.",
            {"torch.where(chosen, input_ids, IGNORED)": "torch.where(chosen, masked, IGNORED)"},
            mask_words,
        ),
        Mutant(
            "labels only where the id has changed. A chosen word that stays is predicted like the others: from it the "
            "model learns to keep a right word.",
            {"torch.where(chosen, input_ids, IGNORED)": "torch.where(masked != input_ids, input_ids, IGNORED)"},
            mask_words,
        ),
        Mutant(
            "a tenth of the remaining fifth replaced, and 18 % of the words kept. Of all that is chosen a tenth is "
            "replaced: half of what is not hidden.",
            {"fate < 0.9)": "fate < 0.82)"},
            mask_words,
        ),
        Mutant(
            "[MASK] for every chosen word. In fine-tuning there is no [MASK]: a tenth is replaced and a tenth kept.",
            {"fate < 0.8)": "fate < 1.0)", "fate >= 0.8)": "fate > 1.0)"},
            mask_words,
        ),
        Mutant(
            "random words drawn from the whole vocabulary, special tokens among them. Draw from the real pieces.",
            {"(~pieces.special).nonzero().squeeze(1)": "torch.arange(len(pieces.special))"},
            mask_words,
        ),
        Mutant(
            "masking that leaves a row without a single chosen word. The one with the lowest draw is always chosen.",
            {"(chance < share) | (chance == lowest)": "chance < share"},
            mask_words,
        ),
    ),
)


def predicted(draw: Draw, *shape: int) -> Arguments:
    """Logits and labels, of which rows have unlike many."""
    labels = draw.labels(shape[-1], *shape[:-1])
    labels[0, 1:] = IGNORED
    labels[0, 0] = 0
    return {"logits": draw.normal(*shape), "labels": labels}


MASKED_LOSS = Contract(
    name="masked_loss",
    section="3.2.1",
    reference=masked_loss,
    gradients=("logits",),
    properties={
        "the mean over the words that have a label": lambda draw: [
            predicted(draw, 2, 5, 4),
            predicted(draw, 3, 4, 7),
        ],
        "at a real size": lambda draw: [predicted(draw, 2, 16, 1000)],
        "logits of a thousand": lambda draw: [predicted(draw, 2, 5, 4) | {"logits": draw.extreme(2, 5, 4)}],
        "no word has a label": lambda draw: [predicted(draw, 2, 3, 4) | {"labels": torch.full((2, 3), IGNORED)}],
    },
    mutants=(
        Mutant(
            "a loss that counts only labels above 0. Id 0 is a label like any other: ignore exactly -100.",
            {"labels.flatten())": "torch.where(labels > 0, labels, IGNORED).flatten())"},
        ),
        Mutant(
            "a loss averaged over all positions, which shrinks with more padding. Divide by the number of labels.",
            {"labels.flatten())": 'labels.flatten(), "sum") / labels.numel()'},
        ),
        Mutant(
            "the mean of the rows' means. A row with one label would weigh as much as one with twenty: sum over the "
            "batch, then divide by all its labels.",
            {
                "cross_entropy(logits.flatten(0, 1), labels.flatten())": (
                    "sum(cross_entropy(*row) for row in zip(logits, labels)) / len(labels)"
                )
            },
        ),
        Mutant(
            "the sum of the losses and not their mean. Then a step grows with the batch.",
            {"labels.flatten())": 'labels.flatten(), "sum")'},
        ),
        Mutant(
            "a loss in which ignored positions count as class 0. Leave these rows out before you pick a class.",
            {"labels.flatten())": "labels.flatten().clamp(min=0))"},
        ),
        Mutant(
            "a loss with an exponential that overflows. Take the largest logit of each row off first.",
            {
                "cross_entropy(logits.flatten(0, 1), labels.flatten())": (
                    "-(logits.exp() / logits.exp().sum(-1, keepdim=True)).gather(-1, labels.clamp(min=0)[..., None])"
                    "[labels != IGNORED].log().sum() / max(1, int((labels != IGNORED).sum()))"
                )
            },
        ),
        Mutant(
            "a logarithm of a sum that overflows, or of 0. Take the largest logit of each row off, and add it again.",
            {
                "cross_entropy(logits.flatten(0, 1), labels.flatten())": (
                    "(logits.exp().sum(-1).log() - logits.gather(-1, labels.clamp(min=0)[..., None]).squeeze(-1))"
                    "[labels != IGNORED].sum() / max(1, int((labels != IGNORED).sum()))"
                )
            },
        ),
        Mutant(
            "a mean that divides 0 by 0 where no word has a label. Divide by at least 1.",
            {"labels.flatten())": 'labels.flatten(), "sum") / (labels != IGNORED).sum()'},
        ),
    ),
)
