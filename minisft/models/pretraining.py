"""BERT with the two heads of its pretraining (Devlin et al. 2019, section 3.1): masked words, next sentence."""

import dataclasses
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.checkpoints import read_checkpoint, write_checkpoint
from minisft.models.bert import Bert
from minisft.models.config import BertConfig
from minisft.models.layers import LayerNorm, Linear, initialise
from minisft.models.loading import load_weights
from minisft.ops import FUSED, Ops


class WordHead(nn.Module):
    """From a hidden state to a logit for each piece of the vocabulary.

    The document (4.2.1) scores a word by e(w)ᵀ h alone. BERT first transforms h (dense, activation, LayerNorm), and
    adds a bias to e(w)ᵀ h. The table e is the embedding's own: it is passed in, and no second copy exists.
    """

    def __init__(self, config: BertConfig, ops: Ops) -> None:
        super().__init__()
        self.ops, self.activation = ops, getattr(ops, config.hidden_act)
        self.transform = Linear(config.hidden_size, config.hidden_size, ops)
        self.norm = LayerNorm(config.hidden_size, config.layer_norm_eps, ops)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        initialise(self, config.initializer_range)

    def forward(self, hidden_states: Float[Tensor, "M E"], table: Float[Tensor, "V E"]) -> Float[Tensor, "M V"]:
        return self.ops.linear(self.norm(self.activation(self.transform(hidden_states))), table, self.bias)


class BertForPretraining(nn.Module):
    """BERT, a head for masked words and a head for the next sentence."""

    def __init__(self, config: BertConfig, ops: Ops = FUSED) -> None:
        super().__init__()
        self.config, self.ops = config, ops
        self.bert = Bert(config, ops)
        self.mlm = WordHead(config, ops)
        self.nsp = Linear(config.hidden_size, 2, ops)
        initialise(self.nsp, config.initializer_range)

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
        positions: Int[Tensor, " M"] | None = None,
    ) -> tuple[Float[Tensor, "M V"], Float[Tensor, "B 2"]]:
        """The logits of the words at `positions`, and of the second segment being the next (0) or a random one (1).

        `positions` counts through the batch, b T + t; without it every position is decoded. At 15 % of the positions
        the head does 15 % of the work: the logits of 32 x 128 tokens of BERT-base take 75 MB instead of 500 MB. The
        last layer, too, is computed there and at [CLS] alone.
        """
        last, pooled = self.bert(input_ids, attention_mask, token_type_ids, positions)
        return self.mlm(last.flatten(0, -2), self.bert.embeddings.word.weight), self.nsp(pooled)

    @classmethod
    def from_pretrained(cls, source: str | Path, ops: Ops = FUSED, **changes: float) -> "BertForPretraining":
        """The encoder and, where the checkpoint has them, both heads; says which are new.

        `changes` overwrite fields of the configuration, dropout for example. Raises InputError where a file or a
        shape does not fit.
        """
        checkpoint = read_checkpoint(source)
        model = cls(dataclasses.replace(BertConfig.from_dict(checkpoint.config), **changes), ops)
        load_weights(model, checkpoint, may_be_new=("mlm.", "nsp.", "bert.pooler."))
        return model

    def save_pretrained(self, folder: str | Path, half: bool = False) -> None:
        """Write a folder that `transformers.BertForPreTraining` opens; `half` stores the weights as float16."""
        config = {"architectures": ["BertForPreTraining"], "model_type": "bert"}
        write_checkpoint(Path(folder), config | self.config.to_dict(), self.state_dict(), half)
