"""Marks inside a text while it grows: who or what a stretch of it names."""

from dataclasses import dataclass

OPEN, CLOSE = "\ue000", "\ue001"
_FIRST = 0xE100  # private-use characters number the marks


@dataclass(frozen=True)
class Mark:
    """What a stretch of text names: a value, its part in the fact, and its tag as a named entity, if any."""

    value: object
    role: str
    tag: str = ""


@dataclass(frozen=True)
class Span:
    """Where a mark stands: text[start:end]."""

    start: int
    end: int
    mark: Mark


class Marks:
    """The marks of one document."""

    def __init__(self) -> None:
        self.found: list[Mark] = []

    def put(self, text: str, mark: Mark) -> str:
        """The text inside a mark."""
        self.found.append(mark)
        return f"{OPEN}{chr(_FIRST + len(self.found) - 1)}{text}{CLOSE}"

    def read(self, text: str) -> tuple[str, list[Span]]:
        """The text without marks, and where they stood; outer before inner."""
        plain: list[str] = []
        spans: list[Span] = []
        begun: list[tuple[int, int]] = []
        characters = iter(text)
        for character in characters:
            if character == OPEN:
                begun.append((len(plain), ord(next(characters)) - _FIRST))
            elif character == CLOSE:
                start, number = begun.pop()
                spans.append(Span(start, len(plain), self.found[number]))
            else:
                plain.append(character)
        return "".join(plain), sorted(spans, key=lambda span: (span.start, -span.end))


def strip(text: str) -> str:
    """The text without its marks."""
    kept, skip = [], False
    for character in text:
        if skip:
            skip = False
        elif character == OPEN:
            skip = True
        elif character != CLOSE:
            kept.append(character)
    return "".join(kept)
