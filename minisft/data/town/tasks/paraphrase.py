"""What is asked about the town: each task is read off the world and never off the text."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from minisft.data.task import Declaration
from minisft.data.town.grammar import say
from minisft.data.town.names import NAMES
from minisft.data.town.world import KINDS, Fact, build_world, facts
from minisft.errors import InputError

Row = dict[str, str | int]
Stated = tuple[Row, tuple[Fact, Fact]]  # a row, and the facts that its two sentences state
# Kinds of facts between two named parties: with these a small model finds its way in within a few hundred updates.
PARTIES = ("speech", "time", "comparison", "bond", "transfer", "place")


@dataclass(frozen=True)
class Difficulty:
    """Which kinds of facts there are, and how freely the order of the two parties varies.

    `strangers` is how often a false sentence names somebody else, rather than the same two the wrong way round;
    `crossed` is how often a first sentence names the second party first, `turned` how often the other sentence has
    it the other way round. With both at a half, the order of the names alone says nothing.
    """

    kinds: tuple[str, ...]
    strangers: float
    crossed: float
    turned: float


PLAIN = Difficulty(PARTIES, strangers=0.5, crossed=0.3, turned=0.1)
HARD = Difficulty(KINDS, strangers=0.0, crossed=0.3, turned=0.2)


def paraphrase(
    train: int = 2000, validation: int = 400, test: int = 800, seed: int = 0, difficulty: Difficulty = PLAIN
) -> dict[str, list[Row]]:
    """Pairs of sentences with the label 1 where both say one fact and 0 where the second says its twin.

    A twin has the same words and two parts exchanged (who sold to whom, what came first), so how often a word
    occurs tells nothing; or it has somebody else in place of one party. Each split speaks of a town with names of
    its own, so which names stand there tells nothing either. Columns: sentence1, sentence2, label,
    kind.
    """
    sizes = {"train": train, "validation": validation, "test": test}
    return {split: [row for row, _ in stated_pairs(split, size, seed, difficulty)] for split, size in sizes.items()}


def hard_paraphrase() -> dict[str, list[Row]]:
    """`paraphrase` with every kind of fact, and sentences that turn the order of the parties round."""
    return paraphrase(difficulty=HARD)


def declare_paraphrase(make: Callable[[], dict[str, list[Row]]], about: str) -> Declaration:
    """A paraphrase task, which there is in English, and in no domain."""

    def make_english(domain: str, language: str) -> dict[str, list[Row]]:
        if language != "en":
            raise InputError(f"the town's paraphrases are in English (en), not in {language!r}")
        return make()

    labels = ["not_equivalent", "equivalent"]
    return Declaration("class", ("sentence1", "sentence2"), ("label",), labels, about, make=make_english)


def stated_pairs(split: str, size: int, seed: int = 0, difficulty: Difficulty = PLAIN) -> list[Stated]:
    """The rows of one split, each with the two facts that its sentences state."""
    rng = random.Random(f"paraphrase {split} {seed}")
    world = build_world(NAMES[split], rng)
    pairs, kinds = [], difficulty.kinds
    for number, kind in enumerate(kinds):
        count = size // len(kinds) + (number < size % len(kinds))
        drawn = facts(world, kind, count, rng)
        for position, fact in enumerate(drawn):
            label = (position + number) % 2
            other = fact if label else untrue(fact, drawn, difficulty.strangers, rng)
            first, second = two_ways(fact, other, difficulty, rng)
            row: Row = {"sentence1": first, "sentence2": second, "label": label, "kind": kind}
            pairs.append((row, (fact, other)))
    rng.shuffle(pairs)
    return pairs


def untrue(fact: Fact, drawn: list[Fact], strangers: float, rng: random.Random) -> Fact:
    """The twin of a fact, or the fact with another party of the same sort in place of one of its two."""
    others = {other.first.name for other in drawn if other.relation == fact.relation}
    names = sorted(others - {fact.first.name, fact.second.name})
    # Occasions are named alike in every town: there a stranger's name would tell.
    if fact.relation == "occasion" or not names or rng.random() >= strangers:
        return fact.twin()
    name = rng.choice(names)
    if rng.random() < 0.5:
        return replace(fact, first=replace(fact.first, name=name))
    return replace(fact, second=replace(fact.second, name=name))


def two_ways(fact: Fact, other: Fact, difficulty: Difficulty, rng: random.Random) -> tuple[str, str]:
    """The fact said in one way and the other in a second way.

    The two ways are chosen before the label counts, as ways to say the first fact that differ: to compare the
    sentences that are used would make pairs of the label 1 less alike than pairs of the label 0.
    """
    crossed = rng.random() < difficulty.crossed
    crossed_too = crossed != (rng.random() < difficulty.turned)
    one, two = rng.getrandbits(32), rng.getrandbits(32)
    for _ in range(30):
        if say(fact, crossed, random.Random(one)) != say(fact, crossed_too, random.Random(two)):
            break
        two = rng.getrandbits(32)
    return say(fact, crossed, random.Random(one)), say(other, crossed_too, random.Random(two))


TOWN: dict[str, Declaration] = {
    "town/paraphrase": declare_paraphrase(paraphrase, "do two sentences about the town say the same?"),
    "town/paraphrase-hard": declare_paraphrase(hard_paraphrase, "the same, with negation and every order of words"),
}
