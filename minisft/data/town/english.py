"""How facts are said in English: inflection, articles, pronouns, dates and how clauses join."""

import datetime
import itertools
import re
from functools import cache

from minisft.data.town.frames import Frame, Slot, Verb
from minisft.data.town.lexicon import Thing, Word
from minisft.data.town.population import Entity, Fact, Person
from minisft.data.town.speech import TITLES, Speech

FIRST_DAY = datetime.date(2018, 1, 1)
SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
IRREGULAR = {
    ("be", "past", "1"): "was", ("be", "past", "s"): "was", ("be", "past", "p"): "were",
    ("be", "present", "1"): "am", ("be", "present", "s"): "is", ("be", "present", "p"): "are",
}  # fmt: skip

_QUESTION = re.compile("([?] [\ue000-\uf8ff]*)([a-z])")  # what follows one begins a sentence


@cache
def inflect(lemma: str, tag: str) -> str:
    """A form of a verb by its Penn tag; of two spellings the one listed first."""
    from lemminflect import getInflection

    forms = getInflection(lemma, tag)
    return next((form for form in forms if "ll" in form), forms[0])  # British: cancelled


def conjugate(lemma: str, tense: str, person: str, negated: bool = False, short: bool = False) -> str:
    """A finite verb; person is "1" for I, "s" for he, she and it, "p" for they."""

    def no(auxiliary: str) -> str:
        if short and auxiliary not in ("am", "will"):
            return auxiliary + "n't"
        return auxiliary + " not" if not (short and auxiliary == "will") else "won't"

    if tense == "future":
        return f"{no('will') if negated else 'will'} {lemma}"
    if lemma == "be":
        form = IRREGULAR[lemma, tense, person]
        return no(form) if negated else form
    if negated:
        do = "did" if tense == "past" else "does" if person == "s" else "do"
        return f"{no(do)} {lemma}"
    if tense == "past":
        return inflect(lemma, "VBD")
    return inflect(lemma, "VBZ") if person == "s" else lemma


def article(noun: str) -> str:
    """The noun with a or an."""
    sounded = noun.lower().startswith(("uni", "use", "one", "eu"))
    return f"{'an' if noun[0].lower() in 'aeiou' and not sounded else 'a'} {noun}"


class English(Speech):
    """Sentences in English."""

    language = "en"

    def frame(self, fact: Fact, subject: object = None, verbs: int | None = None) -> Frame | None:
        """A way to say a fact, as others have it, but not "she was praised by me"."""
        for _ in range(9):
            frame = super().frame(fact, subject, verbs)
            if frame is None or self.narrator is None or not self._by_me(frame, fact):
                return frame
        return frame if subject is None else None

    def _by_me(self, frame: Frame, fact: Fact) -> bool:
        pairs = itertools.pairwise(frame.parts)
        after = [part for by, part in pairs if isinstance(by, str) and by.endswith(" by ") and isinstance(part, Slot)]
        return any(fact.roles[part.role] is self.narrator for part in after)

    def render(self, parts: list[str | Slot | Verb], fact: Fact, negated: bool, tense: str, form: str) -> str:
        """The parts of a frame in words."""
        verb_seen, said, person = False, [], "s"
        if self.narrator and parts[1:2] == [" and "] and fact.roles[parts[0].role] is self.narrator:
            parts = [parts[2], parts[1], parts[0], *parts[3:]]  # "she and I"
        for part in parts:
            if isinstance(part, str):
                said.append(part)
            elif isinstance(part, Verb):
                short = self.informal and self.rng.random() < 0.7
                number, when = "p" if part.plural else person, "past" if part.past else tense
                said.append(conjugate(part.lemma, when, number, negated and not verb_seen, short))
                verb_seen = True
            else:
                value = fact.roles[part.role]
                acts = _before_verb(parts, part)
                if value is self.narrator and value is not None and not part.possessive and (acts or not verb_seen):
                    person = "1"
                elif acts:  # "I agree that the council is"
                    person = "s"
                if form != "finite" and not verb_seen:
                    self.memory.current.append(value)  # left out, but in mind
                else:
                    sum_of_money = bool(said) and said[-1].endswith("£")
                    said.append(
                        self.mark(f"{value:,}", value, part.role)
                        if sum_of_money
                        else self.name(value, part, part is parts[0] or part.role == "me" or acts)
                    )
                if not verb_seen and not part.possessive and isinstance(value, Entity):
                    self.memory.topic = value
        return " ".join("".join(said).split())

    def name(self, value: object, slot: Slot, subject: bool = False) -> str:
        """A value in words: a name, a pronoun, a noun, a number."""
        role = slot.role
        if isinstance(value, Person):
            return self._person(value, role, subject, slot.possessive)
        if isinstance(value, Entity):
            return self._entity(value, role, subject, slot.possessive)
        if isinstance(value, Word):
            return self._word(value, slot)
        text = self._number(value, role) if isinstance(value, int) else str(value)
        return self.mark(text, value, role)

    def _number(self, value: int, role: str) -> str:
        if role == "year":
            return str(value)
        return SMALL[value] if value < len(SMALL) and role not in ("price", "percent") else f"{value:,}"

    def _person(self, person: Person, role: str, subject: bool, possessive: bool) -> str:
        if person is self.narrator and role != "name":
            return self.mark("my" if possessive else "I" if subject else "me", person, role)
        if not self.plain and role != "speaker" and self.memory.alone(person, subject) and self.rng.random() < 0.75:
            she = ("her", "she", "her") if person.woman else ("his", "he", "him")
            return self.mark(she[0] if possessive else she[1] if subject else she[2], person, role)
        tail = "'s" if possessive else ""
        if self.plain or role == "name" or person not in self.memory.known:
            name = self.mark(person.en, person, role, "PER")
            bare = self.plain or self.informal or possessive or role == "name" or self.says_job()
            if bare or self.rng.random() < 0.6:
                return name + tail
            self.memory.trades.add(person)
            return f"the {person.noun.en} {name}"
        others = [v for v in self.memory.known if isinstance(v, Person) and v != person]
        ways = [("", person.first)] if self.informal else [("", person.en)]
        if all(other.last != person.last for other in others) and not self.informal:
            ways += [("", person.last), ("Ms " if person.woman else "Mr ", person.last)]
        if person in self.memory.trades and all(other.noun != person.noun for other in others):
            ways.append(("the ", ""))
        before, name = self.rng.choice(ways)
        if not name:
            return self.mark(f"the {person.noun.en}", person, role) + tail
        return before + self.mark(name, person, role, "PER") + tail

    def _entity(self, entity: Entity, role: str, subject: bool, possessive: bool) -> str:
        tail = "'s" if possessive else ""
        if entity in self.memory.known and not self.plain and entity.tag != "LOC":
            stands = (subject or possessive) and role in ("org", "ferry", "club", "agent")
            if stands and self.memory.alone(entity) and self.rng.random() < 0.5:
                return self.mark("its" if possessive else "it", entity, role)
            if self.rng.random() < 0.65 and self._only(entity):
                return self.mark(f"the {entity.noun.en}", entity, role) + tail
        if entity.tag == "MISC":  # a ship: the article is not part of the name
            return "the " + self.mark(entity.en.removeprefix("the "), entity, role, "MISC") + tail
        if entity.inside:
            inner = self.nested(entity, entity.en, entity.inside.en)
            return self.mark(inner, entity, role, entity.tag) + tail
        return self.mark(entity.en, entity, role, entity.tag) + tail

    def _only(self, entity: Entity) -> bool:
        known = self.memory.known
        return all(v is entity or not isinstance(v, Entity) or v.noun.en != entity.noun.en for v in known)

    def _word(self, word: Word, slot: Slot) -> str:
        if slot.article:
            text = article(word.en) if slot.article == "a" else f"the {word.en}"
        elif slot.role == "thing":
            if self.memory.alone(word) and not self.plain and self.rng.random() < 0.4:
                return self.mark("it", word, slot.role)
            known = word in self.memory.known
            short = known and isinstance(word, Thing) and not self.plain and self.rng.random() < 0.6
            text = f"the {word.noun.en if short else word.en}" if known else article(word.en)
        else:
            text = word.en
        if slot.role in TITLES:  # the article is not part of the name
            begins = "the " if text.startswith("the ") else ""
            return begins + self.mark(text.removeprefix("the "), word, slot.role, "MISC")
        return self.mark(text, word, slot.role)

    def date(self, day: int, now: int | None = None) -> str:
        """When something was, seen from the day of the text."""
        date, gap = FIRST_DAY + datetime.timedelta(day), None if now is None else now - day
        if gap is not None and 0 <= gap < 2 and self.narrator:
            return ("today", "yesterday")[gap]
        if gap is not None and 0 <= gap < 7:
            return f"on {date:%A}"
        if gap is not None and 7 <= gap < 14:
            return "last week"
        if self.rng.random() < 0.5:
            return f"on {date.day} {date:%B}" + (f" {date.year}" if self.rng.random() < 0.6 else "")
        return f"in {date:%B} {date.year}"

    def calendar(self, day: int) -> str:
        """A day by its name, without a preposition."""
        date = FIRST_DAY + datetime.timedelta(day)
        return f"{date:%A}" if self.rng.random() < 0.4 else f"{date.day} {date:%B}"

    def gap(self, days: int) -> str:
        """How long after the thing before."""
        if days == 0:
            return self.rng.choice(("later that day", "soon afterwards", "the same evening", "an hour later"))
        if days == 1:
            return self.rng.choice(("the next day", "a day later", "the next morning"))
        number, unit = (days, "day") if days < 7 else (days // 7, "week") if days < 60 else (days // 30, "month")
        if days >= 350:
            return "a year later" if days < 700 else f"{SMALL[min(days // 365, 12)]} years later"
        if number == 1:
            return f"a {unit} later"
        return f"{SMALL[number] if number < 13 else number} {unit}s later"

    def join(self, before: str, link: str, clause: str, when: str, bare: bool) -> tuple[str, str]:
        """Two clauses in a row: the first, ready or still open, and the rest ("" where one sentence holds both).

        Only a `bare` first clause, one that begins with its subject, can follow a conjunction.
        """
        at = f"{when} " if when else ""
        ways = {
            "so": (
                (f"{before}, so {at}{clause}", ""), (before, f"as a result, {clause}"),
                (f"{before}, and as a result {clause}", ""), (before, f"that is why {at}{clause}"),
                (before, f"{when}, therefore, {clause}" if when else f"therefore {clause}"),
                *([(f"because {before}, {clause}", "")] * bare),
            ),
            "but": (
                (f"{before}, but {at}{clause}", ""), (before, f"however, {at}{clause}"),
                (f"{before}, yet {at}{clause}", ""), (before, f"still, {at}{clause}"),
                *([(f"although {before}, {clause}", "")] * bare),
            ),
            "because": ((f"{before}, because {clause}", ""), (f"{before}, since {clause}", "")),
            "also": (
                (f"{before}, and {at}{clause}", ""), (before, f"in addition, {at}{clause}"),
                (f"{before}; {clause}", ""),
                (before, f"at the same time, {clause}"), (before, f"{at}{clause}"),
            ),
            "besides": (
                (f"{before}, and {clause}", ""), (before, clause), (before, clause), (f"{before}; {clause}", ""),
            ),
            "then": (
                (f"{before}, and {at}{clause}", ""), (before, f"{when}, {clause}" if when else clause),
                (before, f"{clause} {when}" if when else clause), (before, f"{when} {clause}" if when else clause),
                (before, clause), (f"{before}, and then {clause}" if not when else f"{before}; {when} {clause}", ""),
            ),
        }  # fmt: skip
        return self.rng.choice(ways[link])

    def same_subject(self, before: str, clause: str, link: str) -> str:
        """A clause without its subject after another with the same one."""
        return f"{before} {'but' if link == 'but' else 'and'} {clause}"

    def who(self, name: str, clause: str, person: Person) -> str:
        """A name with a clause about it, ready for the verb."""
        return f"{name}, who {clause}, "

    def sentence(self, text: str) -> str:
        """With a capital and a full stop."""
        position = 0
        while not text[position].isalnum() or text[position] >= "\ue000":
            position += 1
        text = text[:position] + text[position].upper() + text[position + 1 :]
        text = _QUESTION.sub(lambda match: match.group(1) + match.group(2).upper(), text)
        return text.rstrip(",") + ("" if text.rstrip("\ue001\"'”").endswith((".", "?", "!")) else ".")


def _before_verb(parts: list[str | Slot | Verb], slot: Slot) -> bool:
    """Whether a verb follows: "while she was there"."""
    after = [part for part in parts[parts.index(slot) + 1 :] if not (isinstance(part, str) and not part.strip())]
    return bool(after) and isinstance(after[0], Verb)
