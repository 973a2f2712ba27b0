"""BERT's cleaning: from raw text to words (Devlin et al. 2019; google-research/bert, BasicTokenizer).

Two implementations are in use, and they differ in rare characters. This one does what the `tokenizers`
library does, which BERT's users run: private-use characters go (Google keeps them), and a final Σ becomes σ
(Google's becomes ς).
"""

import string
import unicodedata

# The ideographs that the library splits. Hangul and kana are not among them: they are written as words.
CJK_BLOCKS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),  # the block begins at 2B820; Google's table says 2B820, the library says 2B920
    (0x2F800, 0x2FA1F),
)


def is_control(character: str) -> bool:
    """Control, format, private-use or half a surrogate pair; tab and line ends count as white space instead.

    A character that Unicode has not assigned yet is none of these and stays.
    """
    return character not in "\t\n\r" and unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs")


def is_cjk(character: str) -> bool:
    """A Chinese ideograph, in whichever language it stands."""
    # Most text lies below every block, and one comparison settles it.
    return character >= "\u3400" and any(first <= ord(character) <= last for first, last in CJK_BLOCKS)


def is_punctuation(character: str) -> bool:
    """Unicode's punctuation, and every ASCII symbol that is neither letter nor digit: $, +, < and ^ too."""
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def clean(text: str) -> str:
    """Without control characters (U+0000 is one) and U+FFFD; every kind of white space a plain space."""
    kept = (c for c in text if c != "\ufffd" and not is_control(c))
    return "".join(" " if c.isspace() else c for c in kept)


def space_cjk(text: str) -> str:
    """A space on both sides of every ideograph, so that each is a word."""
    return "".join(f" {c} " if is_cjk(c) else c for c in text)


def strip_accents(text: str) -> str:
    """é becomes e: decompose (NFD), then drop the marks (category Mn)."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def lowercase(text: str) -> str:
    """Character by character: what stands beside a letter does not change it, so a final Σ becomes σ."""
    return "".join(c.lower() for c in text)


def split_punctuation(word: str) -> list[str]:
    """Every punctuation mark is a word of its own: "don't" gives don, ' and t."""
    return "".join(f" {c} " if is_punctuation(c) else c for c in word).split()


def words(text: str, lower: bool = True) -> list[str]:
    """The words of a text, cleaned, and for an uncased model without accents and in lower case."""
    text = space_cjk(clean(text))
    if lower:
        text = lowercase(strip_accents(text))
    return [part for word in text.split() for part in split_punctuation(word)]


def split_words(text: str) -> list[tuple[int, int]]:
    """Where each word of a text stands, (start, end) in characters; ideographs and punctuation marks stand alone.

    The words are as they were written: what BERT's cleaning changes in them, it changes later.
    """
    found: list[tuple[int, int]] = []
    begun = None
    for place, character in enumerate(text):
        alone = is_cjk(character) or is_punctuation(character)
        if begun is not None and (alone or character.isspace()):
            found.append((begun, place))
            begun = None
        if alone:
            found.append((place, place + 1))
        elif begun is None and not character.isspace():
            begun = place
    return found if begun is None else [*found, (begun, len(text))]


def join_words(words: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """Words as a text, and where each stands in it: a space between two, but none beside Chinese or Japanese."""
    text, places = "", []
    for word in words:
        close = text and (is_unspaced(text[-1]) or is_unspaced(word[0]))
        text += "" if close or not text else " "
        places.append((len(text), len(text) + len(word)))
        text += word
    return text, places


def is_unspaced(character: str) -> bool:
    """An ideograph, a kana, or a punctuation mark that is as wide as they are. Korean words stand apart."""
    if is_cjk(character) or unicodedata.name(character, "").startswith(("HIRAGANA", "KATAKANA")):
        return True
    return is_punctuation(character) and unicodedata.east_asian_width(character) in "WF"
