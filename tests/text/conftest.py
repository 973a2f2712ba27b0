"""BERT's vocabulary, and texts that have broken tokenizers before."""

from pathlib import Path

import pytest

from minisft.text import Tokenizer, WordPiece

NASTY = [
    "", " ", " \t\n\r ", "unaffable", "Unaffable, UNAFFABLE", "don't stop", "[SEP]",
    "a [SEP] b [CLS] [MASK] [PAD]", "##ing", "##", "#hash @you £5 $5 1,000.50 50% a+b=c <br/> C++ ~`^|",
    "état naïve Ångström Ç ñ", "e\u0301tat n\u0303", "\u0301", "x\u0301\u0323y\u0323\u0301", "q̃́ z͡͏̓s",
    "Việt Nam", "İstanbul Iı iİ", "Straße STRASSE ẞ", "ΟΔΟΣ ὈΔΥΣΣΕΎΣ σς", "ﬁnal ﬂow ﬀ ﬃ ﬆ",
    "ｆｕｌｌ ＷＩＤＴＨ １２３！", "中文abc中文，你好。", "日本語とカタカナ ガ が", "한국어 텍스트 각",
    "각 ᄒ", "ภาษาไทย กำลัง", "हिन्दी नमस्ते", "עברית שָׁלוֹם", "العربية مَرْحَبًا",
    "\u202eright\u202c \u200fto left", "👩‍👩‍👧‍👦 🏳️‍🌈 ☺️ 👍🏽 🇩🇪",
    "a\u00a0b\u2003c\u3000d\u2028e\u2029f", "zero\u200bwidth\u2060joiner\ufeff", "soft\u00adhyphen",
    "re\ufffdplaced", "nul\0byte", "tab\tand\x0bvertical\x0cfeed\x85next\x1cfile", "bell\x07 del\x7f",
    "\ue000\uf8ff private", "half \ud83d pair \udc00", "\ud83d\udc00", "un\u0378assigned",
    "\U00020000\U0002b820\U0002b920\U0002f800", "𝒜𝓃𝒹 𝟙𝟚 ℕ ™ ½ ²", "—‘quoted’ “double” …–", "x" * 99,
    "x" * 100, "x" * 101, "x" * 150, "é" * 100, "é" * 101, "a" * 99 + ".", "中" * 150,
    "antidisestablishmentarianism " * 5, "ǅ ǈ Ǆ ŉ ΐ ᾳ", "١٢٣ ๑๒๓", "http://a.b/c?d=e&f#g",
    "l’été d'Anaïs",
]  # fmt: skip

SMALL = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "runn", "##ing", "the", "ca",
    "##fe", "[", "]", "sep", ".", ",", "中",
]  # fmt: skip


@pytest.fixture(scope="session")
def vocabulary(minilm: Path) -> list[str]:
    """The 30,522 pieces of bert-base-uncased."""
    return (minilm / "vocab.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="session", params=[True, False], ids=["uncased", "cased"])
def both(request: pytest.FixtureRequest, vocabulary: list[str]) -> tuple[WordPiece, Tokenizer]:
    """By hand and at speed."""
    return WordPiece(vocabulary, request.param), Tokenizer(vocabulary, request.param)


@pytest.fixture(scope="session")
def fast(vocabulary: list[str]) -> Tokenizer:
    return Tokenizer(vocabulary)


@pytest.fixture
def small() -> list[str]:
    """A vocabulary that can be read at a glance."""
    return list(SMALL)


@pytest.fixture
def nasty() -> list[str]:
    return list(NASTY)
