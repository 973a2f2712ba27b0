"""BERT's cleaning: from raw text to words (Devlin et al. 2019; google-research/bert, BasicTokenizer)."""

import unicodedata

# The blocks that Unicode calls CJK ideographs. Hangul, Hiragana and Katakana are not among them: they are written
# with spaces or as words, and stay together.
CJK_BLOCKS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


def is_control(character: str) -> bool:
    """Control, format, private-use, surrogate or unassigned characters; tab and line ends count as white space."""
    return character not in "\t\n\r" and unicodedata.category(character).startswith("C")


def is_cjk(character: str) -> bool:
    """A Chinese ideograph, wherever it is used."""
    return any(first <= ord(character) <= last for first, last in CJK_BLOCKS)


def is_punctuation(character: str) -> bool:
    """Unicode's punctuation, and every ASCII symbol that is neither letter nor digit: $, +, < and ^ too."""
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character).startswith("P")


def clean(text: str) -> str:
    """Without control characters, U+0000 and U+FFFD; every kind of white space a plain space."""
    kept = (c for c in text if c not in "\0\ufffd" and not is_control(c))
    return "".join(" " if c.isspace() else c for c in kept)


def space_cjk(text: str) -> str:
    """A space on both sides of every ideograph, so that each is a word."""
    return "".join(f" {c} " if is_cjk(c) else c for c in text)


def strip_accents(text: str) -> str:
    """é becomes e: decompose (NFD), then drop the marks (category Mn)."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def lowercase(text: str) -> str:
    """Character by character: a final Σ becomes σ and not ς, as in the library that BERT's users run."""
    return "".join(c.lower() for c in text)


def split_punctuation(word: str) -> list[str]:
    """Every punctuation mark is a word of its own."""
    return "".join(f" {c} " if is_punctuation(c) else c for c in word).split(" ")


def words(text: str, lower: bool = True) -> list[str]:
    """The words of a text, cleaned, and for an uncased model without accents and in lower case."""
    text = space_cjk(clean(text))
    if lower:
        text = lowercase(strip_accents(text))
    return [part for word in text.split() for part in split_punctuation(word) if part]
