"""What a fine-tuned model must beat: always the same answer, and a bag of words."""

from typing import TYPE_CHECKING

import numpy as np

from minisft.data import Task
from minisft.training.evaluation import score

if TYPE_CHECKING:
    from datasets import Dataset
    from scipy.sparse import csr_matrix


def baselines(task: Task) -> dict[str, dict[str, float]]:
    """Test scores of the most frequent class (or the mean), and of a linear model on TF-IDF word counts."""
    train, test = np.array(task.train["label"]), list(task.test["label"])
    constant = train.mean() if task.kind == "number" else np.bincount(train).argmax()
    return {
        "mean" if task.kind == "number" else "majority": score(
            test, [constant.item()] * len(test), task.kind == "number"
        ),
        "bag of words": score(test, bag_of_words(task), (task.kind == "number")),
    }


def bag_of_words(task: Task) -> list:
    """Predictions for the test split of a linear model that sees which words there are and not their order."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression, Ridge

    vectorizer = TfidfVectorizer(token_pattern=r"\w+", sublinear_tf=True)
    vectorizer.fit([text for column in task.columns for text in task.train[column]])
    model = Ridge() if task.kind == "number" else LogisticRegression(max_iter=1000)
    model.fit(features(task.train, task.columns, vectorizer.transform), task.train["label"])
    return model.predict(features(task.test, task.columns, vectorizer.transform)).tolist()


def features(rows: "Dataset", columns: tuple[str, ...], transform) -> "csr_matrix":
    """The words of each text; for a pair also what the two share and where they differ."""
    from scipy.sparse import hstack

    parts = [transform(rows[column]) for column in columns]
    if len(parts) == 2:
        parts += [abs(parts[0] - parts[1]), parts[0].multiply(parts[1])]
    return hstack(parts).tocsr()
