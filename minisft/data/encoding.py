"""From rows to ids and labels, for each kind of task: what stands where, and the way back to the text."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from minisft.data.task import Declaration, Row, Task
from minisft.ops import IGNORED
from minisft.text import Encodings, Pieces, Tokenizer


@dataclass(frozen=True)
class Window:
    """A part of a context: the row that it belongs to, its first piece in the encoding, each piece's characters."""

    row: int
    context: str
    first: int
    spans: list[tuple[int, int]]  # start and end in `context`, of the pieces first, first + 1, ...


@dataclass(frozen=True)
class Encoded:
    """The rows of a split as ids, and what the model is to say of each.

    `labels` holds for each encoded row: of class its number; of number a float; of labels 0.0 or 1.0 for each; of
    tags, for each layer, a number for each piece; of span the start and the end piece. `places` leads from pieces back
    to the text: of tags the first piece of each word, of span a `Window`.
    """

    encodings: Encodings
    labels: list
    places: list = field(default_factory=list)


def encode(task: Declaration | Task, rows: list[Row], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """Encode rows of a task, of at most `max_length` pieces each."""
    return ENCODERS[task.kind](task, rows, tokenizer, max_length)


def encode_texts(task: Declaration | Task, rows: list[Row], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """One or two texts and one label: [CLS] a [SEP] b [SEP]."""
    texts = [[row[column] for row in rows] for column in task.columns]
    return Encoded(tokenizer.encode(*texts, max_length=max_length), [row[task.targets[0]] for row in rows])


def encode_numbers(task: Declaration | Task, rows: list[Row], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """As `encode_texts`; a whole number is a number too."""
    encoded = encode_texts(task, rows, tokenizer, max_length)
    return replace(encoded, labels=[float(label) for label in encoded.labels])


def encode_label_sets(task: Declaration | Task, rows: list[Row], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """One or two texts, and for each label whether it is there."""
    encoded, every = encode_texts(task, rows, tokenizer, max_length), range(len(task.labels))
    return replace(encoded, labels=[[float(label in found) for label in every] for found in encoded.labels])


def encode_tags(task: Declaration | Task, rows: list[Row], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """Words with a tag each (Devlin et al. 2019, section 5.3): the first piece of a word has its tag.

    The other pieces, [CLS] and [SEP] have -100. A word that is cut off, or that cleaning leaves nothing of, has no
    piece: its place is None, and the model cannot find what is there.
    """
    ids, labels, places, truncated = [], [], [], 0
    room = max_length - 2
    for row, pieces in zip(rows, tokenizer.align([row["tokens"] for row in rows]), strict=True):
        kept = pieces.ids[:room]
        truncated += len(pieces.ids) > room
        first: list[int | None] = [None] * len(row["tokens"])
        for piece, word in reversed(list(enumerate(pieces.places[:room], start=1))):  # [CLS] is piece 0
            first[word] = piece
        labels.append([spread(row[target], first, len(kept) + 2) for target in task.targets])
        ids.append([tokenizer.cls_id, *kept, tokenizer.sep_id])
        places.append(first)
    return Encoded(Encodings(ids, [[0] * len(row) for row in ids], truncated), labels, places)


def spread(tags: list[int], first: list[int | None], length: int) -> list[int]:
    """Each word's tag at its first piece, -100 elsewhere."""
    labels = [IGNORED] * length
    for tag, piece in zip(tags, first, strict=True):
        if piece is not None:
            labels[piece] = tag
    return labels


def encode_spans(task: Declaration | Task, rows: list[Row], tokenizer: Tokenizer, max_length: int) -> Encoded:
    """[CLS] question [SEP] context [SEP], a context that does not fit in several windows (Devlin et al. 2019, 4.2).

    Each window begins half a window after the one before. The label is the answer's first and last piece, and of a
    window without the whole answer [CLS] twice. A question may take half of the row; the rest of it is cut off.
    """
    questions = tokenizer.locate([row["question"] for row in rows])
    contexts = tokenizer.locate([row["context"] for row in rows])
    ids, segments, labels, places, truncated = [], [], [], [], 0
    for number, (row, question, context) in enumerate(zip(rows, questions, contexts, strict=True)):
        asked = question.ids[: (max_length - 3) // 2]
        truncated += len(question.ids) > len(asked)
        first = len(asked) + 2
        answer = answer_pieces(row[task.targets[0]], context)
        for start, end in windows(len(context.ids), max_length - 3 - len(asked)):
            ids.append([tokenizer.cls_id, *asked, tokenizer.sep_id, *context.ids[start:end], tokenizer.sep_id])
            segments.append([0] * first + [1] * (end - start + 1))
            inside = answer and start <= answer[0] and answer[1] < end
            labels.append([piece - start + first for piece in answer] if inside else [0, 0])
            places.append(Window(number, row["context"], first, context.places[start:end]))
    return Encoded(Encodings(ids, segments, truncated), labels, places)


def windows(length: int, room: int) -> list[tuple[int, int]]:
    """Start and end of each window of `room` pieces, until one reaches the end."""
    found = [(0, min(room, length))]
    while found[-1][1] < length:
        start = found[-1][0] + max(1, room // 2)
        found.append((start, min(start + room, length)))
    return found


def answer_pieces(answers: dict[str, list], context: Pieces) -> tuple[int, int] | None:
    """The first and the last piece of the first answer in the whole context, or None where there is no answer."""
    if not answers["text"]:
        return None
    start = answers["answer_start"][0]
    end = start + len(answers["text"][0])
    first = bisect_right(context.places, start, key=lambda span: span[1])  # the first piece that ends after `start`
    last = bisect_left(context.places, end, key=lambda span: span[0]) - 1  # the last that begins before `end`
    return (first, last) if first <= last else None  # none where the answer is nothing but, say, control characters


ENCODERS: dict[str, Callable[[Declaration | Task, list[Row], Tokenizer, int], Encoded]] = {
    "class": encode_texts,
    "number": encode_numbers,
    "labels": encode_label_sets,
    "tags": encode_tags,
    "span": encode_spans,
}
