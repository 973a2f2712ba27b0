"""Two-stream attention (XLNet, Yang et al. 2019, section 2.3) in the layers of a BERT."""

import dataclasses
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.checkpoints import read_checkpoint, write_checkpoint
from minisft.models.bert import Bert
from minisft.models.config import BertConfig
from minisft.models.loading import load_weights
from minisft.models.pretraining import WordHead
from minisft.ops import FUSED, Ops


class PermutationBert(nn.Module):
    """A BERT that predicts words in any order.

    The content stream is BERT itself: true words, no [MASK]. The query stream has one more row for each word to be
    predicted: it begins with the same learned vector `query_word` everywhere, knows only its position, and sees the
    content of earlier words. So a word is predicted without having been seen, and is seen by those that come after.

    Both streams go through the same layers as rows of one matrix; the mask alone tells them apart. Fine-tuning uses
    the content stream: `Bert.from_pretrained` opens the folder of this model too.

    Where this differs from XLNet: positions are BERT's absolute ones, added once below the first layer, and not
    relative ones inside each attention; there is no memory of an earlier segment.
    """

    def __init__(self, config: BertConfig, ops: Ops = FUSED) -> None:
        super().__init__()
        self.config, self.ops = config, ops
        self.bert = Bert(config, ops)
        self.mlm = WordHead(config, ops)
        self.query_word = nn.Parameter(torch.empty(config.hidden_size))
        nn.init.normal_(self.query_word, std=config.initializer_range)

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None,
        token_type_ids: Int[Tensor, "B T"] | None,
        ranks: Int[Tensor, "B T"],
        targets: Int[Tensor, "B P"],
        rows: Int[Tensor, " M"] | None = None,
    ) -> Float[Tensor, "M V"]:
        """The logits of the words at `targets`.

        `ranks` is each position's place in the order of prediction, and 0 for those that are given. `targets` are
        the positions to predict, P in a row; where a row has fewer, any given position fills up. `rows` picks those
        to decode, counted through the batch, b P + p; without it all are.
        """
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        content = self.bert.embeddings(input_ids, token_type_ids)
        streams = torch.cat([content, self.queries(targets, token_type_ids)], dim=1)  # B T+P E
        mask = visible(ranks, targets, attention_mask)[:, None]  # B 1 T+P T+P: the same for every head
        for layer in self.bert.layers:
            streams = layer(streams, mask)
        predictions = streams[:, input_ids.shape[1] :].flatten(0, 1)  # B·P E
        if rows is not None:
            predictions = predictions[rows]
        return self.mlm(predictions, self.bert.embeddings.word.weight)

    def queries(self, targets: Int[Tensor, "B P"], token_type_ids: Int[Tensor, "B T"]) -> Float[Tensor, "B P E"]:
        """The query stream below the first layer: position and segment, and no word."""
        embeddings = self.bert.embeddings
        segments = token_type_ids.gather(1, targets)
        x = self.query_word + embeddings.position(targets) + embeddings.segment(segments)
        return self.ops.dropout(embeddings.norm(x), embeddings.p if self.training else 0.0)

    @classmethod
    def from_pretrained(cls, source: str | Path, ops: Ops = FUSED, **changes: float) -> "PermutationBert":
        """A saved model, or a BERT that learns to predict in any order from here on; says which weights are new.

        `changes` overwrite fields of the configuration, dropout for example. Raises InputError where a file or a
        shape does not fit.
        """
        checkpoint = read_checkpoint(source)
        model = cls(dataclasses.replace(BertConfig.from_dict(checkpoint.config), **changes), ops)
        load_weights(model, checkpoint, may_be_new=("mlm.", "query_word", "bert.pooler."))
        return model

    def save_pretrained(self, folder: str | Path, half: bool = False) -> None:
        """Write a folder that `from_pretrained` of this class and of the other models opens; see `half` there."""
        config = {"architectures": ["PermutationBert"], "model_type": "bert"}
        write_checkpoint(Path(folder), config | self.config.to_dict(), self.state_dict(), half)


def visible(
    ranks: Int[Tensor, "B T"], targets: Int[Tensor, "B P"], attention_mask: Bool[Tensor, "B T"] | None = None
) -> Bool[Tensor, "B S S"]:
    """Which of the S = T + P rows (content, then queries) each row may see, in both streams.

    A word's content sees what has its rank or a lower one, itself included; the query for it sees lower ranks only.
    Nobody sees a query.
    """
    own = ranks[:, None, :]  # B 1 T, the seen
    content = own <= ranks[:, :, None]  # B T T
    query = own < ranks.gather(1, targets)[:, :, None]  # B P T
    seen = torch.cat([content, query], dim=1)  # B S T
    if attention_mask is not None:
        seen = seen & attention_mask[:, None, :]
    nobody = torch.zeros(*seen.shape[:2], targets.shape[1], dtype=torch.bool, device=seen.device)
    return torch.cat([seen, nobody], dim=2)
