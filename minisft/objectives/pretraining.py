"""What the objectives of pretraining share."""

from dataclasses import replace
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor, nn

from minisft.data import batching
from minisft.ops import FUSED, IGNORED, Ops

Outputs = dict[str, tuple[Tensor, Tensor]]  # by name: logits (N C), and the labels (N) that they are held to


class PretrainingObjective:
    """An objective whose loss is the cross-entropy of its outputs. See `Objective` for `items`."""

    def __init__(self, ops: Ops = FUSED) -> None:
        self.ops = ops

    def outputs(self, model: nn.Module, batch: Any) -> Outputs:
        """The logits of each part of the objective and its labels, of which none is -100."""
        raise NotImplementedError

    def loss(self, logits: Float[Tensor, "N C"], labels: Int[Tensor, " N"]) -> Float[Tensor, ""]:
        """Cross-entropy summed over the rows, in nats."""
        return self.ops.cross_entropy(logits.float(), labels, reduction="sum")

    def __call__(self, model: nn.Module, batch: Any) -> tuple[Float[Tensor, ""], Float[Tensor, "N C"]]:
        ((logits, labels),) = self.outputs(model, batch).values()
        return self.loss(logits, labels), logits


def labelled(labels: Int[Tensor, "B P"]) -> Int[Tensor, " M"]:
    """Where a label is not -100, counted through the batch, b P + p. Id 0 is a label like any other."""
    return (labels != IGNORED).flatten().nonzero().squeeze(1)


def share(batch: Any, rank: int, world_size: int) -> Any:
    """The rows of one of several processes, and where labels stand in them."""
    rows = batching.share(batch, rank, world_size)
    return replace(rows, positions=labelled(rows.labels))
