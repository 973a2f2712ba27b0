"""The networks: parameters and the order in which they are applied. The arithmetic is in `minisft.ops`."""

from minisft.models.bert import Bert
from minisft.models.classifier import SequenceClassifier
from minisft.models.config import BertConfig
from minisft.models.encoder import EncoderLayer
from minisft.models.permutation import PermutationBert
from minisft.models.pretraining import BertForPretraining

__all__ = ["Bert", "BertConfig", "BertForPretraining", "EncoderLayer", "PermutationBert", "SequenceClassifier"]
