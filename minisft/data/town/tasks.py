"""What is asked about the town: each task is read off the world and never off the text."""

import random

from minisft.data.town.grammar import say
from minisft.data.town.names import NAMES
from minisft.data.town.world import KINDS, Fact, World, build_world, facts

Row = dict[str, str | int]


def paraphrase(train: int = 2400, validation: int = 400, test: int = 800, seed: int = 0) -> dict[str, list[Row]]:
    """Pairs of sentences with the label 1 where both say one fact and 0 where the second says its twin.

    A twin has the same words and two parts exchanged (who sold to whom, what came first), so how often a word
    occurs tells nothing. Each split speaks of a town with names of its own. Columns: sentence1, sentence2, label,
    kind.
    """
    sizes = {"train": train, "validation": validation, "test": test}
    return {split: [row for row, _ in stated_pairs(split, size, seed)] for split, size in sizes.items()}


def stated_pairs(split: str, size: int, seed: int = 0) -> list[tuple[Row, tuple[Fact, Fact]]]:
    """The rows of one split, each with the two facts that its sentences state."""
    rng = random.Random(f"paraphrase {split} {seed}")
    world = build_world(NAMES[split], rng)
    pairs = []
    for number, kind in enumerate(KINDS):
        count = size // len(KINDS) + (number < size % len(KINDS))
        pairs += _pairs(world, kind, count, first_label=number % 2, rng=rng)
    rng.shuffle(pairs)
    return pairs


def _pairs(
    world: World, kind: str, count: int, first_label: int, rng: random.Random
) -> list[tuple[Row, tuple[Fact, Fact]]]:
    pairs = []
    for number, fact in enumerate(facts(world, kind, count, rng)):
        label = (number + first_label) % 2
        other = fact if label else fact.twin()
        first, second = _two_ways(fact, other, rng)
        row: Row = {"sentence1": first, "sentence2": second, "label": label, "kind": kind}
        pairs.append((row, (fact, other)))
    return pairs


def _two_ways(fact: Fact, other: Fact, rng: random.Random) -> tuple[str, str]:
    """The fact said in one way and the other in a second way.

    The two ways are chosen before the label counts, as ways to say the first fact that differ: to compare the
    sentences that are used would make pairs of the label 1 less alike than pairs of the label 0.
    """
    one, two = rng.getrandbits(32), rng.getrandbits(32)
    for _ in range(20):
        if say(fact, random.Random(one)) != say(fact, random.Random(two)):
            break
        two = rng.getrandbits(32)
    return say(fact, random.Random(one)), say(other, random.Random(two))
