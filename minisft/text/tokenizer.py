"""The same WordPiece at speed: the `tokenizers` library does the work."""

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer as Library
from tokenizers import decoders, normalizers, pre_tokenizers
from tokenizers.models import WordPiece as LibraryWordPiece
from tokenizers.processors import TemplateProcessing

from minisft.errors import InputError
from minisft.files import write_atomically
from minisft.text.wordpiece import UNKNOWN, number_pieces

SURROGATE = re.compile("[\ud800-\udfff]")
SPECIAL = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True)
class Encodings:
    """Texts or pairs as ids, unpadded, and how many of them were cut."""

    input_ids: list[list[int]]
    token_type_ids: list[list[int]]
    truncated: int


@dataclass(frozen=True)
class Pieces:
    """A text as ids, without [CLS] and [SEP], and for each piece where it comes from."""

    ids: list[int]
    places: list


class Tokenizer:
    """Texts to ids and files; equal to `WordPiece`, which shows how.

    "[SEP]" in a text is plain text, the words [, sep and ]: nobody can end a sentence by typing it.
    (`transformers` reads it as the special token, from a folder saved here too.) Half a surrogate pair is no
    character and is dropped. Raises InputError where the vocabulary lacks one of [PAD] [UNK] [CLS] [SEP]
    [MASK] or repeats a piece.
    """

    def __init__(self, vocabulary: list[str], lowercase: bool = True) -> None:
        ids = number_pieces(vocabulary, SPECIAL)
        self.vocabulary, self.lowercase = vocabulary, lowercase
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = (ids[token] for token in SPECIAL)
        self.library = Library(LibraryWordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
        self.library.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        self.library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.library.decoder = decoders.WordPiece()
        self.library.post_processor = TemplateProcessing(
            single="[CLS]:0 $A:0 [SEP]:0",
            pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
            special_tokens=[("[CLS]", self.cls_id), ("[SEP]", self.sep_id)],
        )

    @classmethod
    def from_folder(cls, folder: str | Path) -> "Tokenizer":
        """Read vocab.txt, or the vocabulary in tokenizer.json, and do_lower_case from tokenizer_config.json.

        Raises InputError where there is no WordPiece vocabulary, or one that goes with another cleaning.
        """
        folder = Path(folder)
        library = read_json(folder / "tokenizer.json")
        settings = read_json(folder / "tokenizer_config.json")
        lowercase = lowercase_of(library.get("normalizer") or {}, settings, folder)
        model = library.get("model") or {}
        vocabulary = read_vocabulary(folder, model if isinstance(model, dict) else {})
        require_plain(library, settings, set(vocabulary), folder)
        return cls(vocabulary, lowercase)

    def save(self, folder: str | Path, longest: int = 512) -> None:
        """Write vocab.txt, tokenizer.json and tokenizer_config.json, which `AutoTokenizer` opens.

        `longest` is how many positions the model has: where `transformers` cuts a text that it is told to cut. Raises
        InputError where the folder cannot be written; each file is the old one or the new one then.
        """
        folder = Path(folder)
        # Only the file's copy knows the special tokens by name: transformers looks for them there.
        copy = Library.from_str(self.library.to_str())
        copy.add_special_tokens(list(SPECIAL))
        settings = {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": self.lowercase,
            "model_max_length": longest,
            **{f"{token.strip('[]').lower()}_token": token for token in SPECIAL},
        }
        texts = {
            "vocab.txt": "\n".join(self.vocabulary) + "\n",
            "tokenizer.json": copy.to_str(pretty=True),
            "tokenizer_config.json": json.dumps(settings, indent=2) + "\n",
        }
        for name, text in texts.items():
            data = text.encode()
            write_atomically(folder / name, lambda path, data=data: path.write_bytes(data))

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text."""
        return self.library.encode(without_surrogates(text), add_special_tokens=False).tokens

    def ids(self, text: str) -> list[int]:
        """The pieces' numbers."""
        return self.library.encode(without_surrogates(text), add_special_tokens=False).ids

    def encode(self, first: list[str], second: list[str] | None = None, max_length: int | None = 512) -> Encodings:
        """[CLS] a [SEP], or [CLS] a [SEP] b [SEP] with segment 1 from b on.

        A longer row is cut to `max_length` pieces, of a pair always the longer text, and counted; None cuts nothing.
        Raises InputError where `max_length` has no room for the special tokens, or a second text is missing.
        """
        specials = 2 if second is None else 3
        if max_length is not None and max_length < specials:
            # The library would not cut at all.
            raise InputError(f"max_length is {max_length}; a row has {specials} special tokens: give more")
        if second is not None and len(first) != len(second):
            raise InputError(f"{len(first)} first texts, {len(second)} second ones; give one second for each")
        texts = [without_surrogates(text) for text in first]
        pairs = texts if second is None else list(zip(texts, map(without_surrogates, second), strict=True))
        if max_length is not None:
            self.library.enable_truncation(max_length)
        try:
            rows = self.library.encode_batch_fast(pairs)
        finally:
            self.library.no_truncation()
        truncated = sum(bool(row.overflowing) for row in rows)
        return Encodings([row.ids for row in rows], [row.type_ids for row in rows], truncated)

    def align(self, rows: list[list[str]]) -> list[Pieces]:
        """The pieces of texts that are words already; each piece's place is the number of its word."""
        rows = [[without_surrogates(word) for word in words] for words in rows]
        found = self.library.encode_batch(rows, is_pretokenized=True, add_special_tokens=False)
        return [Pieces(row.ids, row.word_ids) for row in found]

    def locate(self, texts: list[str]) -> list[Pieces]:
        """The pieces of texts; each piece's place is (start, end) in characters of the text as it was given."""
        texts = [without_surrogates(text) for text in texts]
        found = self.library.encode_batch(texts, add_special_tokens=False)
        return [
            Pieces(row.ids, [with_marks(text, *place) if self.lowercase else place for place in row.offsets])
            for text, row in zip(texts, found, strict=True)
        ]


def with_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """A piece's place with the accents after its last letter, where they are characters of their own.

    Cleaning drops them, so the library's places end before them.
    """
    while end < len(text) and unicodedata.category(text[end]) == "Mn":
        end += 1
    return start, end


def without_surrogates(text: str) -> str:
    """Python's strings can hold half a surrogate pair; the library's cannot. The text stays as long as it was:
    U+FFFD, which cleaning drops, stands in."""
    return SURROGATE.sub("\ufffd", text)


def read_vocabulary(folder: Path, model: dict) -> list[str]:
    """The pieces in the order of their ids: vocab.txt, or else the `model` part of tokenizer.json."""
    if (folder / "vocab.txt").exists():
        return read_text(folder / "vocab.txt").removesuffix("\n").split("\n")
    if not model:
        raise InputError(f"{folder} has neither vocab.txt nor tokenizer.json; name the folder of a BERT")
    kind = model.get("type") or ("BPE" if "merges" in model else "WordPiece")
    if kind != "WordPiece":
        # Byte-level BPE writes the space as Ġ.
        kind = "byte-level BPE" if kind == "BPE" and "Ġ" in model.get("vocab", {}) else kind
        raise InputError(f"{folder}'s tokenizer.json is {kind}; expected WordPiece: choose a BERT")
    ids = model.get("vocab")
    if not isinstance(ids, dict) or sorted(ids.values()) != list(range(len(ids))):
        raise InputError(f"{folder}'s tokenizer.json does not number its pieces 0, 1, 2 …; get it again")
    return sorted(ids, key=ids.__getitem__)


def lowercase_of(normalizer: dict, settings: dict, folder: Path) -> bool:
    """Whether the model is uncased. Raises InputError where it was trained with another cleaning."""
    lowercase = settings.get("do_lower_case", normalizer.get("lowercase", True))
    strips = settings.get("strip_accents", normalizer.get("strip_accents"))
    splits = settings.get("tokenize_chinese_chars", normalizer.get("handle_chinese_chars", True))
    if strips not in (None, lowercase) or not splits:
        wanted = f"strip_accents {strips} and tokenize_chinese_chars {splits}"
        raise InputError(f"{folder} asks for {wanted}; expected {lowercase} and True: choose another model")
    return bool(lowercase)


def require_plain(library: dict, settings: dict, vocabulary: set[str], folder: Path) -> None:
    """Raise InputError where texts are cut otherwise than here: tokens that were added, or words found another way."""
    added = [token.get("content") for token in library.get("added_tokens") or [] if isinstance(token, dict)]
    if foreign := [token for token in added if token not in vocabulary]:
        raise InputError(f"{folder}'s tokenizer.json adds {foreign[0]!r} to the vocabulary; choose a BERT without")
    words = settings.get("word_tokenizer_type")
    kind = (library.get("normalizer") or {}).get("type") if library else "BertNormalizer"
    if words not in (None, "basic") or kind != "BertNormalizer":
        raise InputError(
            f"{folder} cuts words by {words or kind or 'nothing'}; expected BERT's way: choose another model"
        )


def read_json(path: Path) -> dict:
    """A JSON object, or an empty one where there is no file."""
    if not path.exists():
        return {}
    try:
        found = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}); get the file again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no JSON object; get the file again")
    return found


def read_text(path: Path) -> str:
    """A file in UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error}); get the file again") from None
