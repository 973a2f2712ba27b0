"""A WordPiece vocabulary from texts: characters first, then the pieces that merging makes of them."""

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer as Library
from tokenizers import normalizers, pre_tokenizers, trainers
from tokenizers.models import WordPiece as LibraryWordPiece

from minisft.errors import InputError
from minisft.text.tokenizer import SPECIAL, Tokenizer, without_surrogates
from minisft.text.wordpiece import UNKNOWN

SMALLEST = 16  # pieces: the special ones, and a few characters


def train_vocabulary(texts: Iterable[str], size: int = 4000, exact: bool = False, min_frequency: int = 2) -> Tokenizer:
    """The uncased WordPiece vocabulary of some texts, at most `size` pieces, as a tokenizer that can be saved.

    The special tokens come first ([PAD] is 0, as in BERT), then the characters that begin a word, those that
    continue one (##), and the pieces merged from them, the most frequent pair first, while a pair occurs
    `min_frequency` times. Characters take half of the vocabulary at most, the most frequent ones; a word with
    another is [UNK]. An ideograph is a word, so Chinese gets its characters.

    The same texts give the same vocabulary in every process. Raises InputError where there is no text, or where
    `size` is wanted exactly and the texts give fewer pieces.
    """
    if size < SMALLEST:
        raise InputError(f"vocabulary_size is {size}; expected at least {SMALLEST}")
    texts = [without_surrogates(text) for text in texts]
    library = Library(LibraryWordPiece(unk_token=UNKNOWN))
    library.normalizer = normalizers.BertNormalizer(lowercase=True)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet, continuing = characters(texts, library, (size - len(SPECIAL)) // 2)
    if not alphabet:
        raise InputError("there is no text to train a vocabulary on; give a corpus with words in it")
    # The trainer numbers the continuing characters in the order of a hash table, which changes from process to
    # process and decides between equally frequent pairs. Given as special tokens they have fixed numbers.
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=min_frequency,
        show_progress=False,
        special_tokens=[*SPECIAL, *continuing],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
    )
    library.train_from_iterator(texts, trainer)
    ids = library.get_vocab()
    fixed = [*SPECIAL, *alphabet, *continuing]
    merged = sorted(ids.keys() - set(fixed), key=ids.__getitem__)
    if exact and len(fixed) + len(merged) < size:
        raise InputError(
            f"the corpus gives {len(fixed) + len(merged)} pieces that occur {min_frequency} times or more, "
            f"not {size}; take a smaller --vocabulary-size or a larger corpus"
        )
    return Tokenizer([*fixed, *merged])


def characters(texts: list[str], library: Library, limit: int) -> tuple[list[str], list[str]]:
    """The characters of the vocabulary, and with ## those that continue a word: `limit` pieces, sorted.

    The most frequent ones are taken; of equally frequent ones those with the lower code point.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(
            word for word, _ in library.pre_tokenizer.pre_tokenize_str(library.normalizer.normalize_str(text))
        )
    pieces: Counter[str] = Counter()
    for word, count in counts.items():
        for place, character in enumerate(word):
            pieces[f"##{character}" if place else character] += count
    everywhere: Counter[str] = Counter()  # a character counts where it begins a word and where it continues one
    for piece, count in pieces.items():
        everywhere[piece[-1]] += count
    alphabet, continuing = [], []
    for character in sorted(everywhere, key=lambda c: (-everywhere[c], c)):
        wanted = 1 + (f"##{character}" in pieces)
        if len(alphabet) + len(continuing) + wanted > limit:
            break
        alphabet.append(character)
        continuing += [f"##{character}"] * (wanted - 1)
    return sorted(alphabet), sorted(continuing)
