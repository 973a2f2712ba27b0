"""What is asked of the tokens: a tag for each word, or where an answer begins and ends."""

from jaxtyping import Float
from torch import Tensor, nn

from minisft.data import Batch
from minisft.ops import FUSED, IGNORED, Ops


class Tagging:
    """Cross-entropy of a tag a word, summed over the layers of tags; pieces labelled -100 do not count.

    An item is a word: with two layers the mean loss is the sum of both heads' means.
    """

    def __init__(self, ops: Ops = FUSED) -> None:
        self.ops = ops

    def items(self, batch: Batch) -> int:
        return int((batch.labels[:, 0] != IGNORED).sum())

    def __call__(self, model: nn.Module, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, "B L T C"]]:
        logits = model(batch.input_ids, batch.attention_mask, batch.token_type_ids).float()
        return self.ops.cross_entropy(logits.flatten(0, 2), batch.labels.flatten(), reduction="sum"), logits


class Spans:
    """The mean of two cross-entropies over the tokens: where the answer begins, and where it ends.

    Padding has no share, so it changes nothing. (Hugging Face's model lets it take one.)
    """

    def __init__(self, ops: Ops = FUSED) -> None:
        self.ops = ops

    def items(self, batch: Batch) -> int:
        return len(batch.labels)

    def __call__(self, model: nn.Module, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, "B T 2"]]:
        logits = model(batch.input_ids, batch.attention_mask, batch.token_type_ids).float()
        if batch.attention_mask is not None:
            logits = logits.masked_fill(~batch.attention_mask[:, :, None], float("-inf"))
        start, end = (self.ops.cross_entropy(logits[:, :, i], batch.labels[:, i], reduction="sum") for i in (0, 1))
        return (start + end) / 2, logits
