"""BERT (Devlin et al. 2019): embeddings, encoder, pooler."""

from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.checkpoints import read_checkpoint
from minisft.errors import InputError
from minisft.models.config import BertConfig
from minisft.models.encoder import EncoderLayer
from minisft.models.layers import Embedding, LayerNorm, Linear, initialise
from minisft.models.loading import load_weights
from minisft.ops import FUSED, Ops


class Embeddings(nn.Module):
    """Word + position + segment, then LayerNorm and dropout."""

    def __init__(self, config: BertConfig, ops: Ops) -> None:
        super().__init__()
        self.ops, self.p = ops, config.hidden_dropout_prob
        self.word = Embedding(config.vocab_size, config.hidden_size, ops)
        self.position = Embedding(config.max_position_embeddings, config.hidden_size, ops)
        self.segment = Embedding(config.type_vocab_size, config.hidden_size, ops)
        self.norm = LayerNorm(config.hidden_size, config.layer_norm_eps, ops)

    def forward(
        self, input_ids: Int[Tensor, "B T"], token_type_ids: Int[Tensor, "B T"] | None
    ) -> Float[Tensor, "B T E"]:
        tokens, longest = input_ids.shape[1], self.position.weight.shape[0]
        if tokens > longest:
            raise InputError(f"{tokens} tokens are more than the model's {longest} positions; cut the text shorter")
        positions = torch.arange(tokens, device=input_ids.device)
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        x = self.word(input_ids) + self.position(positions) + self.segment(token_type_ids)
        return self.ops.dropout(self.norm(x), self.p if self.training else 0.0)


class Bert(nn.Module):
    """Token ids in, a vector for each token and one for the whole text out.

    Without `pooler` there are `hidden_states` alone: what a head on every token reads.
    """

    def __init__(self, config: BertConfig, ops: Ops = FUSED, pooler: bool = True) -> None:
        super().__init__()
        self.config, self.ops = config, ops
        self.embeddings = Embeddings(config, ops)
        self.layers = nn.ModuleList(EncoderLayer(config, ops) for _ in range(config.num_hidden_layers))
        self.pooler = Linear(config.hidden_size, config.hidden_size, ops) if pooler else None
        initialise(self, config.initializer_range)

    def hidden_states(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
        positions: Int[Tensor, " M"] | None = None,
    ) -> list[Float[Tensor, "_ _ E"]]:
        """What the embeddings and then each layer give: num_hidden_layers + 1 tensors, B T E.

        `attention_mask` is True at real tokens; leave it out where nothing is padded, which is faster. With
        `positions`, counted through the batch (b T + t), the last layer gives only theirs, 1 M E, and does less work.
        """
        if attention_mask is not None:
            if attention_mask.shape != input_ids.shape:
                raise InputError(
                    f"attention_mask has shape {tuple(attention_mask.shape)}, "
                    f"expected that of input_ids, {tuple(input_ids.shape)}"
                )
            attention_mask = attention_mask[:, None, None, :]  # B 1 1 T: the same keys for every head and query
        states = [self.embeddings(input_ids, token_type_ids)]
        for layer in self.layers:
            wanted = positions if layer is self.layers[-1] else None
            states.append(layer(states[-1], attention_mask, wanted))
        return states

    def forward(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Bool[Tensor, "B T"] | None = None,
        token_type_ids: Int[Tensor, "B T"] | None = None,
        positions: Int[Tensor, " M"] | None = None,
    ) -> tuple[Float[Tensor, "*rows E"], Float[Tensor, "B E"]]:
        """The last layer's hidden states, B T E, and the pooled vector: tanh of a linear map of [CLS]'s.

        With `positions`, counted through the batch, the hidden states are theirs alone, M E; none may be wanted.
        """
        rows, tokens = input_ids.shape
        if positions is None:
            last = self.hidden_states(input_ids, attention_mask, token_type_ids)[-1]
            return last, self.pooler(last[:, 0]).tanh()
        first = torch.arange(rows, device=input_ids.device) * tokens  # where each [CLS] stands
        wanted = torch.cat([first, positions])
        last = self.hidden_states(input_ids, attention_mask, token_type_ids, wanted)[-1][0]
        return last[rows:], self.pooler(last[:rows]).tanh()

    @classmethod
    def from_pretrained(cls, source: str | Path, ops: Ops = FUSED) -> "Bert":
        """The encoder in a folder, on the hub, or in the installed package `"minilm"`.

        Says which keys of the file were not used and which weights are new. Raises InputError where a file or a
        shape does not fit.
        """
        checkpoint = read_checkpoint(source)
        model = cls(BertConfig.from_dict(checkpoint.config), ops)
        load_weights(model, checkpoint, prefix="bert.", may_be_new=("pooler.",))
        return model
