"""Plain text into documents and sentences."""

from pathlib import Path

import pytest

from minisft.data.corpus import (
    count_tokens,
    encode_documents,
    read_corpus,
    read_documents,
    split_sentences,
    town_corpus,
)
from minisft.errors import InputError
from minisft.text import Tokenizer

PLAIN = """One sentence here. And "another one!" A third?
Its second line, of the same document.


第一句。他说：“第二句！”第三句？
"""
WIKI = """\ufeff
 = First = \n
 A lobster , H. gammarus , lives here . It grew to 3 @.@ 5 kg ( 8 lb ) . It said , " Why ? " and left .
 \n = = Part = = \n
 More of the first . \n
 = Second title = \n
 Its text ! It ends .
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "text.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_blank_lines_end_documents(tmp_path) -> None:
    assert read_documents(write(tmp_path, PLAIN)) == [
        ["One sentence here.", 'And "another one!"', "A third?", "Its second line, of the same document."],
        ["第一句。", "他说：“第二句！”", "第三句？"],
    ]


def test_titles_at_level_one_begin_wikitext_documents(tmp_path) -> None:
    assert read_documents(write(tmp_path, WIKI)) == [
        [
            "A lobster , H. gammarus , lives here .",
            "It grew to 3 @.@ 5 kg ( 8 lb ) .",
            'It said , " Why ? " and left .',
            "More of the first .",
        ],
        ["Its text !", "It ends ."],
    ]


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("It cost 3.5 pounds at 4 p.m. on Sunday. He paid.", ["It cost 3.5 pounds at 4 p.m. on Sunday.", "He paid."]),
        ("“Go!” she said. “Now.” They went.", ["“Go!” she said.", "“Now.”", "They went."]),
        ("他来了。“好！”她说。", ["他来了。", "“好！”", "她说。"]),
        ("No end", ["No end"]),
    ],
)
def test_sentences(paragraph, sentences) -> None:
    assert split_sentences(paragraph) == sentences


def test_the_last_documents_are_held_out(tmp_path) -> None:
    path = write(tmp_path, "\n\n".join(f"Document {number}. It ends." for number in range(60)))
    corpus = read_corpus([path])
    assert (len(corpus.train), len(corpus.held_out)) == (57, 3)
    assert corpus.held_out[-1][0] == "Document 59."
    other = tmp_path / "other.txt"
    other.write_text("Something else.", encoding="utf-8")
    corpus = read_corpus([path, path], other)
    assert (len(corpus.train), corpus.held_out) == (120, [["Something else."]])


def test_what_is_no_corpus(tmp_path) -> None:
    with pytest.raises(InputError, match=r"there is no file nowhere.txt; expected plain text"):
        read_documents(Path("nowhere.txt"))
    with pytest.raises(InputError, match="holds no text; expected sentences"):
        read_documents(write(tmp_path, " \n\n = Title = \n"))
    with pytest.raises(InputError, match="is no plain text in UTF-8"):
        read_documents(tmp_path)
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match="is no plain text in UTF-8"):
        read_documents(tmp_path / "latin")
    with pytest.raises(InputError, match="holds one document and nothing can be held out"):
        read_corpus([write(tmp_path, "One. Two.")])


def test_tokens_are_words_and_ideographs() -> None:
    assert count_tokens(["Two words", "and 渡船 here"]) == 2 + 1 + 2 + 1


def test_encoded_sentences_have_no_special_tokens_and_are_whole() -> None:
    tokenizer = Tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b"])
    long = "a " * 600
    assert encode_documents([["a b", ""], [" "], ["aa", long]], tokenizer) == [[[5, 7]], [[5, 6], [5] * 600]]
    jamo = Tokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u1100", "##\u1161", "##\u11a8", "##\u1100"])
    assert encode_documents([["\uac01" * 20]], jamo) == [[[5, 6, 7, *[8, 6, 7] * 19]]]  # three pieces a character


def town(split: str, language: str, seed: int = 0):
    """Stands in for the town: documents of ten tokens that say where they are from."""
    number = 0
    while True:
        yield (
            [f"{split} {language} {seed} {number} one .", "t w o ."]
            if language == "en"
            else [f"{split} {number} 今天下雨。", "不下。"]
        )
        number += 1


def test_the_town_is_cut_to_so_many_tokens_in_each_language(monkeypatch) -> None:
    monkeypatch.setattr("minisft.data.town.documents", town, raising=False)
    corpus = town_corpus(2000, ["en", "zh"])
    assert len(corpus.train) == 100 + 100
    assert len(corpus.held_out) == 5 + 5
    assert corpus.train[0][0] == "train en 0 0 one ."
    assert corpus.held_out[-1][0] == "validation 4 今天下雨。"
    assert town_corpus(2000, ["zh"]).train == [d for d, _ in zip(town("train", "zh"), range(200), strict=False)]
    with pytest.raises(InputError, match="the town does not speak 'de'"):
        town_corpus(2000, ["en", "de"])
    with pytest.raises(InputError, match="no language is given; expected en, zh or both"):
        town_corpus(2000, [])
    with pytest.raises(InputError, match="tokens is 10; expected at least 1000"):
        town_corpus(10, ["en"])
