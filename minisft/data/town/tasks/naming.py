"""Who, what and where: proper names, and names inside names."""

import re

from minisft.data.town.documents import Writer
from minisft.data.town.markup import Span
from minisft.data.town.tasks.worlds import Row, rows_of
from minisft.data.town.wishes import DESK

TAGS = ("PER", "ORG", "LOC", "MISC")
LABELS = ["O", *(f"{begin}-{tag}" for tag in TAGS for begin in "BI")]
WORD = re.compile(r"[\u3400-\u9fff]|'s\b|[^\W\u3400-\u9fff]+|[^\w\s]")


def words_of(text: str) -> list[tuple[int, int]]:
    """Where the words of a text stand: words, each ideograph, possessive 's, signs."""
    return [match.span() for match in WORD.finditer(text)]


def bio(words: list[tuple[int, int]], spans: list[Span]) -> list[int]:
    """A label for each word, from spans that do not overlap."""
    tags = [0] * len(words)
    for span in spans:
        inside = [n for n, (start, end) in enumerate(words) if span.start <= start and end <= span.end]
        for position, number in enumerate(inside):
            tags[number] = LABELS.index(f"{'I' if position else 'B'}-{span.mark.tag}")
    return tags


def layers(spans: list[Span]) -> tuple[list[Span], list[Span]]:
    """The spans of proper names that stand in no other, and those that do."""
    named = [span for span in spans if span.mark.tag]
    inner = [
        span
        for span in named
        if any(other is not span and other.start <= span.start and span.end <= other.end for other in named)
    ]
    return [span for span in named if span not in inner], inner


def draw_names(writer: Writer, domain: str, language: str) -> Row | None:
    """One sentence of a document and its names."""
    if domain == "newspaper":
        text = writer.write(writer.rng.choice(("news", "news", "entry", "minutes", "letter")))
    else:
        text = writer.request(None, (writer.rng.choice(DESK),))
    plain, spans = text.teller.speech.marks.read(writer.rng.choice(text.sentences))
    outer, inner = layers(spans)
    if not outer and writer.rng.random() < 0.8:
        return None
    words = words_of(plain)
    return {
        "tokens": [plain[start:end] for start, end in words],
        "ner_tags": bio(words, outer),
        "nested_ner_tags": bio(words, inner),
    }


def draw_nested(writer: Writer, domain: str, language: str) -> Row | None:
    """One sentence with a name inside a name, most of the time."""
    row = draw_names(writer, domain, language)
    return row if row and (any(row["nested_ner_tags"]) or writer.rng.random() < 0.2) else None


def ner(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns tokens, ner_tags."""
    splits = rows_of("ner", domain, language, draw_names)
    return {split: [{k: row[k] for k in ("tokens", "ner_tags")} for row in rows] for split, rows in splits.items()}


def nested_ner(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns tokens, ner_tags for the outermost names, nested_ner_tags for those inside them."""
    return rows_of("nested_ner", domain, language, draw_nested)
