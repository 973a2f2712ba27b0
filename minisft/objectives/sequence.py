"""What is asked of a whole text: its class, a number, or any of several labels."""

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from minisft.data import Batch
from minisft.ops import FUSED, IGNORED, Ops


@runtime_checkable
class Objective(Protocol):
    """What the Trainer asks of an objective.

    The loss is a sum, and items are counted apart and on the batch alone: so several small batches can be
    normalised by the items of all of them, before the first is computed.
    """

    def items(self, batch: Batch) -> int:
        """How many labels of the batch count."""
        ...

    def __call__(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The loss summed over the items, and the model's output for every row."""
        ...


class Classification:
    """Cross-entropy of one class a text; rows labelled -100 do not count (section 2.3.1)."""

    def __init__(self, ops: Ops = FUSED) -> None:
        self.ops = ops

    def items(self, batch: Batch) -> int:
        return int((batch.labels != IGNORED).sum())

    def __call__(self, model: nn.Module, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, "B C"]]:
        logits = model(batch.input_ids, batch.attention_mask, batch.token_type_ids).float()
        return self.ops.cross_entropy(logits, batch.labels, reduction="sum"), logits


class Regression:
    """Squared error of one number a text."""

    def __init__(self, ops: Ops = FUSED) -> None:
        self.ops = ops

    def items(self, batch: Batch) -> int:
        return len(batch.labels)

    def __call__(self, model: nn.Module, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, "B C"]]:
        predictions = model(batch.input_ids, batch.attention_mask, batch.token_type_ids)
        predictions = predictions.to(batch.labels.dtype)
        return self.ops.squared_error(predictions.squeeze(-1), batch.labels, reduction="sum"), predictions


class MultiLabel:
    """Binary cross-entropy of each label of a text; an item is a label, there or not."""

    def __init__(self, ops: Ops = FUSED) -> None:
        self.ops = ops

    def items(self, batch: Batch) -> int:
        return batch.labels.numel()

    def __call__(self, model: nn.Module, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, "B C"]]:
        logits = model(batch.input_ids, batch.attention_mask, batch.token_type_ids).float()
        return self.ops.binary_cross_entropy(logits, batch.labels, reduction="sum"), logits
