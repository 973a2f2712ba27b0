"""Heads on every token: a tag for each, or how likely an answer begins and ends there."""

from pathlib import Path
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minisft.checkpoints import Checkpoint, read_checkpoint
from minisft.models.classifier import MultiLabelClassifier, SequenceClassifier
from minisft.models.fine_tuned import FineTuned
from minisft.ops import FUSED, Ops


class TokenClassifier(FineTuned):
    """BERT, dropout, and a linear map of each hidden state to its tag (Devlin et al. 2019, section 5.3)."""

    architecture: ClassVar[str] = "BertForTokenClassification"

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B L T C"]:
        """The logits of the tags, for each of the L layers of tags: as many as there are heads."""
        hidden_states = self.bert.hidden_states(input_ids, attention_mask, token_type_ids)[-1]
        hidden_states = self.ops.dropout(hidden_states, self.p if self.training else 0.0)
        return torch.stack([getattr(self, head)(hidden_states) for head in self.heads], dim=1)

    @property
    def kind(self) -> str:
        """A tag for each word."""
        return "tags"


class NestedTokenClassifier(TokenClassifier):
    """Two heads, for outer entities and for those inside them. `transformers` opens it with the outer head alone."""

    heads: ClassVar[tuple[str, ...]] = ("classifier", "nested_classifier")


class SpanClassifier(FineTuned):
    """BERT and a linear map of each hidden state to two numbers, for an answer's start and end (section 4.2).

    Without dropout before it, as in Google's and in Hugging Face's BERT.
    """

    architecture: ClassVar[str] = "BertForQuestionAnswering"
    heads: ClassVar[tuple[str, ...]] = ("qa_outputs",)

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B T 2"]:
        """The logits of the start and of the end."""
        return self.qa_outputs(self.bert.hidden_states(input_ids, attention_mask, token_type_ids)[-1])

    @property
    def kind(self) -> str:
        """An answer's place."""
        return "span"


def load_fine_tuned(source: str | Path, ops: Ops = FUSED) -> FineTuned:
    """A saved model, whatever it was fine-tuned for: its config.json says so.

    Raises InputError where it is not fine-tuned, or a file or a shape does not fit.
    """
    checkpoint = read_checkpoint(source)
    return model_class(checkpoint).from_checkpoint(checkpoint, ops=ops)


def model_class(checkpoint: Checkpoint) -> type[FineTuned]:
    """The class that a checkpoint was saved from."""
    name = (checkpoint.config.get("architectures") or [""])[0]
    if name == SpanClassifier.architecture:
        return SpanClassifier
    if name == TokenClassifier.architecture:
        return NestedTokenClassifier if "nested_classifier.weight" in checkpoint.weights else TokenClassifier
    several = checkpoint.config.get("problem_type") == "multi_label_classification"
    return MultiLabelClassifier if several else SequenceClassifier
