"""What both languages share: what has been named, which frame to take, how marks are put."""

import random
from dataclasses import dataclass, field

from minisft.data.town.frames import Frame, Slot, Verb, expand, phrase_book
from minisft.data.town.lexicon import Word
from minisft.data.town.markup import Mark, Marks
from minisft.data.town.population import Entity, Fact, Person

TITLES = ("play", "prize")  # roles of common words that are proper names all the same


@dataclass
class Memory:
    """What a reader of the text so far has in mind."""

    known: set = field(default_factory=set)  # whatever has been named
    recent: list = field(default_factory=list)  # in the sentence before
    current: list = field(default_factory=list)  # in this sentence
    trades: set = field(default_factory=set)  # people whose job has been said
    topic: object = None  # the subject of the last clause: a pronoun in subject position means it first

    def close_sentence(self) -> None:
        """What this sentence named is now what the sentence before named."""
        self.recent, self.current = self.current, []

    def alone(self, value: object, subject: bool = False) -> bool:
        """Whether a pronoun would be understood: the value is in mind, and nothing else that it could mean."""
        in_mind = {*self.recent, *self.current}
        if value not in in_mind:
            return False
        if subject and value == self.topic:
            return True
        if isinstance(value, Person):
            rivals = [v for v in in_mind if isinstance(v, Person) and v.woman == value.woman]
        else:
            rivals = [v for v in in_mind if isinstance(v, Entity | Word) and not isinstance(v, Person)]
        return len(rivals) == 1


class Speech:
    """One language: subclasses say how a value is named and how a verb is formed."""

    language = ""

    def __init__(
        self, rng: random.Random, narrator: Person | None = None, informal: bool = False, plain: bool = False
    ) -> None:
        """`plain` text always says names in full: sentences that stand alone."""
        self.rng, self.narrator, self.informal, self.plain = rng, narrator, informal, plain
        self.memory, self.marks = Memory(), Marks()
        self.telling: Fact | None = None  # the fact of the clause that is being said
        self.book = phrase_book(self.language)

    def frame(self, fact: Fact, subject: object = None, verbs: int | None = None) -> Frame | None:
        """A way to say a fact; with this value as its subject, or with so many verbs, where that is asked for."""
        frames = [frame for frame in self.book[fact.kind] if frame.needs <= fact.roles.keys()]
        if subject is not None:
            frames = [f for f in frames if f.begins_with() and fact.roles[f.begins_with()] == subject]
        if verbs is not None:
            frames = [frame for frame in frames if frame.verbs() == verbs]
        return self.rng.choice(frames) if frames else None

    def clause(
        self, fact: Fact, negated: bool = False, tense: str = "", form: str = "finite", frame: Frame | None = None
    ) -> str:
        """A fact as a clause, without capital or full stop.

        Form "bare" leaves the subject out: the frame must begin with it.
        """
        frame = frame or self.frame(fact, verbs=1 if negated else None) or self.frame(fact)
        parts = expand(frame.parts, fact.roles, self.rng)
        tense = tense or ("present" if fact.day is None else "past")
        self.telling = fact
        said = self.render(parts, fact, negated, tense, form)
        self.telling = None
        if fact.kind == "works_for":
            self.memory.trades.add(fact["person"])
        return said

    def render(self, parts: list[str | Slot | Verb], fact: Fact, negated: bool, tense: str, form: str) -> str:
        """The parts of a frame in words."""
        raise NotImplementedError

    def calendar(self, day: int) -> str:
        """A day by its name."""
        raise NotImplementedError

    def says_job(self) -> bool:
        """Whether the clause that is being said tells what somebody works as."""
        return self.telling is not None and self.telling.kind == "works_for"

    def mark(self, text: str, value: object, role: str, tag: str = "") -> str:
        """The text in a mark; the value is now named."""
        self.memory.current.append(value)
        self.memory.known.add(value)
        return self.marks.put(text, Mark(value, role, tag, self.telling))

    def nested(self, entity: Entity, text: str, inner: str) -> str:
        """A name with the mark of the place inside it."""
        if entity.inside is None or inner not in text:
            return text
        return text.replace(inner, self.marks.put(inner, Mark(entity.inside, "inside", entity.inside.tag)), 1)
