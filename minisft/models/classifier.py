"""A head on [CLS]: a number for each class, a single number for a regression, or each label for itself."""

from typing import ClassVar

from jaxtyping import Bool, Float, Int
from torch import Tensor

from minisft.models.fine_tuned import FineTuned


class SequenceClassifier(FineTuned):
    """BERT, dropout, and a linear map of the pooled vector. One label means regression."""

    architecture: ClassVar[str] = "BertForSequenceClassification"
    pooler: ClassVar[bool] = True

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B C"]:
        """The logits of the labels, or the predicted number (C = 1)."""
        nothing = input_ids.new_empty(0)  # the head reads [CLS] alone, so no other position leaves the last layer
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids, nothing)
        return self.classifier(self.ops.dropout(pooled, self.p if self.training else 0.0))

    @property
    def kind(self) -> str:
        """A number where there is one label, else a class."""
        return "number" if len(self.labels) == 1 else "class"

    @property
    def settings(self) -> dict[str, str]:
        """Which loss `transformers` takes."""
        return {"problem_type": "regression" if self.kind == "number" else "single_label_classification"}


class MultiLabelClassifier(SequenceClassifier):
    """The same network, of which every label is there or not, for itself: any number of them, or none."""

    @property
    def kind(self) -> str:
        """Any of the labels."""
        return "labels"

    @property
    def settings(self) -> dict[str, str]:
        """Which loss `transformers` takes."""
        return {"problem_type": "multi_label_classification"}
