"""Section 3.2.3: words in any order."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.objectives.permutation import order_words


def prediction_ranks(words: Bool[Tensor, "B T"], draws: Float[Tensor, "B T"], share: float = 1.0) -> Int[Tensor, "B T"]:
    """The ranks of `minisft.objectives.order_words`: 1, 2, 3 ... for the words to predict, 0 for what is given."""
    return order_words(words.long(), words, draws, share)[0]


def plm_mask(
    ranks: Int[Tensor, "B T"], attention_mask: Bool[Tensor, "B T"] | None = None
) -> tuple[Bool[Tensor, "B T T"], Bool[Tensor, "B T T"]]:
    """What each position's content may see, and what the query for its word may: True where it may."""
    seen, seer = ranks[:, None, :], ranks[:, :, None]
    content, query = seen <= seer, seen < seer
    if attention_mask is not None:
        content, query = content & attention_mask[:, None, :], query & attention_mask[:, None, :]
    return content, query


def sequence_log_probability(
    logits: Float[Tensor, "T V"], tokens: Int[Tensor, " T"], order: Int[Tensor, " T"]
) -> Float[Tensor, ""]:
    """log p of a text whose words are predicted in an order: row k of the logits is for the word at order[k]."""
    largest = logits.amax(-1, keepdim=True)
    log_sums = (logits - largest).exp().sum(-1).log() + largest.squeeze(-1)
    words = tokens[order]
    scores = logits[torch.arange(len(words)), words]
    return (scores - log_sums).sum()


def words_to_order(draw: Draw, rows: int, tokens: int, share: float) -> Arguments:
    """Rows of unlike length that begin and end with what is no word."""
    lengths = torch.arange(rows)[:, None] + tokens // 2
    positions = torch.arange(tokens)
    words = (positions > 0) & (positions <= lengths) & (positions < tokens - 1)
    return {"words": words, "draws": draw.uniform(rows, tokens), "share": share}


PREDICTION_RANKS = Contract(
    name="prediction_ranks",
    section="3.2.3",
    reference=prediction_ranks,
    properties={
        "words are ranked by their draws, the lowest first": lambda draw: [
            words_to_order(draw, 2, 7, 1.0),
            words_to_order(draw, 3, 9, 1.0),
        ],
        "only the last of the order are predicted": lambda draw: [
            words_to_order(draw, 2, 12, 0.4),
            words_to_order(draw, 3, 30, 1 / 6),
            words_to_order(draw, 2, 24, 0.25),  # of 12 words, a whole number
        ],
        "one word at least is predicted": lambda draw: [words_to_order(draw, 3, 8, 0.01)],
    },
    mutants=(
        Mutant(
            "the order and not the ranks. argsort gives the position of the first, second, third word; the rank of a "
            "position is the inverse of that.",
            {"torch.zeros_like(input_ids).scatter(1, in_order, order)": "in_order"},
            order_words,
        ),
        Mutant(
            "ranks counted from the order. `in_order` says which position comes when; its argsort says when each "
            "position comes, and that is counted.",
            {
                "torch.zeros_like(input_ids).scatter(1, in_order, order)": (
                    "(in_order - words.shape[1] + wanted + 1).clamp(min=0)"
                )
            },
            order_words,
        ),
        Mutant(
            "an order from the highest draw to the lowest. The word with the lowest draw comes first.",
            {"draws.masked_fill(~words, -1.0)": "(1 - draws).masked_fill(~words, -1.0)"},
            order_words,
        ),
        Mutant(
            "a share rounded down. Round it up, so that one word at least is predicted.",
            {".ceil()": ".floor()"},
            order_words,
        ),
        Mutant(
            "the first words of the order as targets. The first ones see too little to be predicted well: the last are "
            "the targets, and the first are given.",
            {
                "- words.shape[1] + wanted": "- words.shape[1] + counts",
                "(last + 1).clamp(min=0)": "torch.where(last < wanted, last + 1, 0).clamp(min=0)",
            },
            order_words,
        ),
        Mutant(
            "a rank for every word, whatever `share` is. The words before the targets are given: rank 0.",
            {"counts * share": "counts * 1.0"},
            order_words,
        ),
        Mutant(
            "ranks that begin at 0. 0 means given, so that the first target would be seen: begin at 1.",
            {"(last + 1).clamp(min=0)": "last.clamp(min=0)"},
            order_words,
        ),
        Mutant(
            "ranks for [CLS], [SEP] and padding as well. What is no word is given: rank 0.",
            {
                "words.sum(1, keepdim=True)": "torch.full((len(words), 1), words.shape[1])",
                "draws.masked_fill(~words, -1.0)": "draws",
            },
            order_words,
        ),
    ),
)


def ranked(draw: Draw, rows: int, tokens: int, given: int) -> Arguments:
    """Every row an order of its own, with some words given."""
    order = draw.uniform(rows, tokens).argsort(1)
    return {"ranks": (order - given + 1).clamp(min=0)}


PLM_MASK = Contract(
    name="plm_mask",
    section="3.2.3",
    reference=plm_mask,
    results=("the content's mask", "the query's mask"),
    properties={
        "who sees whom, by rank": lambda draw: [ranked(draw, 2, 5, 0), ranked(draw, 3, 4, 0)],
        "words that are given": lambda draw: [ranked(draw, 2, 6, 3), ranked(draw, 2, 24, 20)],
        "padding is seen by nobody": lambda draw: [
            ranked(draw, 3, 6, 2) | {"attention_mask": torch.arange(6) < torch.tensor([[4], [6], [5]])}
        ],
    },
    mutants=(
        Mutant(
            "a query that sees its own word. It is asked for that word: only lower ranks, <.",
            {"seen < seer": "seen <= seer"},
        ),
        Mutant(
            "content that does not see itself. It knows its own word, and later words need it: its rank or lower, <=.",
            {"seen <= seer": "seen < seer"},
        ),
        Mutant(
            "masks with rows and columns exchanged. Row i says what i may see.",
            {"ranks[:, None, :], ranks[:, :, None]": "ranks[:, :, None], ranks[:, None, :]"},
        ),
        Mutant(
            "masks from left to right. Who comes before whom is decided by the ranks, not by the positions.",
            {"seen, seer = ranks": "ranks = torch.arange(ranks.shape[1]).expand_as(ranks); seen, seer = ranks"},
        ),
        Mutant(
            "the two masks in the wrong order: the content's first.", {"return content, query": "return query, content"}
        ),
        Mutant(
            "masks in which padding is seen. Whatever its rank, nobody may look at it.",
            {"attention_mask is not None": "False"},
        ),
        Mutant(
            "masks that hide what padding sees and not padding itself: the mask belongs to the columns, [:, None, :].",
            {
                "content & attention_mask[:, None, :]": "content & attention_mask[:, :, None]",
                "query & attention_mask[:, None, :]": "query & attention_mask[:, :, None]",
            },
        ),
        Mutant(
            "masks in which padding sees nothing either. Hide the columns of padding and leave its rows: a row that "
            "sees nothing is no use to anybody.",
            {
                f"{part} & attention_mask[:, None, :]": f"{part} & attention_mask[:, None] & attention_mask[..., None]"
                for part in ("content", "query")
            },
        ),
        Mutant(
            "queries that see given words alone. A target must see the content of the targets before it.",
            {"seen <= seer, seen < seer": "seen <= seer, (seen < seer) & (seen == 0)"},
        ),
    ),
)


def spoken(draw: Draw, tokens: int, words: int) -> Arguments:
    """Logits, a text and an order that is neither its own inverse nor left to right."""
    order = draw.uniform(tokens).argsort()
    while torch.equal(order, order.argsort()):
        order = draw.uniform(tokens).argsort()
    text = draw.uniform(words).argsort()[:tokens]
    return {"logits": draw.normal(tokens, words), "tokens": text, "order": order}


SEQUENCE_LOG_PROBABILITY = Contract(
    name="sequence_log_probability",
    section="3.2.3",
    reference=sequence_log_probability,
    gradients=("logits",),
    properties={
        "the sum over the words, in the order": lambda draw: [spoken(draw, 4, 7), spoken(draw, 6, 9)],
        "a long text": lambda draw: [spoken(draw, 400, 500)],
        "logits of a thousand": lambda draw: [spoken(draw, 5, 6) | {"logits": draw.extreme(5, 6)}],
    },
    mutants=(
        Mutant("a text read from left to right. Row k is for the word at order[k].", {"tokens[order]": "tokens"}),
        Mutant(
            "an order taken for ranks. order[k] is the position of the k-th word; its argsort gives the ranks.",
            {"tokens[order]": "tokens[order.argsort()]"},
        ),
        Mutant(
            "the mean over the words and not the sum. Probabilities of a chain multiply, their logarithms add.",
            {"(scores - log_sums).sum()": "(scores - log_sums).mean()"},
        ),
        Mutant(
            "the sum of the logits. A logit becomes a log-probability when the log of the sum of exponentials is taken "
            "off.",
            {"(scores - log_sums)": "scores"},
        ),
        Mutant(
            "the log of a product. The product of many probabilities is 0 in floating point, and its log -inf: add "
            "logarithms.",
            {"(scores - log_sums).sum()": "(scores - log_sums).exp().prod().log()"},
        ),
        Mutant(
            "minus the log-probability. That is the loss: a log-probability is never above 0.",
            {"(scores - log_sums)": "(log_sums - scores)"},
        ),
        Mutant(
            "a log-probability with an exponential that overflows. Take the largest logit of each row off first.",
            {
                "(logits - largest).exp().sum(-1).log() + largest.squeeze(-1)": "logits.exp().sum(-1).log()",
            },
        ),
    ),
)
