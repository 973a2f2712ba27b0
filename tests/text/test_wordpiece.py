"""WordPiece by hand: against pieces and ids written down here, and against the library on real text."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from minisft.errors import InputError
from minisft.text import Tokenizer, WordPiece

ENGLISH = [
    "ag_news", "checklist", "clinc150", "genia", "goemotions", "mrpc", "restaurants", "semeval2010_task8",
    "snips", "squad", "sst2", "stsb", "vreg", "weat", "wikitext2", "winobias", "wnut17",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("unaffable", ["una", "##ffa", "##ble"]),
        ("Embeddings!", ["em", "##bed", "##ding", "##s", "!"]),
        ("Tokenization of café", ["token", "##ization", "of", "cafe"]),
        ("[SEP]", ["[", "sep", "]"]),
        ("##ing", ["#", "#", "ing"]),
        ("fine-tuning", ["fine", "-", "tuning"]),
        ("x" * 101, ["[UNK]"]),
        ("☺ ok", ["[UNK]", "ok"]),
        ("中国", ["中", "国"]),
        ("", []),
    ],
)
def test_known_pieces(vocabulary: list[str], fast: Tokenizer, text: str, pieces: list[str]) -> None:
    assert WordPiece(vocabulary).tokenize(text) == pieces
    assert fast.tokenize(text) == pieces


def test_known_ids(vocabulary: list[str], fast: Tokenizer) -> None:
    ids = [1996, 4248, 2829, 4419, 14523, 2058, 1996, 13971, 3899, 1012]
    assert WordPiece(vocabulary).ids("The quick brown fox jumps over the lazy dog.") == ids
    assert fast.ids("The quick brown fox jumps over the lazy dog.") == ids


def test_pieces_by_hand(small: list[str]) -> None:
    tokenizer = WordPiece(small)
    assert tokenizer.tokenize("Unaffable.") == ["un", "##aff", "##able", "."]
    assert tokenizer.pieces("unaffablex") == ["[UNK]"]  # a good beginning does not save a word
    assert tokenizer.pieces("aff") == ["[UNK]"]  # ##aff does not begin a word
    assert tokenizer.ids("running café") == [8, 9, 11, 12]


def test_the_longest_word_is_a_hundred_characters() -> None:
    tokenizer = WordPiece(["[UNK]", "x", "##x"])
    assert tokenizer.pieces("x" * 100) == ["x"] + ["##x"] * 99
    assert tokenizer.pieces("x" * 101) == ["[UNK]"]
    assert WordPiece(["[UNK]", "x", "##x"], longest_word=2).pieces("xxx") == ["[UNK]"]


def test_cased(small: list[str]) -> None:
    assert WordPiece(small, lowercase=False).tokenize("Un un") == ["[UNK]", "un"]


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [(["a"], "no \\[UNK\\]"), (["[UNK]", "a", "a"], "'a' twice")],
)
def test_a_wrong_vocabulary_is_refused(vocabulary: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        WordPiece(vocabulary)


def test_nasty_texts(both: tuple[WordPiece, Tokenizer], nasty: list[str]) -> None:
    hand, fast = both
    for text in nasty:
        assert hand.tokenize(text) == fast.tokenize(text), ascii(text)
        assert hand.ids(text) == fast.ids(text), ascii(text)


def test_nasty_characters_in_any_order(both: tuple[WordPiece, Tokenizer], nasty: list[str]) -> None:
    hand, fast = both
    characters, draw = sorted(set("".join(nasty))), random.Random(0)
    for _ in range(5000):
        text = "".join(draw.choices(characters, k=draw.randint(1, 14)))
        assert hand.tokenize(text) == fast.tokenize(text), ascii(text)


def split(line: str) -> list[str]:
    return re.split("[ \t]+", line)


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from strings(part)


def json_strings(text: str) -> Iterator[str]:
    """Of one JSON value after another, a line each or not."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        yield from strings(value)
        text = text[end:].lstrip()


def lines_of(folder: Path) -> set[str]:
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found.update(json_strings(text) if path.suffix.startswith(".json") else text.split("\n"))
    return found


@pytest.mark.usefixtures("unchecked")
def test_every_line_of_the_real_data(vocabulary: list[str], fast: Tokenizer, real_data: Path) -> None:
    hand = WordPiece(vocabulary)
    lines = sorted(set().union(*(lines_of(real_data / name) for name in ENGLISH)))
    assert len(lines) > 200_000
    words = sorted({word for line in lines for word in split(line)})
    ids = {word: hand.ids(word) for word in words}

    # By hand every word is cut once: white space parts words, whatever stands beside it.
    for line, row in zip(lines, fast.encode(lines, max_length=1_000_000).input_ids, strict=True):
        assert [piece for word in split(line) for piece in ids[word]] == row[1:-1], line
    for line in lines[::500]:
        assert hand.ids(line) == fast.ids(line), line
