"""Text to pretrain on: documents, each a list of sentences, from files or from the town."""

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minisft.errors import InputError
from minisft.text import Tokenizer
from minisft.text.cleaning import is_cjk

HELD_OUT = 0.05  # the share of documents, or of the town's tokens, that is kept to measure with
TITLE = re.compile(r"= [^=].*[^=] =|= [^=\s] =")  # WikiText: a title at level one
HEADING = re.compile(r"=.*=")  # ... and at any level
# After . ! ? and white space, but not within "H. gammarus" or "3 p.m. on": what follows begins with no small letter.
# Chinese has no white space; a closing quotation mark stays with its sentence.
END = re.compile(
    r"(?<=[.!?])\s+(?![a-z])|(?<=[.!?][\"'”’)])\s+(?![a-z])|(?<=[。！？])(?![”』」’）])|(?<=[。！？][”』」’）])"
)
SPACED_END = re.compile(r"(?<= [.!?]) (?!['\"a-z])|(?<= [.!?] ['\"]) (?![a-z])")  # text cut into words has " . "

Document = list[str]


@dataclass(frozen=True)
class Corpus:
    """Documents to train on and others to measure with. `about` says where they are from, ready for JSON."""

    name: str
    train: list[Document]
    held_out: list[Document]
    about: dict[str, Any] = field(default_factory=dict)


def read_corpus(paths: list[Path], held_out: Path | None = None) -> Corpus:
    """Plain text files. Without a file for it, the last 5 % of the documents are held out, one at least.

    Raises InputError where a file is missing, empty or not UTF-8, or where nothing is left to hold out.
    """
    documents = [document for path in paths for document in read_documents(path)]
    about = {"corpus": [str(path) for path in paths], "held_out": str(held_out) if held_out else None}
    name = ", ".join(path.name for path in paths)
    if held_out:
        return Corpus(name, documents, read_documents(held_out), about)
    if len(documents) < 2:
        raise InputError(
            f"{name} holds one document and nothing can be held out; separate documents by a blank line, or add "
            "--held-out FILE"
        )
    count = math.ceil(len(documents) * HELD_OUT)
    if count == 1 and len(documents) > 3:
        count = 2  # the next sentence needs another document to take a random one from
    return Corpus(name, documents[:-count], documents[-count:], about)


def read_documents(path: Path) -> list[Document]:
    """The documents of a file.

    In WikiText a title at level one, ` = Title = `, begins a document; other headings and blank lines only divide
    it. In any other text a blank line ends a document. Headings are left out.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; expected plain text, a blank line between documents") from None
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no plain text in UTF-8 ({error})") from None
    lines = [line.strip() for line in text.splitlines()]
    titled = any(TITLE.fullmatch(line) for line in lines)
    documents: list[Document] = [[]]
    for line in lines:
        if TITLE.fullmatch(line) if titled else not line:
            documents.append([])
        elif line and not HEADING.fullmatch(line):
            documents[-1] += split_sentences(line)
    found = [document for document in documents if document]
    if not found:
        raise InputError(f"{path} holds no text; expected sentences, a blank line between documents")
    return found


def split_sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph, by punctuation alone.

    Text that is cut into words (WikiText: "in 1905 . The") ends a sentence at a full stop, question or exclamation
    mark between spaces; any other text at one that is followed by white space and no small letter, or at 。！？.
    An abbreviation before a name ("Mr. Smith") ends one too: that costs little here.
    """
    ends = SPACED_END if " . " in paragraph else END
    return [part.strip() for part in ends.split(paragraph) if part.strip()]


def town_corpus(tokens: int, languages: list[str], seed: int = 0) -> Corpus:
    """The generated town: about `tokens` tokens in all, as many in each language, and 5 % more from other worlds.

    Raises InputError for a language that the town does not speak, or none, or no tokens.
    """
    from minisft.data.town import documents

    if tokens < 1000:
        raise InputError(f"tokens is {tokens}; expected at least 1000")
    unknown = [language for language in languages if language not in ("en", "zh")]
    if unknown or not languages:
        said = f"the town does not speak {unknown[0]!r}" if unknown else "no language is given"
        raise InputError(f"{said}; expected en, zh or both")
    parts = {
        split: [
            document
            for language in languages
            for document in take(documents(split, language, seed), tokens * share / len(languages))
        ]
        for split, share in (("train", 1.0), ("validation", HELD_OUT))
    }
    about = {"corpus": ["town"], "tokens": tokens, "language": list(languages), "town_seed": seed}
    return Corpus(f"town, {' and '.join(languages)}", parts["train"], parts["validation"], about)


def take(documents: Iterable[Document], tokens: float) -> list[Document]:
    """The first documents that have so many tokens together, two at least."""
    taken: list[Document] = []
    count = 0
    for document in documents:
        taken.append(document)
        count += count_tokens(document)
        if count >= tokens and len(taken) >= 2:
            break
    return taken


def count_tokens(document: Document) -> int:
    """Words between white space, and each Chinese ideograph as one."""
    text = " ".join(document)
    ideographs = sum(map(is_cjk, text))
    return ideographs + len("".join(" " if is_cjk(c) else c for c in text).split() if ideographs else text.split())


def encode_documents(documents: list[Document], tokenizer: Tokenizer) -> list[list[list[int]]]:
    """Every sentence as ids, without special tokens and uncut. Sentences that give none are left out."""
    encoded = iter(tokenizer.encode(list(itertools.chain.from_iterable(documents)), max_length=None).input_ids)
    found = [[ids[1:-1] for ids in itertools.islice(encoded, len(document))] for document in documents]
    found = [[ids for ids in document if ids] for document in found]
    return [document for document in found if document]
