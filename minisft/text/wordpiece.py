"""WordPiece by hand: a word is cut into the longest pieces that the vocabulary holds, from left to right."""

from minisft.text.cleaning import words

UNKNOWN = "[UNK]"


class WordPiece:
    """BERT's tokenizer (Wu et al. 2016, section 4.1; Devlin et al. 2019, section 3).

    `vocabulary` lists the pieces; a piece that continues a word begins with ##. A word with no such cut, or with
    more than `longest_word` characters, is [UNK]. "[SEP]" in a text is three words and never the special token.
    """

    def __init__(self, vocabulary: list[str], lowercase: bool = True, longest_word: int = 100) -> None:
        self.ids_of = {piece: number for number, piece in enumerate(vocabulary)}
        self.lowercase, self.longest_word = lowercase, longest_word

    def words(self, text: str) -> list[str]:
        """The cleaned words of a text."""
        return words(text, self.lowercase)

    def pieces(self, word: str) -> list[str]:
        """Greedy longest match: the longest piece that begins the word, then the longest that goes on, and so on."""
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
