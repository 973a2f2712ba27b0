"""Text to pieces: WordPiece by hand, and the same through a library at speed."""

from minisft.text.tokenizer import Encodings, Pieces, Tokenizer
from minisft.text.wordpiece import WordPiece

__all__ = ["Encodings", "Pieces", "Tokenizer", "WordPiece"]
