"""What a model is trained for: a loss, summed over its items, and how many items there are."""

from minisft.objectives.examples import OBJECTIVES, Examples, Stream
from minisft.objectives.masked import MaskedBatch, MaskedWords, MaskingVocabulary, mask_words
from minisft.objectives.next_sentence import MaskedAndNext, NextSentence, make_pairs
from minisft.objectives.permutation import PermutedBatch, PermutedWords, left_to_right, order_words
from minisft.objectives.pretraining import PretrainingObjective
from minisft.objectives.sequence import Classification, MultiLabel, Objective, Regression
from minisft.objectives.tokens import Spans, Tagging

__all__ = [
    "OBJECTIVES", "Classification", "Examples", "MaskedAndNext", "MaskedBatch", "MaskedWords", "MaskingVocabulary",
    "MultiLabel", "NextSentence", "Objective", "PermutedBatch", "PermutedWords", "PretrainingObjective", "Regression",
    "Spans", "Stream", "Tagging", "left_to_right", "make_pairs", "mask_words", "order_words",
]  # fmt: skip
