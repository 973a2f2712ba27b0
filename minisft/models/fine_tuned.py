"""What every model with a head shares: its labels, and the way from and to a folder."""

import dataclasses
from pathlib import Path
from typing import ClassVar

from torch import nn

from minisft.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from minisft.errors import InputError
from minisft.models.bert import Bert
from minisft.models.config import BertConfig
from minisft.models.layers import Linear, initialise
from minisft.models.loading import load_weights
from minisft.ops import FUSED, Ops


class FineTuned(nn.Module):
    """BERT and a new head; each subclass adds one, and says what `transformers` calls it."""

    architecture: ClassVar[str]
    heads: ClassVar[tuple[str, ...]] = ("classifier",)  # linear maps, each with a row for every label
    pooler: ClassVar[bool] = False  # whether the head reads the pooled vector

    def __init__(self, config: BertConfig, labels: list[str], ops: Ops = FUSED) -> None:
        super().__init__()
        if not labels:
            raise InputError("a model needs the names of its labels; one name for a classifier means regression")
        self.config, self.labels, self.ops = config, labels, ops
        self.p = config.hidden_dropout_prob if config.classifier_dropout is None else config.classifier_dropout
        self.bert = Bert(config, ops, pooler=self.pooler)
        for name in self.heads:
            head = Linear(config.hidden_size, len(labels), ops)
            initialise(head, config.initializer_range)
            setattr(self, name, head)

    @property
    def kind(self) -> str:
        """The kind of task that it is for. See `Declaration`."""
        raise NotImplementedError

    @property
    def settings(self) -> dict[str, str]:
        """What config.json says beside the sizes and the labels."""
        return {}

    @classmethod
    def from_pretrained(
        cls, source: str | Path, labels: list[str] | None = None, ops: Ops = FUSED, **changes: float
    ) -> "FineTuned":
        """This head on a pretrained encoder, or a whole model that was saved before.

        `labels` are the names of the labels (a classifier with one name is a regression); without them the
        checkpoint's own are taken. A head of another size is replaced by a new one. `changes` overwrite fields of
        the configuration, dropout for example. Raises InputError where a file or a shape does not fit.
        """
        return cls.from_checkpoint(read_checkpoint(source), labels, ops, **changes)

    @classmethod
    def from_checkpoint(
        cls, checkpoint: Checkpoint, labels: list[str] | None = None, ops: Ops = FUSED, **changes: float
    ) -> "FineTuned":
        """As `from_pretrained`, from what was read."""
        labels = labels or saved_labels(checkpoint, cls.heads[0])
        for head in cls.heads:
            if len(checkpoint.weights.get(f"{head}.weight", labels)) != len(labels):
                for name in (f"{head}.weight", f"{head}.bias"):
                    checkpoint.unused.append(name)
                    del checkpoint.weights[name]
        model = cls(dataclasses.replace(BertConfig.from_dict(checkpoint.config), **changes), labels, ops)
        may_be_new = (*(f"{head}." for head in cls.heads), "bert.pooler.")
        load_weights(model, checkpoint, may_be_new=may_be_new)
        return model

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that `transformers` opens: AutoModelForSequenceClassification and its like."""
        config = {
            "architectures": [self.architecture],
            "model_type": "bert",
            **self.settings,
            "id2label": {str(i): name for i, name in enumerate(self.labels)},
            "label2id": {name: i for i, name in enumerate(self.labels)},
        }
        write_checkpoint(Path(folder), config | self.config.to_dict(), self.state_dict())


def saved_labels(checkpoint: Checkpoint, head: str) -> list[str]:
    """The names of the labels in a checkpoint's configuration, or those that `transformers` leaves out of it."""
    weight = checkpoint.weights.get(f"{head}.weight")
    if weight is None:
        raise InputError(f"{checkpoint.source} is not fine-tuned: it has no {head}; train it first")
    names = checkpoint.config.get("id2label") or {str(i): f"LABEL_{i}" for i in range(len(weight))}
    return [names[key] for key in sorted(names, key=int)]
