"""Questions whose answer stands in the text."""

from minisft.data.town.documents import Text, Writer
from minisft.data.town.frames import Frame, Slot, Verb, expand
from minisft.data.town.markup import Span
from minisft.data.town.population import Entity, Fact, Person
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
        return f"哪家{value.noun.zh}" if language == "zh" else f"which {value.noun.en}"
    return "什么" if language == "zh" else "what"


def question(told: Fact, role: str, teller: Teller) -> str | None:
    """A question for one role of a fact, from one of its frames that can be turned into one; else None."""
    language = teller.speech.language
    speech = LANGUAGES[language](teller.rng, plain=True)
    frames = [frame for frame in speech.book[told.kind] if _can_ask(frame, told)]
    if not frames:
        return None
    frame = teller.rng.choice(frames)
    parts = [part for part in expand(frame.parts, told.roles, teller.rng) if part != "^"]
    if not any(isinstance(part, Slot) and part.role == role for part in parts):
        return None
    value = told[role]
    at = next(n for n, part in enumerate(parts) if isinstance(part, Slot) and part.role == role)
    if language == "zh":
        word = "哪里" if isinstance(value, Entity) and value.tag == "LOC" else wh(value, "zh")
        parts[at] = word
        return speech.marks.read(speech.render(parts, told, False, "past", "finite"))[0] + "？"
    text = _english(parts, at, told, speech)
    return speech.marks.read(text)[0] if text else None


def _can_ask(frame: Frame, told: Fact) -> bool:
    subject = frame.begins_with()
    return frame.needs <= told.roles.keys() and subject is not None and frame.verbs() == 1


def _english(parts: list, at: int, told: Fact, speech: object) -> str | None:
    value = told[parts[at].role]
    if at == 0:
        if isinstance(value, Entity) and value.tag == "LOC":
            return None
        parts = [wh(value, "en"), *parts[1:]]
        return _capital(speech.render(parts, told, False, "past", "finite")) + "?"
    verb = next(n for n, part in enumerate(parts) if isinstance(part, Verb))
    if verb > at or parts[verb].plural or parts[at].possessive:
        return None
    word, rest = wh(value, "en"), parts[verb + 1 : at] + parts[at + 1 :]
    if isinstance(value, Entity) and value.tag == "LOC":
        before = parts[at - 1]
        if not (isinstance(before, str) and before.endswith(" in ")):
            return None
        word, rest = "where", [*parts[verb + 1 : at - 1], before[:-3], *parts[at + 1 :]]
    subject = [part for part in parts[:verb] if part != "^"]
    said = speech.render([*subject, *rest], told, False, "past", "finite")
    lemma = parts[verb].lemma
    if lemma == "be":
        tail = speech.render(rest, told, False, "past", "finite")
        head = speech.render(subject, told, False, "past", "finite")
        return _capital(f"{word} was {head} {tail}".strip()) + "?"
    head = speech.render(subject, told, False, "past", "finite")
    tail = said[len(head) :].strip() if said.startswith(head) else speech.render(rest, told, False, "past", "finite")
    return _capital(f"{word} did {head} {lemma} {tail}".strip()) + "?"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def answers(spans: list[Span], text: str, value: object) -> list[tuple[int, str]]:
    """Where a value stands in a text by its name, the fullest name first in the text; no pronouns."""
    found = [(span.start, text[span.start : span.end]) for span in spans if span.mark.value == value]
    found = [(start, name) for start, name in found if name.lower() not in PRONOUNS]
    if isinstance(value, Entity):
        full = [(start, name) for start, name in found if name in (value.en, value.zh, value.en.removeprefix("the "))]
        return full
    return found[:1]


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
    value = told[role]
    found = answers(read[0][1], read[0][0], value)
    asked = question(told, role, parts[0].teller) if found else None
    if asked is None or found[0][1] in asked or _ambiguous(parts[0], told, role):
        return None
    return {
        "id": "", "title": parts[0].topic, "context": context, "question": asked,
        "answers": {"text": [found[0][1]], "answer_start": [found[0][0]]},
    }  # fmt: skip


def _ambiguous(text: Text, told: Fact, role: str) -> bool:
    """Whether another fact of the text gives the question another answer."""
    rest = {key: value for key, value in told.roles.items() if key != role}
    return any(
        other is not told and other.kind == told.kind and other.roles[role] != told[role]
        and any(other.roles.get(key) == value for key, value in rest.items())
        for other in text.facts
    )  # fmt: skip


def qa(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns id, title, context, question, answers: as SQuAD, with one answer."""
    splits = rows_of("qa", domain, language, draw_question)
    for split, rows in splits.items():
        for number, row in enumerate(rows):
            row["id"] = f"{split}-{domain}-{language}-{number}"
    return splits
