"""minisft: supervised fine-tuning of language models, by hand.

The rooms, in the order in which text becomes a fine-tuned model: ops, text, data, checkpoints, models, objectives,
training; and around the course: checks, grading, course. Each imports only those before it.
"""

from minisft.data import load_task
from minisft.errors import InputError
from minisft.models import (
    Bert,
    BertConfig,
    BertForPretraining,
    MultiLabelClassifier,
    PermutationBert,
    SequenceClassifier,
    SpanClassifier,
    TokenClassifier,
)
from minisft.ops import FUSED, TEXTBOOK, Ops
from minisft.text import Tokenizer
from minisft.training import FineTuning, Pretraining, Settings, Trainer

__version__ = "0.1.0"
__all__ = [
    "FUSED", "TEXTBOOK", "Bert", "BertConfig", "BertForPretraining", "FineTuning", "InputError",
    "MultiLabelClassifier", "Ops", "PermutationBert", "Pretraining", "SequenceClassifier", "Settings", "SpanClassifier",
    "TokenClassifier", "Tokenizer", "Trainer", "load_task",
]  # fmt: skip
