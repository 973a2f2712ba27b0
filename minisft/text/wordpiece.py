"""WordPiece by hand: a word is cut into the longest pieces that the vocabulary holds, from left to right."""

from minisft.errors import InputError
from minisft.text.cleaning import words

UNKNOWN = "[UNK]"


class WordPiece:
    """BERT's tokenizer (Wu et al. 2016, section 4.1; Devlin et al. 2019, section 3).

    `vocabulary` lists the pieces in the order of their ids; a piece that continues a word begins with ##.
    "[SEP]" in a text is plain text, the words [, sep and ]: nobody can put a special token into a row by
    typing its name. Raises InputError where the vocabulary lacks [UNK] or repeats a piece.
    """

    def __init__(self, vocabulary: list[str], lowercase: bool = True, longest_word: int = 100) -> None:
        self.ids_of = number_pieces(vocabulary, (UNKNOWN,))
        self.lowercase, self.longest_word = lowercase, longest_word

    def words(self, text: str) -> list[str]:
        """The cleaned words of a text."""
        return words(text, self.lowercase)

    def pieces(self, word: str) -> list[str]:
        """Greedy longest match: the longest piece that begins the word, then the longest that goes on.

        [UNK] alone for a word that cannot be cut so to its end, or has more than `longest_word` characters.
        """
        if len(word) > self.longest_word:
            return [UNKNOWN]
        found, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                if prefix + word[start:end] in self.ids_of:
                    found.append(prefix + word[start:end])
                    start = end
                    break
            else:
                return [UNKNOWN]
        return found

    def tokenize(self, text: str) -> list[str]:
        """The pieces of a text."""
        return [piece for word in self.words(text) for piece in self.pieces(word)]

    def ids(self, text: str) -> list[int]:
        """The pieces' numbers."""
        return [self.ids_of[piece] for piece in self.tokenize(text)]


def number_pieces(vocabulary: list[str], required: tuple[str, ...]) -> dict[str, int]:
    """Each piece's id. Raises InputError where a required piece is missing or one is there twice."""
    ids = {piece: number for number, piece in enumerate(vocabulary)}
    missing = [piece for piece in required if piece not in ids]
    if missing:
        raise InputError(f"the vocabulary has no {', '.join(missing)}; expected a BERT's: use its vocab.txt")
    if len(ids) < len(vocabulary):
        repeated = next(piece for number, piece in enumerate(vocabulary) if ids[piece] != number)
        raise InputError(f"the vocabulary holds {repeated!r} twice; a piece has one id: keep one of them")
    return ids
