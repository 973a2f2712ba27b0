"""A head on [CLS]: one number for each class, or a single number for a regression."""

import dataclasses
from pathlib import Path

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from minisft.errors import InputError
from minisft.models.bert import Bert
from minisft.models.config import BertConfig
from minisft.models.layers import Linear, initialise
from minisft.models.loading import load_weights
from minisft.ops import FUSED, Ops


class SequenceClassifier(nn.Module):
    """BERT, dropout, and a linear map of the pooled vector. One label means regression."""

    def __init__(self, config: BertConfig, labels: list[str], ops: Ops = FUSED) -> None:
        super().__init__()
        if not labels:
            raise InputError("a classifier needs the names of its labels; one name means regression")
        self.config, self.labels, self.ops = config, labels, ops
        self.p = config.hidden_dropout_prob if config.classifier_dropout is None else config.classifier_dropout
        self.bert = Bert(config, ops)
        self.classifier = Linear(config.hidden_size, len(labels), ops)
        initialise(self.classifier, config.initializer_range)

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
    ) -> Float[Tensor, "B C"]:
        """The logits of the classes, or the predicted number (C = 1)."""
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.ops.dropout(pooled, self.p if self.training else 0.0))

    @classmethod
    def from_pretrained(
        cls, source: str | Path, labels: list[str] | None = None, ops: Ops = FUSED, **changes: float
    ) -> "SequenceClassifier":
        """A classifier on a pretrained encoder, or a whole one that was saved before.

        `labels` are the names of the classes (one name: regression); without them the checkpoint's own are taken.
        A head of another size is replaced by a new one. `changes` overwrite fields of the configuration, dropout
        for example. Raises InputError where a file or a shape does not fit.
        """
        checkpoint = read_checkpoint(source)
        labels = labels or saved_labels(checkpoint)
        head = checkpoint.weights.get("classifier.weight")
        if head is not None and len(head) != len(labels):
            for name in ("classifier.weight", "classifier.bias"):
                checkpoint.unused.append(name)
                del checkpoint.weights[name]
        model = cls(dataclasses.replace(BertConfig.from_dict(checkpoint.config), **changes), labels, ops)
        load_weights(model, checkpoint, may_be_new=("classifier.", "bert.pooler."))
        return model

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that `transformers.AutoModelForSequenceClassification` opens."""
        regression = len(self.labels) == 1
        config = {
            "architectures": ["BertForSequenceClassification"],
            "model_type": "bert",
            "problem_type": "regression" if regression else "single_label_classification",
            "id2label": {str(i): name for i, name in enumerate(self.labels)},
            "label2id": {name: i for i, name in enumerate(self.labels)},
        }
        write_checkpoint(Path(folder), config | self.config.to_dict(), self.state_dict())


def saved_labels(checkpoint: Checkpoint) -> list[str]:
    """The names of the classes in a checkpoint's configuration."""
    names = checkpoint.config.get("id2label")
    if not names or "classifier.weight" not in checkpoint.weights:
        raise InputError(f"{checkpoint.source} is not fine-tuned: it has no classifier and no labels; train it first")
    return [names[key] for key in sorted(names, key=int)]
