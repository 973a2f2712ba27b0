"""What each kind of task needs, in one table: its model, its loss, how outputs become answers, how those are scored."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from minisft.data import Batches, Declaration, Task
from minisft.models import (
    FineTuned,
    MultiLabelClassifier,
    NestedTokenClassifier,
    SequenceClassifier,
    SpanClassifier,
    TokenClassifier,
)
from minisft.objectives import Classification, MultiLabel, Regression, Spans, Tagging
from minisft.training.metrics import (
    Scores,
    score_classes,
    score_label_sets,
    score_numbers,
    score_spans,
    score_tags,
)
from minisft.training.spans import best_answers


@dataclass(frozen=True)
class Kind:
    """One kind of task. `answers` gives for each row of a split what `score` compares with the gold."""

    model: type[FineTuned]
    objective: type
    answers: Callable[[list[Tensor], Batches, list[str]], list]
    score: Callable[[list, list, list[str]], Scores]
    metric: str  # the score that chooses the best epoch


def best_classes(outputs: list[Tensor], batches: Batches, labels: list[str]) -> list[int]:
    """The class with the highest logit."""
    return torch.stack(outputs).argmax(-1).tolist()


def numbers(outputs: list[Tensor], batches: Batches, labels: list[str]) -> list[float]:
    """The number itself."""
    return torch.stack(outputs)[:, 0].tolist()


def likely_labels(outputs: list[Tensor], batches: Batches, labels: list[str]) -> list[list[int]]:
    """Every label that is more likely there than not: σ(logit) > 0.5, which is logit > 0."""
    return [(logits > 0).nonzero().squeeze(1).tolist() for logits in outputs]


def best_tags(outputs: list[Tensor], batches: Batches, labels: list[str]) -> list[list[list[int]]]:
    """For each layer the tag of each word, from its first piece; O where a word has none."""
    outside = labels.index("O")
    rows = []
    for logits, first in zip(outputs, batches.places, strict=True):
        best = logits.argmax(-1).tolist()  # L T
        rows.append([[outside if piece is None else tags[piece] for piece in first] for tags in best])
    return rows


KINDS: dict[str, Kind] = {
    "class": Kind(SequenceClassifier, Classification, best_classes, score_classes, "accuracy"),
    "number": Kind(SequenceClassifier, Regression, numbers, score_numbers, "pearson"),
    "labels": Kind(MultiLabelClassifier, MultiLabel, likely_labels, score_label_sets, "micro_f1"),
    "tags": Kind(TokenClassifier, Tagging, best_tags, score_tags, "f1"),
    "span": Kind(SpanClassifier, Spans, best_answers, score_spans, "f1"),
}


def model_for(task: Declaration | Task) -> type[FineTuned]:
    """The model of a task: of tags in two layers one with two heads."""
    return NestedTokenClassifier if task.kind == "tags" and len(task.targets) == 2 else KINDS[task.kind].model
