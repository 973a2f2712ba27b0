"""Interpolated Kneser-Ney n-grams (Kneser and Ney 1995; Chen and Goodman 1999, equation 14): a guess by counting."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float, Int


class KneserNey:
    """The distribution of a word after the words before it, from counts of 1, 2 ... `order` words in a row.

    The highest order counts how often an n-gram occurs, each lower one after how many different words: what follows
    many words is likely after a new one. A discount D = n1 / (n1 + 2 n2) is taken from each count (n1 and n2: how many
    n-grams have 1 and 2) and goes to the next lower order; below one word all are equally likely.
    """

    def __init__(self, texts: Iterable[Sequence[int]], size: int, order: int = 3) -> None:
        """`texts` are ids below `size`, the number of words."""
        self.size, self.order = size, order
        joined = [np.asarray(text, dtype=np.int64) for text in texts]
        grams = np.concatenate([self.numbers(text) for text in joined if len(text) >= order])
        keys, counts = np.unique(grams, return_counts=True)
        self.levels = [(keys, counts, discount(counts))]
        for length in range(order - 1, 0, -1):
            keys, counts = np.unique(keys % size**length, return_counts=True)
            self.levels.insert(0, (keys, counts, discount(counts)))

    def numbers(self, text: Int[np.ndarray, " T"]) -> Int[np.ndarray, " N"]:
        """Each n-gram of a text as one number: its words are the digits, in base `size`."""
        count = len(text) - self.order + 1
        number = np.zeros(count, dtype=np.int64)
        for offset in range(self.order):
            number = number * self.size + text[offset : offset + count]
        return number

    def after(self, context: Sequence[int]) -> Float[np.ndarray, " V"]:
        """The probabilities of all words after the last `order` - 1 words of the context, or fewer."""
        found = np.full(self.size, 1 / self.size)
        for length in range(min(len(context) + 1, self.order)):
            keys, counts, off = self.levels[length]
            number = 0
            for word in context[len(context) - length :]:
                number = number * self.size + int(word)
            start, end = np.searchsorted(keys, [number * self.size, (number + 1) * self.size])
            if start == end:  # nothing was seen after these words, nor will be after more of them
                break
            seen, total = counts[start:end], counts[start:end].sum()
            found *= off * len(seen) / total
            found[keys[start:end] - number * self.size] += (seen - off) / total
        return found


def discount(counts: Int[np.ndarray, " N"]) -> float:
    """What is taken from each count."""
    once, twice = (int((counts == times).sum()) for times in (1, 2))
    return once / (once + 2 * twice) if once else 0.5


class BothSides:
    """A word between others: its n-grams read forwards and backwards, p(w | before) p(w | after) / p(w), made to sum
    to 1. That is Bayes' rule where, given the word, what is before it tells nothing of what is after it.
    """

    def __init__(self, texts: Sequence[Sequence[int]], size: int, order: int = 3) -> None:
        self.forwards = KneserNey(texts, size, order)
        self.backwards = KneserNey([text[::-1] for text in texts], size, order)
        counts = np.bincount(np.concatenate([np.asarray(text) for text in texts]), minlength=size)
        self.unigram = (counts + 1) / (counts + 1).sum()  # a word that never occurred must be possible too

    def between(self, before: Sequence[int], after: Sequence[int]) -> Float[np.ndarray, " V"]:
        """The probabilities of all words between those before and those after."""
        product = self.forwards.after(before) * self.backwards.after(after[::-1]) / self.unigram
        return product / product.sum()
