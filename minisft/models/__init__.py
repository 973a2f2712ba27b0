"""The networks: parameters and the order in which they are applied. The arithmetic is in `minisft.ops`."""

from minisft.models.bert import Bert
from minisft.models.classifier import MultiLabelClassifier, SequenceClassifier
from minisft.models.config import BertConfig
from minisft.models.encoder import EncoderLayer
from minisft.models.fine_tuned import FineTuned
from minisft.models.permutation import PermutationBert
from minisft.models.pretraining import BertForPretraining
from minisft.models.tokens import NestedTokenClassifier, SpanClassifier, TokenClassifier, load_fine_tuned

__all__ = [
    "Bert", "BertConfig", "BertForPretraining", "EncoderLayer", "FineTuned", "MultiLabelClassifier",
    "NestedTokenClassifier", "PermutationBert", "SequenceClassifier", "SpanClassifier", "TokenClassifier",
    "load_fine_tuned",
]  # fmt: skip
