"""Section 3.2.2: the next sentence."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.objectives.next_sentence import NEXT, RANDOM
from minisft.ops import cross_entropy

WORDS = ("ferry", "baker", "council", "lamp", "street", "harbour", "letter", "garden", "mayor", "boat", "rain", "bell")


def choose_second(documents: list[list[str]], document: int, sentence: int, draws: list[float]) -> tuple[str, int]:
    """A second sentence for `documents[document][sentence]`, and 0 where it is the next one, 1 where it is not.

    `draws` are three uniform numbers in 0 ... 1: below 0.5 the next sentence; else which of the *other* documents,
    and which sentence of it. A random sentence that reads like the true one is labelled as the next.
    """
    true = documents[document][sentence + 1]
    coin, which, where = draws
    if coin < 0.5:
        return true, NEXT
    others = documents[:document] + documents[document + 1 :]
    other = others[int(which * len(others))]
    second = other[int(where * len(other))]
    return second, NEXT if second == true else RANDOM


def next_sentence_loss(logits: Float[Tensor, "B 2"], labels: Int[Tensor, " B"]) -> Float[Tensor, ""]:
    """Mean cross-entropy of two classes, 0 next and 1 random."""
    return cross_entropy(logits, labels)


def town(draw: Draw, lengths: tuple[int, ...]) -> list[list[str]]:
    """Documents of so many sentences, no two of them alike."""
    return [
        [f"{draw.random.choice(WORDS)} {document} {sentence}" for sentence in range(length)]
        for document, length in enumerate(lengths)
    ]


def pairs(draw: Draw, coins: tuple[float, ...]) -> list[Arguments]:
    """A first sentence of the second of four documents; the draws reach every corner of the others."""
    documents = town(draw, (4, 5, 3, 6))
    corners = [(0.0, 0.99), (0.4, 0.0), (0.5, 0.7), (0.99, 0.99), tuple(draw.uniform(2).tolist())]
    return [
        {"documents": documents, "document": 1, "sentence": draw.random.randrange(4), "draws": [coin, *corner]}
        for coin, corner in zip(coins, corners, strict=True)
    ]


def repeated(draw: Draw) -> list[Arguments]:
    """Documents of which two share a sentence, and the draws find it. Equal, and not one string in two places."""
    documents = town(draw, (4, 5, 3))
    documents[2][1] = "".join(list(documents[1][3]))
    return [{"documents": documents, "document": 1, "sentence": 2, "draws": [0.8, 0.9, 0.5]}]


def alike(draw: Draw) -> list[Arguments]:
    """A document that is there twice, and a sentence that another document has as well; neither is the true one."""
    twice = town(draw, (4, 5, 3))
    twice[2] = list(twice[1])
    shared = town(draw, (4, 5, 3))
    shared[2][1] = shared[1][0]
    return [
        {"documents": documents, "document": 1, "sentence": 2, "draws": [0.8, 0.9, 0.5]}
        for documents in (twice, shared)
    ]


CHOOSE_SECOND = Contract(
    name="choose_second",
    section="3.2.2",
    reference=choose_second,
    results=("the sentence", "the label"),
    properties={
        "half of the time the next sentence, labelled 0": lambda draw: pairs(draw, (0.0, 0.2, 0.3, 0.4, 0.49)),
        "else a sentence of another document, labelled 1": lambda draw: pairs(draw, (0.5, 0.6, 0.7, 0.8, 0.99)),
        "a random sentence that is the true one": repeated,
        "documents that repeat one another": alike,
    },
    mutants=(
        Mutant(
            "the labels the other way round. BERT's are 0 for next and 1 for random.",
            {
                "return true, NEXT": "return true, RANDOM",
                "NEXT if second == true else RANDOM": "RANDOM if second == true else NEXT",
            },
        ),
        Mutant(
            "a random sentence that may come from the same document. It might even be the true one: "
            "leave the document out before you draw.",
            {"documents[:document] + documents[document + 1 :]": "documents"},
        ),
        Mutant(
            "a sentence that is the true one and labelled random. Documents repeat one another: compare the two.",
            {"NEXT if second == true else RANDOM": "RANDOM"},
        ),
        Mutant(
            "documents left out by what they say. Another may say the same: leave the first's out by its number.",
            {
                "documents[:document] + documents[document + 1 :]": (
                    "[other for other in documents if other != documents[document]]"
                )
            },
        ),
        Mutant(
            "the label 0 for every sentence that the first's document has too. Only the one after the first is next.",
            {"second == true": "second in documents[document]"},
        ),
        Mutant(
            "the coin read the wrong way round: below 0.5 is the next sentence.",
            {"coin < 0.5": "coin >= 0.5"},
        ),
        Mutant(
            "a random sentence that is always the first of its document. First sentences read like first sentences, "
            "and the model learns to spot them.",
            {"other[int(where * len(other))]": "other[0]"},
        ),
        Mutant(
            "a draw that never reaches the last document or sentence: int(draw * n) already ends at n - 1.",
            {"which * len(others)": "which * (len(others) - 1)", "where * len(other))": "where * (len(other) - 1))"},
        ),
        Mutant(
            "the first sentence itself as its next one. The next stands at sentence + 1.",
            {"[sentence + 1]": "[sentence]"},
        ),
    ),
)


def judged(draw: Draw, rows: int) -> Arguments:
    """Logits of two classes and labels of both."""
    labels = draw.integers(0, 2, rows)
    labels[:3] = torch.tensor([0, 1, 0])
    return {"logits": draw.normal(rows, 2), "labels": labels}


NEXT_SENTENCE_LOSS = Contract(
    name="next_sentence_loss",
    section="3.2.2",
    reference=next_sentence_loss,
    gradients=("logits",),
    properties={
        "the mean over all pairs": lambda draw: [judged(draw, 3), judged(draw, 8)],
        "logits of a thousand": lambda draw: [judged(draw, 5) | {"logits": draw.extreme(5, 2)}],
    },
    mutants=(
        Mutant(
            "a loss that ignores class 0: a criterion shared with masked words, whose ignore_index is 0, deletes "
            "every true pair. Here 0 is a class.",
            {"cross_entropy(logits, labels)": "cross_entropy(logits[labels != 0], labels[labels != 0])"},
        ),
        Mutant("a loss with the labels the other way round: 0 is next, 1 is random.", {", labels)": ", 1 - labels)"}),
        Mutant(
            "the sum over the pairs and not the mean. Then a step grows with the batch.",
            {", labels)": ', labels, "sum")'},
        ),
        Mutant(
            "a loss divided by the number of logits and not of pairs.",
            {"cross_entropy(logits, labels)": 'cross_entropy(logits, labels, "sum") / logits.numel()'},
        ),
        Mutant(
            "a loss that reads only the second logit. Both count: the softmax is over two.",
            {"cross_entropy(logits,": "cross_entropy(logits * torch.tensor([0.0, 1.0], dtype=logits.dtype),"},
        ),
        Mutant(
            "a loss with an exponential that overflows. Take the larger logit of each pair off first.",
            {
                "cross_entropy(logits, labels)": (
                    "-(logits.exp() / logits.exp().sum(-1, keepdim=True))"
                    "[torch.arange(len(labels)), labels].log().mean()"
                )
            },
        ),
        Mutant(
            "one minus the probability of the right class. The loss is minus its logarithm: it punishes a sure mistake "
            "without limit.",
            {
                "cross_entropy(logits, labels)": (
                    "(1 - torch.softmax(logits, -1)[torch.arange(len(labels)), labels]).mean()"
                )
            },
        ),
    ),
)
