"""What follows from a text, what contradicts it, and what it leaves open; and what says the same."""

import random
from dataclasses import replace

from minisft.data.town import lexicon
from minisft.data.town.documents import Writer
from minisft.data.town.frames import phrase_book
from minisft.data.town.population import Fact, Person, fact
from minisft.data.town.speech import Speech
from minisft.data.town.stories import Cast, Step
from minisft.data.town.tasks.worlds import MORE, Row, lead, rows_of, whole
from minisft.data.town.teller import LANGUAGES

ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)
LABELS = ["entailment", "neutral", "contradiction"]
PARTIES = ("person", "other")
# What exchanging the two people of a fact does to it: it stays as it is, cannot also be so, or is another matter.
SAME = ("argue", "meet", "wed")
REVERSED = ("sell", "lend", "give", "give_back", "succeed", "reward")
FREE = ("help", "visit", "praise", "thank", "invite", "teach", "rescue")
ALSO = ("argue", "meet", *FREE)  # who did so with one may have done so with another
DETAILS = ("thing", "place", "subject", "chore", "skill", "occasion")
# How a clause is affirmed and how it is denied; a second denial makes the first undone. Few ways, so that a small model
# sees each often enough to learn what it does.
AFFIRMED = {
    "en": ("{}", "it is true that {}", "nobody can deny that {}", "there is no doubt that {}"),
    "zh": ("{}", "{}，这是真的", "谁也不能否认{}", "毫无疑问，{}"),
}
DENIED = {
    "en": ("it is not true that {}", "nobody can say that {}", "it is a mistake to say that {}"),
    "zh": ("{}，这不是真的", "谁也不能说{}", "说{}就错了"),
}
# Of the pairs that do not say the same, the share that differs in the fact; the others affirm it once and deny it once.
# Of facts that may be told with two people exchanged, the share that is.
ANOTHER, EXCHANGED = 0.2, 0.3
FACT_KINDS = {
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
    if kind == "rescue":
        del roles["org"]  # not every way to say it has it: who was brought to safety may have been so elsewhere
    if kind == "wed":
        del roles["place"]  # it may be left out, and who did not marry in one place may have in another
    return fact(kind, day, person=one, other=two, **roles)


def swapped(told: Fact) -> Fact:
    """The fact with its two people exchanged."""
    return told.but(person=told["other"], other=told["person"])


def holds(told: Fact, denied: bool, asked: Fact) -> int:
    """Whether `asked` follows from a fact that is told, or denied, of the same kind between the same two people."""
    if told["person"] != asked["person"] and told.kind not in SAME:
        return NEUTRAL if told.kind in FREE or denied else CONTRADICTION
    return CONTRADICTION if denied else ENTAILMENT


def left_open(told: Fact, denied: bool, people: list[Person], cast: Cast) -> list[Fact]:
    """Facts of the same kind of which a fact that is told, or denied, says nothing; none where it settles them all."""
    found = []
    if holds(told, denied, swapped(told)) == NEUTRAL:
        found.append(swapped(told))
    if told.kind in ALSO:
        found.append(with_third(told, cast.rng.choice(PARTIES), people))
    return found + [with_another(told, role, people, cast) for role in _details(told.kind)]


def settled(told: Fact, denied: bool, rng: random.Random) -> Fact:
    """The same fact, or with its two people exchanged where that is settled too."""
    if told.kind in SAME:
        return swapped(told) if rng.random() < 0.5 else told
    known = told.kind in REVERSED and not denied
    return swapped(told) if known and rng.random() < EXCHANGED else told


def draw_inference(writer: Writer, domain: str, language: str) -> Row | None:
    """A text of one fact or two, one of them perhaps denied, and a sentence on one of them.

    The label is drawn first: a denial does not give it away, nor does the kind of the fact, unless it leaves nothing
    open.
    """
    rng, cast = writer.rng, writer.cast()
    people = rng.sample(writer.town.people, 3)
    # from one fact alone a small model can begin to learn
    kinds = rng.sample(FACT_KINDS[domain], rng.choice((1, 1, 1, 2)))
    facts = [draw_fact(kind, people, cast, cast.day + number) for number, kind in enumerate(kinds)]
    about, denied, label = rng.choice(facts), rng.random() < 0.5, rng.randrange(len(LABELS))
    if label == NEUTRAL:
        choices = left_open(about, denied, people, cast)
        if not choices:
            return None
        asked, negated = rng.choice(choices), rng.random() < 0.5
    else:
        asked = settled(about, denied, rng)
        negated = holds(about, denied, asked) != label
    teller = writer.teller(cast.day + 5)
    sentences: list[str] = []
    for told in facts:
        if told is about and (denied or rng.random() < 0.5):
            clause = worded(told, denied, teller.speech)
            sentences.append(teller.speech.sentence(lead(clause, domain, teller.speech)))
            teller.speech.memory.close_sentence()
        else:
            sentences += teller.steps([Step(told)], background=0.2)
    speech = LANGUAGES[language](rng, plain=True)
    hypothesis = speech.sentence(worded(replace(asked, day=0), negated, speech))
    premise = whole(teller.read(sentences), language)
    return {"premise": premise, "hypothesis": speech.marks.read(hypothesis)[0], "label": label}


def nli(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns premise, hypothesis, label."""
    return rows_of("nli", domain, language, draw_inference, MORE)


def other_fact(told: Fact, people: list[Person], cast: Cast) -> Fact:
    """A fact that a told one does not say: with its two people exchanged, or with somebody or something else in it."""
    rng = cast.rng
    if told.kind not in SAME and rng.random() < EXCHANGED:
        return swapped(told)
    role = rng.choice((*PARTIES, *_details(told.kind)))
    return with_third(told, role, people) if role in PARTIES else with_another(told, role, people, cast)


def with_third(told: Fact, role: str, people: list[Person]) -> Fact:
    """The fact with the third of these people in the role of one of the two."""
    third = next(person for person in people if person not in told.roles.values())
    return told.but(**{role: third})


def with_another(told: Fact, role: str, people: list[Person], cast: Cast) -> Fact:
    """The fact with something else in a role that holds no person."""
    value = told[role]
    while value == told[role]:
        value = draw_fact(told.kind, people, cast, 0)[role]
    return told.but(**{role: value})


def _details(kind: str) -> list[str]:
    """The roles, beside the two people, that every way to say a kind of fact fills, in both languages."""
    frames = [frame for language in LANGUAGES for frame in phrase_book(language)[kind]]
    return [role for role in DETAILS if all(role in frame.needs for frame in frames)]


def draw_paraphrase(writer: Writer, domain: str, language: str) -> Row | None:
    """A fact, affirmed or denied, and again in other words: the same, the contrary, or another fact."""
    rng, cast = writer.rng, writer.cast()
    people = rng.sample(writer.town.people, 3)
    told = again = draw_fact(rng.choice(FACT_KINDS[domain]), people, cast, 0)
    label, denied = rng.randrange(2), rng.random() < 0.5
    contrary = not label and rng.random() >= ANOTHER
    if not label and not contrary:
        again = other_fact(told, people, cast)
    elif told.kind in SAME and rng.random() < 0.5:
        again = swapped(told)
    first = say(told, denied, domain, language, rng)
    second = say(again, denied != contrary, domain, language, rng)
    return None if first == second else {"sentence1": first, "sentence2": second, "label": label}


def say(told: Fact, denied: bool, domain: str, language: str, rng: random.Random) -> str:
    """A fact in a sentence that affirms or denies it."""
    speech = LANGUAGES[language](rng, plain=True)
    text = worded(told, denied, speech)
    return speech.marks.read(speech.sentence(lead(text, domain, speech)))[0]


def worded(told: Fact, denied: bool, speech: Speech) -> str:
    """A fact in a clause that affirms or denies it, the latter now and then by its verb."""
    ways = (DENIED if denied else AFFIRMED)[speech.language]
    negated = denied and speech.rng.random() < 1 / (len(ways) + 1)
    clause = speech.clause(told, negated)
    return clause if negated else speech.rng.choice(ways).format(clause)


def paraphrase(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns sentence1, sentence2, label."""
    return rows_of("paraphrase", domain, language, draw_paraphrase)
