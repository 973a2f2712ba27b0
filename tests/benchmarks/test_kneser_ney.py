"""The n-grams that pretraining is measured against, from their definition."""

import random
from collections import Counter

import numpy as np
import pytest
from kneser_ney import BothSides, KneserNey

SIZE = 7


@pytest.fixture(scope="module")
def texts() -> list[list[int]]:
    draw = random.Random(0)
    return [[min(draw.randrange(SIZE), draw.randrange(SIZE)) for _ in range(draw.randrange(5, 40))] for _ in range(30)]


def by_definition(texts: list[list[int]], context: tuple[int, ...], word: int) -> float:
    """Chen and Goodman's equation 14, word by word; trigrams count occurrences, what is below counts words before."""
    trigrams = Counter(tuple(text[i : i + 3]) for text in texts for i in range(len(text) - 2))
    bigrams = Counter(gram[1:] for gram in trigrams)
    unigrams = Counter(gram[1:] for gram in bigrams)
    found = 1 / SIZE
    for counts, before in ((unigrams, ()), (bigrams, context[1:]), (trigrams, context)):
        total = sum(count for gram, count in counts.items() if gram[:-1] == before)
        if total:
            once, twice = (sum(count == times for count in counts.values()) for times in (1, 2))
            off = once / (once + 2 * twice) if once else 0.5
            followers = sum(gram[:-1] == before for gram in counts)
            found = max(counts[(*before, word)] - off, 0) / total + off * followers / total * found
    return found


@pytest.mark.parametrize("context", [(0, 1), (2, 0), (6, 6), (5, 4)])
def test_the_probabilities_are_those_of_the_definition(texts, context) -> None:
    found = KneserNey(texts, SIZE).after(context)
    np.testing.assert_allclose(found, [by_definition(texts, context, word) for word in range(SIZE)], rtol=1e-12)
    assert found.sum() == pytest.approx(1)


def test_what_was_never_seen_falls_back(texts) -> None:
    model = KneserNey([[word for word in text if word != 6] for text in texts], SIZE)
    np.testing.assert_array_equal(model.after([6]), model.after([]))
    np.testing.assert_array_equal(model.after([6, 1]), model.after([1]))
    assert model.after([0, 1])[6] > 0


def test_a_word_is_guessed_from_both_sides() -> None:
    """After 1 come 2 and 3, before 4 stand 3 and 5: between the two it is 3."""
    texts = [[1, 2, 0], [1, 3, 0], [0, 3, 4], [0, 5, 4]] * 4
    model = BothSides(texts, SIZE, order=2)
    found = model.between([1], [4])
    assert found.argmax() == 3
    assert found.sum() == pytest.approx(1)
    assert model.forwards.after([1])[3] < found[3]
