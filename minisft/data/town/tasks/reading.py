"""Questions whose answer stands in the text."""

import re

from minisft.data.town.chinese import TRADING
from minisft.data.town.documents import Text, Writer
from minisft.data.town.frames import NEGATION, Frame, Slot, Verb, expand
from minisft.data.town.markup import Span
from minisft.data.town.population import Entity, Fact, Person
from minisft.data.town.speech import Speech
from minisft.data.town.tasks.worlds import Row, rows_of, whole
from minisft.data.town.teller import LANGUAGES, Teller
from minisft.data.town.wishes import DESK

ASKED = ("person", "other", "place", "org", "club", "agent", "thing", "client")
PRONOUNS = {"he", "him", "his", "she", "her", "it", "its", "i", "me", "my", "他", "她", "它", "我"}


def wh(value: object, language: str) -> str:
    """The question word for a value, as the subject or object of a verb."""
    if isinstance(value, Person):
        return "谁" if language == "zh" else "who"
    if isinstance(value, Entity):
        measure = "家" if value.noun in TRADING else "艘" if value.tag == "MISC" else "个"
        return f"哪{measure}{value.noun.zh}" if language == "zh" else f"which {value.noun.en}"
    return "什么" if language == "zh" else "what"


def question(told: Fact, role: str, teller: Teller, said: set[object]) -> tuple[str, set[object]] | None:
    """A question for one role of a fact, from one of its frames that can be turned into one, and whom and what it
    names; else None.
    """
    language = teller.speech.language
    speech = LANGUAGES[language](teller.rng, plain=True)
    named = {name: value for name, value in told.roles.items() if value in said}  # it tells no more than the text
    frames = [frame for frame in speech.book[told.kind] if _can_ask(frame, named, language)]
    if not frames:
        return None
    frame = teller.rng.choice(frames)
    parts = [part for part in expand(frame.parts, named, teller.rng) if part != NEGATION]
    at = next((n for n, part in enumerate(parts) if isinstance(part, Slot) and part.role == role), None)
    if at is None:
        return None
    if language == "zh":
        parts[at] = "哪里" if _is_place(told[role]) else wh(told[role], "zh")
        text = speech.render(parts, told, False, "past", "finite") + "？"
    else:
        text = _english(parts, at, told, speech)
    if text is None:
        return None
    plain, spans = speech.marks.read(text)
    return plain, {span.mark.value for span in spans}


def _can_ask(frame: Frame, named: dict[str, object], language: str) -> bool:
    """English has its question word first: the frame must begin with its subject and the verb."""
    turns = language == "zh" or frame.begins_with() is not None
    return turns and frame.needs <= named.keys() and frame.verbs() == 1


def _is_place(value: object) -> bool:
    return isinstance(value, Entity) and value.tag == "LOC"


def _english(parts: list[str | Slot | Verb], at: int, told: Fact, speech: Speech) -> str | None:
    """The question for the part that stands `at`; None where the frame does not turn into one."""

    def said(parts: list[str | Slot | Verb]) -> str:
        return speech.render(parts, told, False, "past", "finite")

    value = told[parts[at].role]
    if at == 0:
        return None if _is_place(value) else _asked(said([wh(value, "en"), *parts[1:]]))
    verb = next(n for n, part in enumerate(parts) if isinstance(part, Verb))
    around = [part.split() if isinstance(part, str) else [] for part in (parts[at - 1], *parts[at + 1 : at + 2])]
    halved = ["and"] in around or (around[0][-1:] == ["of"] and len(around) > 1)  # "set the roof of on fire"
    if verb > at or parts[verb].plural or parts[at].possessive or halved:
        return None
    word, rest = wh(value, "en"), parts[verb + 1 : at] + parts[at + 1 :]
    if _is_place(value):
        before = parts[at - 1]
        if not (isinstance(before, str) and before.endswith(" in ")):
            return None
        word, rest = "where", [*parts[verb + 1 : at - 1], before[:-3], *parts[at + 1 :]]
    subject, lemma = parts[:verb], parts[verb].lemma
    both = said([*subject, *rest])
    head, tail = said(subject), said(rest)
    if lemma == "be":
        return _asked(f"{word} was {head} {tail}")
    if both.startswith(head):  # a thing is "a van" when it is first named
        tail = both[len(head) :].strip()
    return _asked(f"{word} did {head} {lemma} {tail}")


def _asked(text: str) -> str:
    return text[0].upper() + text[1:].strip() + "?"


def answer(spans: list[Span], text: str, value: object, told: Fact) -> tuple[int, str] | None:
    """Where a value stands by its full name: in the clause that tells the fact, or last before it where that clause
    has a pronoun or leaves it out. None where that clause has another name for it.
    """
    clause = [span for span in spans if span.mark.fact is told]
    full = {value.en.removeprefix("the "), value.zh}
    before = None
    for span in (span for span in spans if span.mark.value == value):
        name = text[span.start : span.end]
        if re.sub("^(an?|the) ", "", name, flags=re.I) in full:
            if span in clause:
                return span.start, name
            if clause and span.start < clause[0].start:
                before = span.start, name
        elif span in clause and name.lower() not in PRONOUNS:
            return None
    return before


def draw_question(writer: Writer, domain: str, language: str) -> Row | None:
    """A text of one or two stories, and a question on one of its facts."""
    rng = writer.rng
    if domain == "helpdesk":
        parts = [writer.diary(None), writer.request(None, (rng.choice(DESK),))]
    else:
        parts = [writer.news(None) for _ in range(rng.choice((1, 2)))]
    read = [part.teller.speech.marks.read(whole(part.sentences, language)) for part in parts]
    context = whole([plain for plain, _ in read], language)
    told = rng.choice(parts[0].facts)
    roles = [role for role in ASKED if role in told.roles]
    if not roles or parts[0].teller.narrator in told.roles.values():
        return None  # who tells of "me" is not named
    role = rng.choice(roles)
    text, spans = read[0]
    found = answer(spans, text, told[role], told)
    if found is None:
        return None
    start, name = found
    asked = question(told, role, parts[0].teller, {span.mark.value for span in spans})
    if asked is None or name in asked[0] or _ambiguous(parts, told, asked[1]):
        return None
    return {
        "id": "", "title": parts[0].topic, "context": context, "question": asked[0],
        "answers": {"text": [name], "answer_start": [start]},
    }  # fmt: skip


def _ambiguous(texts: list[Text], told: Fact, named: set[object]) -> bool:
    """Whether another fact of the texts may answer a question that names these values."""
    others = [other for text in texts for other in text.facts if other.kind == told.kind and other is not told]
    return any(not named or named & set(other.roles.values()) for other in others)


def qa(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns id, title, context, question, answers: as SQuAD, with one answer."""
    splits = rows_of("qa", domain, language, draw_question)
    for split, rows in splits.items():
        for number, row in enumerate(rows):
            row["id"] = f"{split}-{domain}-{language}-{number}"
    return splits
