"""The same WordPiece at speed: the `tokenizers` library does the work."""

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer as Library
from tokenizers import normalizers, pre_tokenizers
from tokenizers.models import WordPiece as LibraryWordPiece
from tokenizers.processors import TemplateProcessing

from minisft.errors import InputError

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True)
class Encodings:
    """Texts or pairs as ids, unpadded, and how many of them were cut."""

    input_ids: list[list[int]]
    token_type_ids: list[list[int]]
    truncated: int


class Tokenizer:
    """Texts to ids and files. Raises InputError where the vocabulary lacks a special token or repeats one.

    "[SEP]" in a text is plain text: nobody can end a sentence by typing it.
    """

    def __init__(self, vocabulary: list[str], lowercase: bool = True) -> None:
        self.vocabulary, self.lowercase = vocabulary, lowercase
        ids = {piece: number for number, piece in enumerate(vocabulary)}
        missing = [token for token in SPECIAL if token not in ids]
        if missing:
            raise InputError(f"the vocabulary has no {', '.join(missing)}; expected a BERT's vocab.txt")
        if len(ids) < len(vocabulary):
            repeated = next(piece for number, piece in enumerate(vocabulary) if ids[piece] != number)
            raise InputError(f"the vocabulary holds {repeated!r} twice; every piece needs a number of its own")
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = (ids[token] for token in SPECIAL)
        self.library = Library(LibraryWordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
        self.library.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        self.library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.library.post_processor = TemplateProcessing(
            single="[CLS]:0 $A:0 [SEP]:0",
            pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
            special_tokens=[("[CLS]", self.cls_id), ("[SEP]", self.sep_id)],
        )

    @classmethod
    def from_folder(cls, folder: str | Path) -> "Tokenizer":
        """Read vocab.txt, or the vocabulary in tokenizer.json, and do_lower_case from tokenizer_config.json.

        Raises InputError where there is no WordPiece vocabulary.
        """
        folder = Path(folder)
        settings = read_json(folder / "tokenizer_config.json")
        lowercase = bool(settings.get("do_lower_case", True))
        if (folder / "vocab.txt").exists():
            text = (folder / "vocab.txt").read_text(encoding="utf-8")
            return cls(text.removesuffix("\n").split("\n"), lowercase)
        model = read_json(folder / "tokenizer.json").get("model", {})
        if model.get("type", "WordPiece") != "WordPiece":
            raise InputError(
                f"{folder / 'tokenizer.json'} is a {model['type']} tokenizer; expected WordPiece, as BERT's is"
            )
        if not isinstance(model.get("vocab"), dict):
            raise InputError(f"{folder} has neither vocab.txt nor tokenizer.json; expected a BERT's tokenizer there")
        return cls(sorted(model["vocab"], key=model["vocab"].get), lowercase)

    def save(self, folder: str | Path) -> None:
        """Write vocab.txt, tokenizer.json and tokenizer_config.json, which `transformers.AutoTokenizer` opens."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.txt").write_text("\n".join(self.vocabulary) + "\n", encoding="utf-8")
        copy = Library.from_str(self.library.to_str())
        copy.add_special_tokens(list(SPECIAL))  # in the file only: transformers looks for them there
        copy.save(str(folder / "tokenizer.json"))
        settings = {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": self.lowercase,
            "model_max_length": 512,
            **{f"{token.strip('[]').lower()}_token": token for token in SPECIAL},
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text."""
        return self.library.encode(text, add_special_tokens=False).tokens

    def ids(self, text: str) -> list[int]:
        """The pieces' numbers."""
        return self.library.encode(text, add_special_tokens=False).ids

    def encode(self, first: list[str], second: list[str] | None = None, max_length: int = 512) -> Encodings:
        """[CLS] a [SEP], or [CLS] a [SEP] b [SEP] with segment 1 from b on.

        A longer row is cut to `max_length` pieces, of a pair always the longer text, and counted.
        """
        self.library.enable_truncation(max_length)
        rows = self.library.encode_batch(first if second is None else list(zip(first, second, strict=True)))
        self.library.no_truncation()
        return Encodings(
            [row.ids for row in rows], [row.type_ids for row in rows], sum(bool(row.overflowing) for row in rows)
        )


def read_json(path: Path) -> dict:
    """A JSON object, or an empty one where there is no file."""
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not JSON ({error}); get the file again") from None
