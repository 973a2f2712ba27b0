"""What a fine-tuned model must beat: always the same answer, and a model that sees words and not their order."""

import math
import warnings
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minisft.data import Task
from minisft.data.task import Row, gold_of
from minisft.text.cleaning import is_punctuation, split_words
from minisft.training.kinds import KINDS
from minisft.training.metrics import Scores
from minisft.training.spans import Answer

if TYPE_CHECKING:
    from datasets import Dataset
    from scipy.sparse import csr_matrix

WORD = r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+"  # of a TF-IDF: an ideograph, or letters and digits
NEAR = 10  # words on each side of an answer in which the question's words count


def baselines(task: Task) -> dict[str, Scores]:
    """Test scores of the most frequent answer (of numbers the mean; of tags each word's own), and of a bag of words."""
    gold = [gold_of(task, row) for row in task.test]
    constant, bag = BASELINES[task.kind]
    found = {"mean" if task.kind == "number" else "majority": constant(task), "bag of words": bag(task)}
    return {name: KINDS[task.kind].score(gold, said, task.labels) for name, said in found.items()}


def most_frequent(task: Task) -> list:
    """The most frequent class or set of labels, for every test row."""
    values = [tuple(v) if isinstance(v, list) else v for v in task.train[task.targets[0]]]
    value = Counter(values).most_common(1)[0][0]
    return [list(value) if isinstance(value, tuple) else value] * len(task.test)


def mean(task: Task) -> list[float]:
    """The mean, for every test row."""
    return [float(np.mean(task.train[task.targets[0]]))] * len(task.test)


def most_frequent_tags(task: Task) -> list[list[list[int]]]:
    """For each layer the tag that a word has most often; O for a word that training never saw."""
    layers = []
    for target in task.targets:
        counts: dict[str, Counter] = {}
        for row in task.train:
            for word, tag in zip(row["tokens"], row[target], strict=True):
                counts.setdefault(word.lower(), Counter())[tag] += 1
        best = {word: count.most_common(1)[0][0] for word, count in counts.items()}
        outside = task.labels.index("O")
        layers.append([[best.get(word.lower(), outside) for word in words] for words in task.test["tokens"]])
    return [list(layer) for layer in zip(*layers, strict=True)]


def most_frequent_answer(task: Task) -> list[Answer]:
    """The most frequent answer, which may be that there is none."""
    texts = Counter((gold_of(task, row) or [""])[0] for row in task.train)
    return [Answer(texts.most_common(1)[0][0], None, 0.0)] * len(task.test)


def linear_text(task: Task) -> list:
    """A linear model on TF-IDF word counts: which words there are, and for a pair which the two share."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    vectorizer = TfidfVectorizer(token_pattern=WORD, sublinear_tf=True)
    try:
        vectorizer.fit([text for column in task.columns for text in task.train[column]])
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        # No text has a word: emoji alone.
        return BASELINES[task.kind][0](task)
    train, test = (features(rows, task.columns, vectorizer.transform) for rows in (task.train, task.test))
    gold = list(task.train[task.targets[0]])
    if task.kind == "number":
        return Ridge().fit(train, gold).predict(test).tolist()
    if task.kind == "class":
        if len(set(gold)) == 1:  # of few rows
            return most_frequent(task)
        return LogisticRegression(max_iter=1000).fit(train, gold).predict(test).tolist()
    binarizer = MultiLabelBinarizer(classes=range(len(task.labels)))
    with warnings.catch_warnings():  # a label that no training row has is never said
        warnings.filterwarnings("ignore", "Label .* is present in all training examples|Label not .*")
        model = OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(train, binarizer.fit_transform(gold))
        return [np.flatnonzero(labels).tolist() for labels in model.predict(test)]


def features(rows: "Dataset", columns: tuple[str, ...], transform: Callable) -> "csr_matrix":
    """The words of each text; for a pair also what the two share and where they differ."""
    from scipy.sparse import hstack

    parts = [transform(rows[column]) for column in columns]
    if len(parts) == 2:
        parts += [abs(parts[0] - parts[1]), parts[0].multiply(parts[1])]
    return hstack(parts).tocsr()


def linear_tags(task: Task) -> list[list[list[int]]]:
    """A linear model of each word's tag from the word and the two beside it."""
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    hasher = FeatureHasher(2**18, input_type="string")
    train, test = (
        hasher.transform([clues for words in split["tokens"] for clues in clues_of(words)])
        for split in (task.train, task.test)
    )
    layers = []
    for target in task.targets:
        gold = [tag for tags in task.train[target] for tag in tags]
        said = [gold[0]] * test.shape[0]
        if len(set(gold)) > 1:
            said = SGDClassifier(loss="log_loss", alpha=1e-5, random_state=0).fit(train, gold).predict(test).tolist()
        tags = iter(said)
        layers.append([[next(tags) for _ in words] for words in task.test["tokens"]])
    return [list(layer) for layer in zip(*layers, strict=True)]


def clues_of(words: list[str]) -> list[list[str]]:
    """What a bag of words sees of each word: the word and the two beside it."""
    beside = ["", *(word.lower() for word in words), ""]
    return [[f"is {beside[i]}", f"after {beside[i - 1]}", f"before {beside[i + 1]}"] for i in range(1, len(beside) - 1)]


def sliding_window(task: Task) -> list[Answer]:
    """The words of the context with most of the question's words beside them and none among them.

    As long as answers mostly are; a rare word counts more (Richardson et al. 2013, algorithm 1; Rajpurkar et al. 2016).
    """
    lengths, counts = [], Counter()
    for row in task.train:
        lengths += [len(split_words(text)) for text in gold_of(task, row)[:1]]
        counts.update(words_of(row["context"]))
    length = int(np.median(lengths)) if lengths else 1
    return [slide(row, length, counts) for row in task.test]


def slide(row: Row, length: int, counts: "Counter[str]") -> Answer:
    """The best window of one context. See `sliding_window`."""
    places, words = split_words(row["context"]), words_of(row["context"])
    asked = {word for word in words_of(row["question"]) if not is_punctuation(word[0])}
    weights = [math.log(1 + 1 / (1 + counts[word])) if word in asked else 0.0 for word in words]
    best, found = -1.0, (0, 0)
    for start in range(len(words) - length + 1):
        end = start + length
        if any(word in asked or is_punctuation(word[0]) for word in words[start:end]):
            continue
        near = sum(weights[max(0, start - NEAR) : end + NEAR])
        if near > best:
            best, found = near, (places[start][0], places[end - 1][1])
    return Answer(row["context"][slice(*found)], found[0], best)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [text[start:end].lower() for start, end in split_words(text)]


BASELINES: dict[str, tuple[Callable[[Task], list[Any]], Callable[[Task], list[Any]]]] = {
    "class": (most_frequent, linear_text),
    "number": (mean, linear_text),
    "labels": (most_frequent, linear_text),
    "tags": (most_frequent_tags, linear_tags),
    "span": (most_frequent_answer, sliding_window),
}
