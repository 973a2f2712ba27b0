"""A second reading of the town: sentences back to facts, by patterns made of the phrase files and of nothing else.

It knows the phrases and the shape of names, not the world or the code that draws and tells facts.
"""

import re
from functools import cache

from minisft.data.town.english import inflect
from minisft.data.town.frames import Choice, Slot, Verb, phrase_book

NAME = {"en": r"[A-Z][a-z]+ [A-Z][a-z]+", "zh": r"[\u4e00-\u9fff]{3}"}
PEOPLE = {"person", "other"}
NEGATED = {"en": re.compile(r"\b(did|was|were|does|do|is|are) not\b"), "zh": re.compile("没有")}


def forms(lemma: str) -> str:
    """Every finite form of an English verb."""
    if lemma == "be":
        return r"(?:was|were|is|are)(?: not)?"
    plain = {inflect(lemma, "VBD"), inflect(lemma, "VBZ"), lemma}
    return rf"(?:(?:(?:did|does|do) not )?(?:{'|'.join(sorted(plain, key=len, reverse=True))}))"


def pattern(parts: tuple, language: str, strict: bool) -> str:
    """A regular expression for a sequence of parts, with a group for each role."""
    said = []
    for part in parts:
        if part == "^":
            continue
        if isinstance(part, str):
            said.append(re.escape(part.replace("了", "") if language == "zh" else part))
        elif isinstance(part, Verb):
            said.append(re.escape(part.lemma.replace("~", "")) if language == "zh" else forms(part.lemma))
        elif isinstance(part, Slot):
            name = NAME[language] if strict and part.role in PEOPLE else ".+?"
            before = r"(?:an?|the) " if part.article == "a" else "the " if part.article else ""
            said.append(
                f"{before}(?P<{part.role}>{name}){chr(39) + 's' if part.possessive and language == 'en' else ''}"
            )
            if part.possessive and language == "zh":
                said.append("的")
        elif isinstance(part, Choice):
            said.append(
                f"(?:{'|'.join(pattern(o, language, strict) for o in part.options)}){'?' if part.optional else ''}"
            )
    return "".join(said)


@cache
def patterns(kind: str, language: str, strict: bool) -> list[re.Pattern]:
    """A pattern for each way to say a kind of fact."""
    found = []
    for frame in phrase_book(language)[kind]:
        roles: dict[str, int] = {}

        def once(match: re.Match, seen: dict[str, int] = roles) -> str:
            role = match.group(1)
            seen[role] = seen.get(role, 0) + 1
            return f"(?P<{role}>" if seen[role] == 1 else f"(?P<{role}_{seen[role]}>"

        text = pattern(frame.parts, language, strict)
        flags = 0 if strict else re.IGNORECASE  # a wish may begin anywhere in a text
        found.append(re.compile(re.sub(r"\(\?P<(\w+)>", once, text), flags))
    return found


def clean(text: str, language: str) -> str:
    """A clause without what carries no fact: full stop, negation, aspect."""
    text = text.strip().rstrip(".。?？")
    return re.sub("没有|了", "", text) if language == "zh" else text


def read(clause: str, kinds: tuple[str, ...], language: str) -> list[tuple[str, dict[str, str]]]:
    """Every fact of these kinds that a clause can be read as."""
    text, found = clean(clause, language), []
    for kind in kinds:
        for one in patterns(kind, language, True):
            match = one.fullmatch(text)
            if match is None and language == "en":  # the first letter of a sentence
                match = one.fullmatch(text[:1].lower() + text[1:])
            if match:
                found.append((kind, {role: said.lower() for role, said in match.groupdict().items() if said}))
    return found


def is_negated(clause: str, language: str) -> bool:
    """Whether a clause denies its fact."""
    return bool(NEGATED[language].search(clause))
