"""Documents into rows: consecutive sentences that fill the room of a row."""

import random

from minisft.text import Encodings

Document = list[list[int]]  # sentences as ids

SHORTER = 0.1  # the share of rows that are made shorter, so that short texts are known too (as Google's BERT does)


def pack(documents: list[Document], max_length: int, cls_id: int, sep_id: int, seed: int, epoch: int) -> Encodings:
    """Rows [CLS] text [SEP] of at most `max_length` ids: consecutive sentences of one document, as many as fit.

    A sentence that is longer than a row goes on in the next one. What is drawn for a document depends on (seed,
    epoch, its number) alone.
    """
    room = max_length - 2
    rows = []
    for number, document in enumerate(documents):
        draw = random.Random(f"{seed} {epoch} {number}")
        parts = [ids[i : i + room] for ids in document for i in range(0, len(ids), room)]
        start = 0
        while start < len(parts):
            end = fill(parts, start, target_length(room, draw))
            rows.append([cls_id, *(i for part in parts[start:end] for i in part), sep_id])
            start = end
    return Encodings(rows, [[0] * len(row) for row in rows], 0)


def target_length(room: int, draw: random.Random) -> int:
    """How many ids a row is filled with: all there is room for, or now and then fewer."""
    return draw.randint(2, room) if draw.random() < SHORTER else room


def fill(document: Document, start: int, room: int, at_least: int = 1) -> int:
    """Where the sentences from `start` on that have room end; `at_least` so many are taken in any case."""
    end, length = start, 0
    while end < len(document) and (end < start + at_least or length + len(document[end]) <= room):
        length += len(document[end])
        end += 1
    return end


def cut(first: list[int], second: list[int], room: int) -> tuple[list[int], list[int]]:
    """Shorten the longer of the two until both fit: the first loses its beginning, the second its end.

    What meets at the border stays: there one sees whether they belong together.
    """
    a, b = len(first), len(second)
    while a + b > room:
        a, b = (a - 1, b) if a > b else (a, b - 1)
    return first[len(first) - a :], second[:b]
