"""A trained vocabulary: the same in every process, read back by our tokenizer, with the characters first."""

import hashlib
import subprocess
import sys

import pytest

from minisft.errors import InputError
from minisft.text import Tokenizer, WordPiece
from minisft.text.vocabulary import train_vocabulary

TEXTS = [
    "The ferry sailed, sailing in the fog.",
    "Ferries sail; the Café was sailing too.",
    "渡船今天不开。渡船明天开。",
] * 3


def test_special_tokens_then_characters_then_pieces(tmp_path) -> None:
    tokenizer = train_vocabulary(TEXTS, 90)
    pieces = tokenizer.vocabulary
    assert pieces[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    kinds = ["##" if piece.startswith("##") else "" for piece in pieces[5:]]
    begins = [piece for piece in pieces[5:] if len(piece) == 1]
    assert pieces[5 : 5 + len(begins)] == sorted(begins)
    continues = [piece for piece in pieces if len(piece) == 3 and piece.startswith("##")]
    assert pieces[5 + len(begins) : 5 + len(begins) + len(continues)] == sorted(continues)
    assert "##" in kinds
    assert {"渡", "船", "。", "e", "the"} <= set(pieces)
    assert not any(character in piece for piece in pieces if len(piece) > 1 for character in "渡船今天")
    assert not any("é" in piece or piece != piece.lower() for piece in pieces[5:])
    tokenizer.save(tmp_path)
    again = Tokenizer.from_folder(tmp_path)
    assert again.vocabulary == pieces
    text = "The CAFÉ ferry sailed 渡船"
    assert again.ids(text) == WordPiece(pieces).ids(text)
    assert again.unk_id not in again.ids(text)
    assert again.tokenize("the 渡船") == ["the", "渡", "船"]
    assert again.ids("x") == [again.unk_id]  # a character that never was there


def test_the_same_in_every_process_and_whatever_the_hash_seed() -> None:
    """The library alone numbers pieces by the order of a hash table: two processes give two vocabularies."""
    code = (
        "import random; from minisft.text.vocabulary import train_vocabulary; draw = random.Random(5); "
        "words = [''.join(draw.choice('abcdefghijkl') for _ in range(draw.randint(2, 8))) for _ in range(900)]; "
        "print('\\n'.join(train_vocabulary([' '.join(words), ' '.join(words[:500])], 400).vocabulary))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout for _ in range(4)]
    assert len(runs[0].split()) == 400
    assert {hashlib.sha256(run).hexdigest() for run in runs} == {hashlib.sha256(runs[0]).hexdigest()}


def test_too_many_characters_leave_half_of_the_vocabulary_to_pieces() -> None:
    rare = "".join(chr(0x4E00 + number) for number in range(200))
    tokenizer = train_vocabulary(["the ferry the ferry sails the quay " * 5, rare[::-1]], 60, min_frequency=1)
    characters = [piece for piece in tokenizer.vocabulary[5:] if len(piece.removeprefix("##")) == 1]
    assert len(characters) <= 27
    assert len(tokenizer.vocabulary) <= 60
    assert {"t", "h", "e", "the", "ferry"} <= set(tokenizer.vocabulary)
    assert tokenizer.ids(rare[-1]) == [tokenizer.unk_id]
    assert tokenizer.ids(rare[0]) != [tokenizer.unk_id]  # of equally frequent ones, the lower code point


def test_a_size_that_the_texts_do_not_give() -> None:
    assert len(train_vocabulary(TEXTS, 4000).vocabulary) < 200
    with pytest.raises(InputError, match=r"the corpus gives \d+ pieces that occur 2 times or more, not 4000; take"):
        train_vocabulary(TEXTS, 4000, exact=True)
    with pytest.raises(InputError, match="vocabulary_size is 3; expected at least 16"):
        train_vocabulary(TEXTS, 3)
    with pytest.raises(InputError, match="there is no text to train a vocabulary on"):
        train_vocabulary([" ", ""], 100)
