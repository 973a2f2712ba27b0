"""From logits of starts and ends to an answer in the original text."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from minisft.data import Batches
from minisft.data.encoding import Window
from minisft.data.task import ANSWERED

LONGEST = 30  # pieces of an answer, as in Google's BERT


@dataclass(frozen=True)
class Answer:
    """A part of the context, and by how much it was preferred to there being no answer (start + end logits)."""

    text: str  # empty: the context has no answer
    start: int | None  # in characters of the context
    margin: float


def best_answers(outputs: list[Float[Tensor, "_ 2"]], batches: Batches, labels: list[str]) -> list[Answer]:
    """The answer of each row: the best of its windows' best spans, or none.

    None, [CLS] as start and end, wins where its lowest score of all windows reaches that of the best span: a window
    without the answer says nothing of the others (Devlin et al. 2019, section 4.3, whose code takes the lowest). A
    model that learned from answered questions alone always answers: it knows [CLS] from such windows only.
    """
    always = labels == ANSWERED
    best: dict[int, tuple[float, int, int, str]] = {}
    none: dict[int, float] = {}
    for logits, window in zip(outputs, batches.places, strict=True):
        score, first, last = best_span(logits, window)
        no_answer = (logits[0, 0] + logits[0, 1]).item()
        none[window.row] = min(no_answer, none.get(window.row, no_answer))
        if window.row not in best or score > best[window.row][0]:
            start, end = (window.spans[first][0], window.spans[last][1]) if window.spans else (0, 0)
            best[window.row] = (score, start, end, window.context)
    answers = []
    for row in sorted(best):
        score, start, end, context = best[row]
        found = always or score > none[row]
        answers.append(Answer(context[start:end] if found else "", start if found else None, score - none[row]))
    return answers


def best_span(logits: Float[Tensor, "T 2"], window: Window) -> tuple[float, int, int]:
    """The score of the best span, and its first and last piece in the window. Of an empty window the lowest score.

    A span lies in the context, ends where it begins or later, and has at most `LONGEST` pieces.
    """
    if not window.spans:
        return torch.finfo(torch.float32).min, 0, 0
    inside = logits[window.first : window.first + len(window.spans)]
    scores = inside[:, None, 0] + inside[None, :, 1]  # start by end
    valid = torch.ones_like(scores, dtype=torch.bool).triu().tril(LONGEST - 1)
    best = int(scores.masked_fill(~valid, float("-inf")).argmax())
    first, last = divmod(best, len(window.spans))
    return scores[first, last].item(), first, last
