"""The fast tokenizer: rows, truncation and files, against transformers."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minisft.errors import InputError
from minisft.text import Encodings, Tokenizer, WordPiece

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def without_specials(texts: list[str]) -> list[str]:
    """What transformers reads as we do: no special token spelled out, no half of a surrogate pair."""
    unlike = re.compile(r"\[(PAD|UNK|CLS|SEP|MASK)\]|[\ud800-\udfff]")
    return [text for text in texts if not unlike.search(text)]


def pairs_of(texts: list[str]) -> tuple[list[str], list[str]]:
    """Short with long, long with short, and both ways round."""
    texts = [*without_specials(texts), "the quick brown fox jumps over the lazy dog " * 20, "so it is. " * 31]
    draw = random.Random(1)
    return draw.choices(texts, k=200), draw.choices(texts, k=200)


def test_rows_by_hand(small: list[str]) -> None:
    tokenizer = Tokenizer(small)
    assert tokenizer.encode(["unaffable cafe", ""]) == Encodings(
        [[2, 5, 6, 7, 11, 12, 3], [2, 3]], [[0] * 7, [0] * 2], 0
    )
    assert tokenizer.encode(["unaffable", "the"], ["café.", "the"]) == Encodings(
        [[2, 5, 6, 7, 3, 11, 12, 16, 3], [2, 10, 3, 10, 3]], [[0] * 5 + [1] * 4, [0, 0, 0, 1, 1]], 0
    )
    ids = (tokenizer.pad_id, tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id)
    assert ids == (0, 1, 2, 3, 4)
    assert tokenizer.vocabulary == small


def test_the_longer_text_is_cut_first(small: list[str]) -> None:
    tokenizer = Tokenizer(small)
    cut = tokenizer.encode(["the the the", "the", "the"], ["un", "un un un un", "un"], max_length=6)
    assert cut.input_ids == [[2, 10, 10, 3, 5, 3], [2, 10, 3, 5, 5, 3], [2, 10, 3, 5, 3]]
    assert cut.truncated == 2
    assert tokenizer.encode(["the " * 9], max_length=2) == Encodings([[2, 3]], [[0, 0]], 1)
    assert tokenizer.encode(["the " * 9], max_length=11).truncated == 0
    assert len(tokenizer.ids("the " * 900)) == 900  # encode's truncation does not stay switched on
    assert tokenizer.encode([]) == Encodings([], [], 0)


def test_a_special_token_cannot_be_typed(small: list[str]) -> None:
    for text in ("[SEP]", "the[SEP]the", "[CLS] [MASK] [PAD] [sep]"):
        assert Tokenizer(small).tokenize(text) == WordPiece(small).tokenize(text)
        assert not {0, 2, 3, 4} & set(Tokenizer(small).ids(text))
    assert Tokenizer(small).tokenize("[SEP]") == ["[", "sep", "]"]


def test_half_a_surrogate_pair_is_dropped(small: list[str]) -> None:
    assert Tokenizer(small).tokenize("th\ud83de") == ["the"]
    assert Tokenizer(small).encode(["th\ud83de"], ["\udc00"]).input_ids == [[2, 10, 3, 3]]


@pytest.mark.parametrize("max_length", [3, 8, 16, 128])
def test_pairs_are_cut_as_transformers_does(
    minilm: Path,
    fast: Tokenizer,
    nasty: list[str],
    max_length: int,
) -> None:
    from transformers import BertTokenizer

    reference = BertTokenizer.from_pretrained(minilm)
    first, second = pairs_of(nasty)
    for texts in ((first, second), (first,)):
        expected = reference(*texts, truncation=True, max_length=max_length)
        whole = reference(*texts)["input_ids"]
        found = fast.encode(*texts, max_length=max_length)
        assert found.input_ids == expected["input_ids"]
        assert found.token_type_ids == expected["token_type_ids"]
        assert found.truncated == sum(len(row) > max_length for row in whole) > 0


def test_a_saved_folder_opens_in_transformers(
    both: tuple[WordPiece, Tokenizer], nasty: list[str], tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    _, fast = both
    fast.save(tmp_path / "new" / "folder")
    reference = AutoTokenizer.from_pretrained(tmp_path / "new" / "folder")
    assert type(reference).__name__ == "BertTokenizer"
    assert reference.model_max_length == 512
    ids = (reference.pad_token_id, reference.unk_token_id, reference.cls_token_id, reference.sep_token_id)
    assert (*ids, reference.mask_token_id) == (0, 100, 101, 102, 103)
    assert reference.decode(fast.ids("unaffable"), clean_up_tokenization_spaces=False) == "unaffable"
    file = json.loads((tmp_path / "new" / "folder" / "tokenizer.json").read_text(encoding="utf-8"))
    assert [token["content"] for token in file["added_tokens"] if token["special"]] == list(SPECIAL)
    first, second = pairs_of(nasty)
    assert reference(first)["input_ids"] == fast.encode(first, max_length=10_000).input_ids
    expected, found = reference(first, second, truncation=True, max_length=16), fast.encode(first, second, 16)
    assert (found.input_ids, found.token_type_ids) == (expected["input_ids"], expected["token_type_ids"])


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("missing", ["vocab.txt", "tokenizer.json", "tokenizer_config.json"])
def test_a_saved_folder_comes_back(small: list[str], tmp_path: Path, lowercase: bool, missing: str) -> None:
    Tokenizer(small, lowercase).save(tmp_path)
    (tmp_path / missing).unlink()
    tokenizer = Tokenizer.from_folder(str(tmp_path))
    assert tokenizer.vocabulary == small
    assert tokenizer.lowercase == lowercase
    assert tokenizer.tokenize("Unaffable") == (["un", "##aff", "##able"] if lowercase else ["[UNK]"])


def test_the_packaged_model_opens(minilm: Path, vocabulary: list[str]) -> None:
    tokenizer = Tokenizer.from_folder(minilm)
    assert (tokenizer.vocabulary, tokenizer.lowercase) == (vocabulary, True)


BPE = {"model": {"type": "BPE", "vocab": {"Ġ": 0}, "merges": []}}
CASED = '{"do_lower_case": false, "strip_accents": true}'
VOCABULARY = "\n".join([*SPECIAL, "a"])
ADDED = json.dumps({"normalizer": {"type": "BertNormalizer"}, "added_tokens": [{"content": "a"}, {"content": "<e1>"}]})


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has neither vocab.txt nor tokenizer.json; name the folder of a BERT"),
        ({"tokenizer.json": json.dumps(BPE)}, "is byte-level BPE; expected WordPiece"),
        ({"tokenizer.json": '{"model": {"vocab": {"a": 0}, "merges": []}}'}, "is BPE; expected WordPiece"),
        ({"tokenizer.json": '{"model": {"type": "Unigram", "vocab": []}}'}, "is Unigram; expected WordPiece"),
        ({"tokenizer.json": '{"model": {"vocab": {"a": 0, "b": 2}}}'}, "does not number its pieces"),
        ({"tokenizer.json": "{"}, "is not JSON"),
        ({"tokenizer.json": "[]"}, "holds no JSON object"),
        ({"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"}, "no \\[MASK\\]"),
        ({"vocab.txt": "\n".join([*SPECIAL, "a", "b", "a"])}, "'a' twice"),
        ({"vocab.txt": b"\xff\xfe"}, "is not UTF-8"),
        ({"vocab.txt": "a", "tokenizer_config.json": '{"strip_accents": false}'}, "strip_accents False"),
        ({"vocab.txt": "a", "tokenizer_config.json": '{"tokenize_chinese_chars": false}'}, "chars False"),
        ({"vocab.txt": "a", "tokenizer_config.json": CASED}, "strip_accents True and"),
        ({"vocab.txt": VOCABULARY, "tokenizer.json": ADDED}, "tokenizer.json adds '<e1>' to the vocabulary"),
        (
            {"vocab.txt": VOCABULARY, "tokenizer.json": '{"normalizer": null, "x": 1}'},
            "cuts words by nothing; expected",
        ),
        ({"vocab.txt": VOCABULARY, "tokenizer.json": '{"normalizer": {"type": "Sequence"}}'}, "cuts words by Sequence"),
        ({"vocab.txt": VOCABULARY, "tokenizer_config.json": '{"word_tokenizer_type": "mecab"}'}, "cuts words by mecab"),
        ({"tokenizer.json": "[" * 100_000}, "is not JSON"),
    ],
)
def test_a_folder_without_a_tokenizer_of_ours_is_refused(
    tmp_path: Path, files: dict[str, str | bytes], message: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as caught:
        Tokenizer.from_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_rows_that_cannot_be_made_are_refused(small: list[str]) -> None:
    tokenizer = Tokenizer(small)
    with pytest.raises(InputError, match="max_length is 1; a row has 2 special tokens"):
        tokenizer.encode(["the"], max_length=1)
    with pytest.raises(InputError, match="max_length is 2; a row has 3"):
        tokenizer.encode(["the"], ["the"], max_length=2)
    with pytest.raises(InputError, match="1 first texts, 2 second ones"):
        tokenizer.encode(["the"], ["the", "un"])


def test_importing_the_room_is_light() -> None:
    code = "import sys, minisft.text; print(sorted({'transformers', 'datasets'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_piece_may_be_a_line_separator(small: list[str], tmp_path: Path) -> None:
    """str.splitlines would cut there, and every later id would be another piece's."""
    vocabulary = [*small, "\u2028", "\x85", "last"]
    (tmp_path / "vocab.txt").write_bytes(("\n".join(vocabulary) + "\n").encode())
    assert Tokenizer.from_folder(tmp_path).vocabulary == vocabulary


def test_the_settings_outweigh_the_normalizer_as_in_transformers(small: list[str], tmp_path: Path) -> None:
    Tokenizer(small, lowercase=True).save(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"do_lower_case": true', '"do_lower_case": false'))
    assert not Tokenizer.from_folder(tmp_path).lowercase


def test_a_full_disk_leaves_the_tokenizer_that_was_there(small: list[str], tmp_path: Path, monkeypatch) -> None:
    Tokenizer(small).save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    whole = Path.write_bytes

    def half(path: Path, data: bytes) -> None:
        whole(path, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(InputError, match="No space left on device; what was there before is unharmed"):
        Tokenizer([*small, "more"]).save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("asked", [{"strip_accents": False}, {"handle_chinese_chars": False}])
def test_another_cleaning_is_refused_wherever_it_is_written(small: list[str], tmp_path: Path, asked: dict) -> None:
    normalizer = {"type": "BertNormalizer", "lowercase": True, "strip_accents": None, "handle_chinese_chars": True}
    model = {"type": "WordPiece", "vocab": {piece: number for number, piece in enumerate(small)}}
    for changes, fits in (({}, True), (asked, False)):
        described = {"normalizer": normalizer | changes, "model": model}
        (tmp_path / "tokenizer.json").write_text(json.dumps(described), encoding="utf-8")
        if fits:
            assert Tokenizer.from_folder(tmp_path).vocabulary == small
        else:
            with pytest.raises(InputError, match="choose another model"):
                Tokenizer.from_folder(tmp_path)


def test_half_a_surrogate_pair_in_a_word_shifts_no_other(small: list[str]) -> None:
    (pieces,) = Tokenizer(small).align([["the", "\ud83d", "th\udc00e"]])
    assert pieces.places == [0, 2]
    assert pieces.ids == [10, 10]
