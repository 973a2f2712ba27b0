"""Scores of each kind of task: what is to be found (gold) against what was said (predictions), a value a row each."""

import re
import string
from collections import Counter
from typing import TYPE_CHECKING

from minisft.text.cleaning import is_cjk, is_punctuation

if TYPE_CHECKING:
    from minisft.training.spans import Answer

Scores = dict[str, float]


def score_classes(gold: list[int], predictions: list[int], labels: list[str]) -> Scores:
    """Accuracy, and F1: of class 1 where there are two classes, else the mean over the classes (macro)."""
    from sklearn.metrics import accuracy_score, f1_score

    average = "binary" if len(labels) == 2 else "macro"
    return {
        "accuracy": float(accuracy_score(gold, predictions)),
        "f1": float(f1_score(gold, predictions, average=average, zero_division=0.0)),
    }


def score_numbers(gold: list[float], predictions: list[float], labels: list[str]) -> Scores:
    """The correlations of Pearson and Spearman, and the mean squared error."""
    from scipy.stats import pearsonr, spearmanr
    from sklearn.metrics import mean_squared_error

    flat = len(set(predictions)) == 1 or len(set(gold)) == 1  # no correlation is defined with a constant
    return {
        "pearson": 0.0 if flat else float(pearsonr(gold, predictions).statistic),
        "spearman": 0.0 if flat else float(spearmanr(gold, predictions).statistic),
        "mean_squared_error": float(mean_squared_error(gold, predictions)),
    }


def score_label_sets(gold: list[list[int]], predictions: list[list[int]], labels: list[str]) -> Scores:
    """F1 over all labels of all rows (micro), the mean of each label's F1 (macro), and how many sets are right."""
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    binarizer = MultiLabelBinarizer(classes=range(len(labels)))
    given, said = binarizer.fit_transform(gold), binarizer.transform(predictions)
    # Of whether a label is there, and never of whether it is not: what scikit-learn's averages count where there is
    # one label alone.
    each = [f1_score(given[:, i], said[:, i], zero_division=0.0) for i in range(len(labels))]
    return {
        "micro_f1": float(f1_score(given.ravel(), said.ravel(), zero_division=0.0)),
        "macro_f1": float(sum(each) / len(each)),
        "exact_match": float((given == said).all(1).mean()),
    }


def score_tags(gold: list[list[list[int]]], predictions: list[list[list[int]]], labels: list[str]) -> Scores:
    """Precision, recall and F1 of entities, each with its exact words and type, as the CoNLL script counts them.

    A row has a list of tags for each layer. With two layers the entities of both count, and `nested_f1` is of the
    second layer alone. A tag for each word would score well by O alone; entities do not.
    """
    from seqeval.metrics import f1_score, precision_score, recall_score

    given, said = by_layer(gold, labels), by_layer(predictions, labels)
    everything = [tags for layer in given for tags in layer], [tags for layer in said for tags in layer]
    scores = {
        "f1": float(f1_score(*everything, zero_division=0)),
        "precision": float(precision_score(*everything, zero_division=0)),
        "recall": float(recall_score(*everything, zero_division=0)),
    }
    return scores | ({"nested_f1": float(f1_score(given[1], said[1], zero_division=0))} if len(given) > 1 else {})


def by_layer(rows: list[list[list[int]]], labels: list[str]) -> list[list[list[str]]]:
    """The names of the tags, layer by layer: a list of rows for each."""
    return [[[labels[tag] for tag in tags] for tags in layer] for layer in zip(*rows, strict=True)]


def score_spans(gold: list[list[str]], predictions: "list[Answer]", labels: list[str]) -> Scores:
    """Exact match and F1 of the answers' words (Rajpurkar et al. 2016, section 6.1), each against the best gold answer.

    Where there is no answer, only the empty one is right (Rajpurkar et al. 2018).
    """
    pairs = [(answers or [""], said.text) for answers, said in zip(gold, predictions, strict=True)]
    exact = [max(float(normalise(answer) == normalise(said)) for answer in answers) for answers, said in pairs]
    overlap = [max(word_f1(answer, said) for answer in answers) for answers, said in pairs]
    return {"exact_match": sum(exact) / len(exact), "f1": sum(overlap) / len(overlap)}


def normalise(answer: str) -> list[str]:
    """The words that count in an answer: in lower case, without a, an, the and punctuation, as in SQuAD's script.

    Where there are Chinese characters each is a word, and their punctuation goes too.
    """
    answer = answer.lower()
    if any(map(is_cjk, answer)):
        kept = "".join(c for c in answer if not is_punctuation(c))
        return "".join(f" {c} " if is_cjk(c) else c for c in kept).split()
    kept = "".join(c for c in answer if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", kept).split()


def word_f1(gold: str, said: str) -> float:
    """The harmonic mean of the shares of words that two answers have in common."""
    one, other = normalise(gold), normalise(said)
    if not one or not other:
        return float(one == other)
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))
