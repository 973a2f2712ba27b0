"""The Transformer encoder (sections 3.1 and 4.1): attention and feed-forward layers, post-LN as in BERT."""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.models.config import BertConfig
from minisft.models.layers import LayerNorm, Linear
from minisft.ops import Ops


class SelfAttention(nn.Module):
    """H heads side by side; one product gives queries, keys and values of all of them.

    With `positions` the result is theirs alone, see `pick`.
    """

    def __init__(self, config: BertConfig, ops: Ops) -> None:
        super().__init__()
        self.ops, self.heads, self.dropout = ops, config.num_attention_heads, config.attention_probs_dropout_prob
        self.qkv = Linear(config.hidden_size, 3 * config.hidden_size, ops)
        self.output = Linear(config.hidden_size, config.hidden_size, ops)

    def forward(
        self,
        x: Float[Tensor, "B T E"],
        mask: Bool[Tensor, "B 1 #T T"] | None,
        positions: Int[Tensor, " M"] | None = None,
    ) -> Float[Tensor, "_ _ E"]:
        query, key, value = (
            self.ops.split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1)
        )  # each B H T D
        p = self.dropout if self.training else 0.0
        context = self.ops.attention(query, key, value, mask, p)  # B H T D
        return self.output(pick(self.ops.merge_heads(context), positions))


class FeedForward(nn.Module):
    """Widen to F, bend, narrow to E."""

    def __init__(self, config: BertConfig, ops: Ops) -> None:
        super().__init__()
        self.ops = ops
        self.activation = getattr(ops, config.hidden_act)
        self.widen = Linear(config.hidden_size, config.intermediate_size, ops)
        self.narrow = Linear(config.intermediate_size, config.hidden_size, ops)

    def forward(self, x: Float[Tensor, "B T E"]) -> Float[Tensor, "B T E"]:
        return self.ops.feed_forward(
            x, self.widen.weight, self.widen.bias, self.narrow.weight, self.narrow.bias, self.activation
        )


class EncoderLayer(nn.Module):
    """x = LN(x + dropout(sublayer(x))), once for attention and once for the feed-forward layer (section 4.1.3).

    With `positions` the result is theirs alone, see `pick`: after attention a token is by itself, so where only some
    are read, as [CLS] is by a classifier, the rest of the layer need not be computed for the others.
    """

    def __init__(self, config: BertConfig, ops: Ops) -> None:
        super().__init__()
        self.ops, self.p = ops, config.hidden_dropout_prob
        self.attention = SelfAttention(config, ops)
        self.attention_norm = LayerNorm(config.hidden_size, config.layer_norm_eps, ops)
        self.feed_forward = FeedForward(config, ops)
        self.feed_forward_norm = LayerNorm(config.hidden_size, config.layer_norm_eps, ops)

    def forward(
        self,
        x: Float[Tensor, "B T E"],
        mask: Bool[Tensor, "B 1 #T T"] | None,
        positions: Int[Tensor, " M"] | None = None,
    ) -> Float[Tensor, "_ _ E"]:
        p = self.p if self.training else 0.0
        attended = self.attention(x, mask, positions)
        x = self.attention_norm(pick(x, positions) + self.ops.dropout(attended, p))
        return self.feed_forward_norm(x + self.ops.dropout(self.feed_forward(x), p))


def pick(x: Float[Tensor, "B T E"], positions: Int[Tensor, " M"] | None) -> Float[Tensor, "_ _ E"]:
    """The vectors at `positions`, counted through the batch (b T + t), as one text of M tokens: 1 M E.

    Without `positions`, `x` itself.
    """
    return x if positions is None else x.flatten(0, 1).index_select(0, positions)[None]
