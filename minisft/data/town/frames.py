"""The phrase files: for each kind of fact the ways to say it, in a small notation.

{role}        who or what fills the role; {role's} the possessive; {a role} with an indefinite article
<sell>        the verb, to be inflected; <live:p> where the subject is plural; Chinese <卖给~>, where ~ takes 了
<be:d>        a verb that is in the past whenever it is said: "was born"
^             where Chinese puts its negation, if not just before the verb
[on {day}]    said half of the time, and only where its roles are filled
(a|the)       one of these

What follows a kind on its line is for the reader: roles that its facts have.
"""

import random
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from minisft.errors import InputError


@dataclass(frozen=True)
class Slot:
    """A place for who or what fills a role."""

    role: str
    possessive: bool = False
    article: str = ""


@dataclass(frozen=True)
class Verb:
    """A verb to inflect."""

    lemma: str
    plural: bool = False
    past: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several sequences; an optional part is a choice between itself and nothing."""

    options: tuple[tuple, ...]
    optional: bool = False


NEGATION = "^"
Part = str | Slot | Verb | Choice
_TOKEN = re.compile(r"\{(a |the )?(\w+)('s)?\}|<([^<>:]+)(:p|:d)?>|([\[(|)\]^])|([^{}<>\[(|)\]^]+)")


@dataclass(frozen=True)
class Frame:
    """One way to say a kind of fact."""

    parts: tuple[Part, ...]
    needs: frozenset[str]  # the roles that stand outside optional parts

    def verbs(self) -> int:
        """How many verbs it inflects."""
        return sum(isinstance(part, Verb) for part in self.parts)

    def begins_with(self) -> str | None:
        """The role of its first word where that is followed by the verb: the subject."""
        if len(self.parts) > 1 and isinstance(self.parts[0], Slot) and not self.parts[0].possessive:
            after = [p for p in self.parts[1:] if not (isinstance(p, str) and (not p.strip() or p == NEGATION))]
            if after and isinstance(after[0], Verb):
                return self.parts[0].role
        return None


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a frame. Raises InputError where brackets do not match."""
    stack: list[list[list[Part]]] = [[[]]]
    position = 0
    for token in _TOKEN.finditer(text):
        if token.start() != position:
            break
        position = token.end()
        article, role, possessive, lemma, flag, sign, plain = token.groups()
        here = stack[-1][-1]
        if role:
            here.append(Slot(role, bool(possessive), (article or "").strip()))
        elif lemma:
            here.append(Verb(lemma, flag == ":p", flag == ":d"))
        elif sign in ("[", "("):
            stack.append([[]])
        elif sign == "|":
            stack[-1].append([])
        elif sign in ("]", ")") and len(stack) > 1:
            options = stack.pop()
            stack[-1][-1].append(Choice(tuple(tuple(option) for option in options), optional=sign == "]"))
        elif sign == NEGATION:
            here.append(NEGATION)
        elif plain:
            here.append(plain)
    if position != len(text) or len(stack) != 1:
        raise InputError(
            f"the phrase {text!r} has a bracket too many or too few near {text[position : position + 9]!r}"
        )
    return tuple(stack[0][0])


def _needed(parts: tuple[Part, ...]) -> set[str]:
    found = set()
    for part in parts:
        if isinstance(part, Slot):
            found.add(part.role)
        elif isinstance(part, Choice) and not part.optional:
            found |= set.intersection(*(_needed(option) for option in part.options))
    return found


@cache
def phrase_book(language: str) -> dict[str, tuple[Frame, ...]]:
    """The frames of every kind of fact in one language, "en" or "zh"."""
    found: dict[str, list[Frame]] = {}
    folder = resources.files("minisft.data.town") / "phrases"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        kind = ""
        for line in file.read_text(encoding="utf-8").splitlines() if file.name.endswith(".txt") else ():
            first, _, rest = line.partition(" ")
            if not line or first == "#":
                continue
            if first not in ("en", "zh"):
                kind = first
                found.setdefault(kind, [])
            elif first == language:
                parts = parse(rest)
                found[kind].append(Frame(parts, frozenset(_needed(parts))))
    return {kind: tuple(frames) for kind, frames in found.items()}


def expand(parts: tuple[Part, ...], roles: dict[str, object], rng: random.Random) -> list[str | Slot | Verb]:
    """The parts with every choice made."""
    found: list[str | Slot | Verb] = []
    for part in parts:
        if not isinstance(part, Choice):
            found.append(part)
        elif not part.optional or (_needed(part.options[0]) <= roles.keys() and rng.random() < 0.5):
            found += expand(rng.choice(part.options), roles, rng)
    return found
