"""Words in any order (section 3.2.3): XLNet's permutation language model, and left to right as one of the orders."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.data.batching import move
from minisft.objectives.pretraining import Outputs, PretrainingObjective, share
from minisft.ops import IGNORED


@dataclass(frozen=True)
class PermutedBatch:
    """Rows and the order in which their words are predicted. See `order_words`."""

    input_ids: Int[Tensor, "B T"]  # the true words: nothing is replaced
    attention_mask: Bool[Tensor, "B T"] | None
    token_type_ids: Int[Tensor, "B T"]
    ranks: Int[Tensor, "B T"]
    targets: Int[Tensor, "B P"]
    labels: Int[Tensor, "B P"]
    positions: Int[Tensor, " M"]  # where a label is not -100, b P + p
    rows: list[int]

    def to(self, device: torch.device) -> "PermutedBatch":
        """The same batch on a device."""
        return move(self, device)

    def share(self, rank: int, world_size: int) -> "PermutedBatch":
        """The rows of one of several processes."""
        return share(self, rank, world_size)


def order_words(
    input_ids: Int[Tensor, "B T"],
    words: Bool[Tensor, "B T"],
    draws: Float[Tensor, "B T"],
    share: float = 1.0,
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B P"], Int[Tensor, "B P"]]:
    """Ranks, targets and labels of an order of prediction for each row (Yang et al. 2019, sections 2.2 and 2.3).

    The words of a row (True in `words`) are ordered by their draws, the lowest first. The last `share` of them, one
    at least, are the targets: they have the ranks 1, 2, 3 ... in that order. All that comes before, and what is no
    word, is given: rank 0. `targets` are their positions in the order of prediction and `labels` the ids there; a
    row with fewer targets than another begins with some that are none, labelled -100.
    """
    counts = words.sum(1, keepdim=True)  # B 1
    wanted = (counts * share).ceil().long().clamp(min=1).minimum(counts)  # targets in each row
    in_order = draws.masked_fill(~words, -1.0).argsort(1)  # B T: what is no word, then the words as they are drawn
    last = torch.arange(words.shape[1]) - words.shape[1] + wanted  # B T: 0 at the first target's place in the order
    order = (last + 1).clamp(min=0)
    ranks = torch.zeros_like(input_ids).scatter(1, in_order, order)
    start = words.shape[1] - int(wanted.max())
    targets = in_order[:, start:]
    return ranks, targets, torch.where(order[:, start:] > 0, input_ids.gather(1, targets), IGNORED)


def left_to_right(words: Bool[Tensor, "B T"]) -> Float[Tensor, "B T"]:
    """The draws that order words as they stand: then the model is an ordinary language model."""
    return torch.linspace(0.0, 1.0, words.shape[1], dtype=torch.float64).expand(words.shape)


class PermutedWords(PretrainingObjective):
    """Cross-entropy of each target, given the words before it in the order."""

    def items(self, batch: PermutedBatch) -> int:
        return len(batch.positions)

    def outputs(self, model: nn.Module, batch: PermutedBatch) -> Outputs:
        """The logits of the targets."""
        logits = model(
            batch.input_ids, batch.attention_mask, batch.token_type_ids, batch.ranks, batch.targets, batch.positions
        )
        return {"plm": (logits, batch.labels.flatten()[batch.positions])}
