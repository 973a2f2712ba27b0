"""What follows from a text, what contradicts it, and what it leaves open; and what says the same."""

import random
from dataclasses import replace

from minisft.data.town import lexicon
from minisft.data.town.documents import Writer
from minisft.data.town.frames import Frame, phrase_book
from minisft.data.town.population import Fact, Person, fact
from minisft.data.town.speech import Speech
from minisft.data.town.stories import Cast, Step
from minisft.data.town.tasks.worlds import Row, lead, rows_of, whole
from minisft.data.town.teller import LANGUAGES

ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)
LABELS = ["entailment", "neutral", "contradiction"]
PARTIES = ("person", "other")
# What exchanging the two people of a fact does to it: it stays as it is, cannot also be so, or is another matter.
SAME = ("argue", "meet", "wed")
REVERSED = ("sell", "lend", "give", "give_back", "succeed", "reward")
FREE = ("help", "visit", "praise", "thank", "invite", "teach", "rescue")
# Of a paraphrase's untrue twins the share with two people exchanged, and how often a second way to say a fact begins
# with the other person. With both at 1/2 the order of names tells nothing.
EXCHANGED, TURNED = 0.3, 0.1
KINDS = {
    "newspaper": SAME + REVERSED + FREE,
    "helpdesk": ("argue", "meet", "sell", "lend", "give_back", "help", "thank"),
}


def draw_fact(kind: str, people: list[Person], cast: Cast, day: int) -> Fact:
    """A fact of a kind between two of these people, the rest of its roles at random."""
    rng, town = cast.rng, cast.town
    one, two = rng.sample(people, 2)
    roles: dict[str, object] = {
        "thing": cast.thing(), "number": cast.pounds(10, 400), "place": cast.place(), "org": rng.choice(town.public),
        "subject": cast.some(lexicon.SUBJECTS), "chore": cast.some(lexicon.CHORES),
        "skill": cast.some(lexicon.SKILLS), "occasion": cast.some(lexicon.OCCASIONS),
    }  # fmt: skip
    if kind == "wed":
        del roles["place"]  # it may be left out, and who did not marry in one place may have in another
    return fact(kind, day, person=one, other=two, **roles)


def swapped(told: Fact) -> Fact:
    """The fact with its two people exchanged."""
    return Fact(told.kind, told.roles | {"person": told["other"], "other": told["person"]}, told.day)


def holds(told: Fact, denied: bool, asked: Fact) -> int:
    """Whether `asked` follows from a fact that is told, or denied, of the same kind between the same two people."""
    if told["person"] != asked["person"] and told.kind not in SAME:
        if told.kind in FREE or denied:
            return NEUTRAL
        return CONTRADICTION
    return CONTRADICTION if denied else ENTAILMENT


def draw_inference(writer: Writer, domain: str, language: str) -> Row | None:
    """A text of two or three facts, one of them perhaps denied, and a sentence on one of them."""
    rng, cast = writer.rng, writer.cast()
    people = rng.sample(writer.town.people, 3)
    kinds = rng.sample(KINDS[domain], rng.choice((2, 3)))
    facts = [draw_fact(kind, people, cast, cast.day + number) for number, kind in enumerate(kinds)]
    about, denied = rng.choice(facts), rng.random() < 0.4
    asked = swapped(about) if rng.random() < 0.5 else about
    negated = rng.random() < 0.5
    label = holds(about, denied, asked)
    if label == NEUTRAL and rng.random() < 0.4 and about.kind in REVERSED:
        return None
    if label != NEUTRAL and negated:
        label = CONTRADICTION if label == ENTAILMENT else ENTAILMENT
    teller = writer.teller(cast.day + 5)
    sentences: list[str] = []
    for told in facts:
        if told is about and denied:
            clause = teller.speech.clause(told, negated=True)
            sentences.append(teller.speech.sentence(lead(clause, domain, language, rng)))
            teller.speech.memory.close_sentence()
        else:
            sentences += teller.steps([Step(told)], background=0.2)
    speech = LANGUAGES[language](rng, plain=True)
    hypothesis = speech.sentence(speech.clause(replace(asked, day=0), negated=negated))
    premise = whole(teller.read(sentences), language)
    return {"premise": premise, "hypothesis": speech.marks.read(hypothesis)[0], "label": label}


def nli(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns premise, hypothesis, label."""
    return rows_of("nli", domain, language, draw_inference)


def other_fact(told: Fact, people: list[Person], cast: Cast) -> Fact:
    """A fact that a told one does not say: with its two people exchanged, or with somebody or something else in it."""
    rng = cast.rng
    if told.kind not in SAME and rng.random() < EXCHANGED:
        return swapped(told)
    details = [role for role in ("thing", "place", "subject", "chore", "skill", "occasion") if role in _said(told.kind)]
    role = rng.choice((*PARTIES, *details))
    if role in PARTIES:
        value: object = next(person for person in people if person not in told.roles.values())
    else:
        value = told[role]
        while value == told[role]:
            value = draw_fact(told.kind, people, cast, 0)[role]
    return Fact(told.kind, told.roles | {role: value}, told.day)


def _said(kind: str) -> frozenset[str]:
    """The roles that every way to say a kind of fact fills, in both languages."""
    return frozenset.intersection(*(frame.needs for language in LANGUAGES for frame in phrase_book(language)[kind]))


def two_frames(told: Fact, speech: Speech, rng: random.Random) -> tuple[Frame, Frame]:
    """Two ways to say a fact, most of the time with the same person first."""
    frames = [frame for frame in speech.book[told.kind] if frame.needs <= told.roles.keys()]
    first = rng.choice(frames)
    alike = [frame for frame in frames if frame is not first and frame.begins_with() == first.begins_with()]
    others = [frame for frame in frames if frame.begins_with() != first.begins_with()]
    turned = rng.random() < TURNED
    return first, rng.choice((others if turned else alike) or alike or others or frames)


def draw_paraphrase(writer: Writer, domain: str, language: str) -> Row | None:
    """One fact or two, said twice in different words; the second time perhaps one of them is another fact.

    The ways to say them are drawn before the label counts, so how alike two sentences are tells nothing.
    """
    rng, cast = writer.rng, writer.cast()
    people = rng.sample(writer.town.people, 3)
    facts = [draw_fact(kind, people, cast, 0) for kind in rng.sample(KINDS[domain], rng.choice((1, 1, 1, 2)))]
    label, at = rng.randrange(2), rng.randrange(len(facts))
    again = list(facts)
    if not label:
        again[at] = other_fact(facts[at], people, cast)
    elif facts[at].kind in SAME and rng.random() < TURNED:
        again[at] = swapped(facts[at])
    frames = [two_frames(fact, LANGUAGES[language](rng), rng) for fact in facts]
    negated = [rng.random() < 0.15 and all(frame.verbs() == 1 for frame in pair) for pair in frames]
    seed = rng.getrandbits(32)

    def say(told: list[Fact], which: int) -> str:
        speech = LANGUAGES[language](random.Random(seed + which), plain=True)
        clauses = [
            speech.clause(fact, no, frame=pair[which]) for fact, no, pair in zip(told, negated, frames, strict=True)
        ]
        text = ("，" if language == "zh" else ", and ").join(clauses)
        return speech.marks.read(speech.sentence(lead(text, domain, language, speech.rng)))[0]

    first, same, second = say(facts, 0), say(facts, 1), say(again, 1)
    return None if first in (same, second) else {"sentence1": first, "sentence2": second, "label": label}


def paraphrase(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns sentence1, sentence2, label."""
    return rows_of("paraphrase", domain, language, draw_paraphrase)
