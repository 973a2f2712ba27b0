"""Marks inside a text while it grows: who or what a stretch of it names."""

import re
from dataclasses import dataclass

# Private-use characters: one opens a mark and is followed by its number, the other closes it.
OPEN, CLOSE, FIRST = "\ue000", "\ue001", 0xE100
_SIGNS = re.compile("(\ue000[\ue100-\uf8ff]|\ue001)")


@dataclass(frozen=True)
class Mark:
    """What a stretch of text names: a value, its part in the fact, and its tag where it is a proper name."""

    value: object
    role: str
    tag: str = ""
    fact: object = None  # whose clause it stands in


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
        return f"{OPEN}{chr(FIRST + len(self.found) - 1)}{text}{CLOSE}"

    def read(self, text: str) -> tuple[str, list[Span]]:
        """The text without marks, and where they stood; outer before inner."""
        plain, length = [], 0
        spans: list[Span] = []
        begun: list[tuple[int, int]] = []
        for piece in _SIGNS.split(text):
            if piece == CLOSE:
                start, number = begun.pop()
                spans.append(Span(start, length, self.found[number]))
            elif piece.startswith(OPEN):
                begun.append((length, ord(piece[1]) - FIRST))
            else:
                plain.append(piece)
                length += len(piece)
        return "".join(plain), sorted(spans, key=lambda span: (span.start, -span.end))
