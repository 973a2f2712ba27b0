"""A chain of facts told as sentences that follow from each other."""

import random

from minisft.data.town.chinese import Chinese
from minisft.data.town.english import English
from minisft.data.town.frames import Frame, Slot
from minisft.data.town.population import Entity, Fact, Person, Town, fact
from minisft.data.town.speech import Speech
from minisft.data.town.stories import Step

LANGUAGES: dict[str, type[Speech]] = {"en": English, "zh": Chinese}
# What can be compared: the kind of the sentence, of what, and by which number.
COMPARED = {
    "employs": ("busier", "org", "number"), "founded": ("earlier", "org", "year"),
    "population": ("larger", "place", "number"),
}  # fmt: skip
BACKGROUND = ("works_for", "lives_in", "born_in", "owns", "leads")


class Teller:
    """Tells facts to a reader who remembers what was said."""

    def __init__(
        self, town: Town, language: str, rng: random.Random, narrator: Person | None = None, informal: bool = False
    ) -> None:
        self.town, self.rng, self.narrator = town, rng, narrator
        self.speech = LANGUAGES[language](rng, narrator, informal)
        self.now = 0  # the day on which the text is written
        self.day: int | None = None  # of the last event told
        self.used: list[Frame] = []  # to say something that is no step of a story

    def say(self, kind: str, tense: str = "past", **roles: object) -> str:
        """One sentence that is a fact of its own."""
        move = fact(kind, 0, **roles)
        frames = [self.speech.frame(move) for _ in range(9)]
        frame = next((frame for frame in frames if frame not in self.used), frames[0])  # nobody says a thing twice
        self.used.append(frame)
        told = self.speech.sentence(self.speech.clause(move, tense=tense, frame=frame))
        self.speech.memory.close_sentence()
        return told

    def steps(self, steps: list[Step], background: float = 0.3) -> list[str]:
        """The steps of a story, some in one sentence, some with a word on who somebody is."""
        speech, told = self.speech, []
        text, clauses, subject, bare = "", 0, None, False
        for step in steps:
            day = step.fact.day
            frame = speech.frame(step.fact, subject) if subject and self.rng.random() < 0.5 else None
            frame = frame or speech.frame(step.fact)
            begins = frame.begins_with()
            gap = None if day is None or self.day is None else day - self.day
            same = begins and step.fact.roles[begins] == subject and subject is not None
            if text and same and clauses < 2 and step.link in ("then", "also", "but") and self.rng.random() < 0.6:
                bare = speech.clause(step.fact, frame=frame, form="bare")
                text, clauses = speech.same_subject(text, bare, step.link), clauses + 1
            elif not text:
                when = speech.date(day, self.now) if day is not None and self.rng.random() < 0.8 else ""
                text, clauses = self._first(step.fact, frame, when, background), 1
                bare = not when and begins is not None
            else:
                full = clauses >= 2 or len(text) > 150
                if full:
                    speech.memory.close_sentence()
                clause = speech.clause(step.fact, frame=frame)
                when = speech.gap(gap) if gap or (gap == 0 and self.rng.random() < 0.2) else ""
                if full:
                    told.append(speech.sentence(text))
                    text, clauses = self._continued(clause, step.link, when), 1
                else:
                    text, rest = speech.join(text, step.link, clause, when, bare and clauses == 1)
                    bare = False
                    if rest:
                        told.append(speech.sentence(text))
                        speech.memory.close_sentence()
                        speech.memory.recent.append(step.fact.roles[begins] if begins else None)
                        text, clauses = rest, 1
                    else:
                        clauses += 1
            subject = step.fact.roles[begins] if begins else None
            subject = subject if isinstance(subject, Entity) else None
            self.day = day if day is not None else self.day
        if text:
            told.append(speech.sentence(text))
            speech.memory.close_sentence()
        return told

    def _first(self, told: Fact, frame: Frame, when: str, background: float) -> str:
        """The clause that opens a chain: with its date, and perhaps a word on who its subject is."""
        speech, begins = self.speech, frame.begins_with()
        who = told.roles[begins] if begins else None
        about = self.about(who) if isinstance(who, Person) and self.rng.random() < background else None
        if about and who is not self.narrator and who not in speech.memory.known:
            speech.telling = told
            name = speech.name(who, Slot(begins), subject=True)
            if who in speech.memory.trades:  # "the baker Ann Lee, who works as a baker"
                about = self.about(who, "works_for")
            frames = [one for one in speech.book[about.kind] if one.parts[0] == Slot("person")]
            told_of = speech.clause(about, form="bare", frame=self.rng.choice(frames))
            rest = speech.clause(told, form="bare", frame=frame)
            clause = speech.who(name, told_of, who) + rest
        else:
            clause = speech.clause(told, frame=frame)
        if not when:
            return clause
        if speech.language == "zh":
            return f"{when}{'，' if self.rng.random() < 0.5 else ''}{clause}"
        return f"{when} {clause}" if self.rng.random() < 0.5 else f"{clause} {when}"

    def about(self, person: Person, but: str = "") -> Fact | None:
        """Something that is always true of a resident, not of one kind; it can be said with the resident as subject."""
        kinds = [kind for kind in BACKGROUND if kind != but]
        found = [f for f in self.town.facts if f.kind in kinds and f.roles.get("person") == person]
        return self.rng.choice(found) if found else None

    def compare(self, about: list[object]) -> list[str]:
        """A sentence that compares one of these, where one can be, with another resident, place or firm."""
        measured: list[tuple[str, str, Entity, int]] = [("older", "person", one, one.age) for one in self.town.people]
        for found in self.town.facts:
            if found.kind in COMPARED:
                move, subject, role = COMPARED[found.kind]
                measured.append((move, subject, found[subject], -found[role] if role == "year" else found[role]))
        own = [entry for entry in measured if entry[2] in about]
        if not own:
            return []
        move, subject, one, value = self.rng.choice(own)
        others = [entry for entry in measured if entry[0] == move and abs(entry[3] - value) > 1]  # "one years"
        *_, other, its = self.rng.choice([entry for entry in others if entry in own] or others)
        if its > value:
            one, other = other, one
        return [self.say(move, "present", **{subject: one, "other": other}, gap=abs(value - its))]

    def _continued(self, clause: str, link: str, when: str) -> str:
        """A clause that opens a sentence, with how it follows."""
        for _ in range(9):
            _, rest = self.speech.join("", link, clause, when, False)
            if rest:
                return rest
        return clause

    def read(self, sentences: list[str]) -> list[str]:
        """The sentences without marks."""
        return [self.speech.marks.read(sentence)[0] for sentence in sentences]
