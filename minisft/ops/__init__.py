"""The pieces: pure functions on tensors, each with a textbook version and, where speed matters, a fused one.

`Ops` is a set of such functions and a model takes one. To run your own function in a real model:

    Bert.from_pretrained("minilm", ops=TEXTBOOK.replace(attention=my_attention))

Dimensions: B batch, T tokens, H heads, D head width, E model width, F feed-forward width, V vocabulary, C classes.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minisft.ops.activations import gelu, gelu_fused, relu, relu_fused
from minisft.ops.adamw import adamw_update, adamw_update_fused
from minisft.ops.attention import attention, attention_fused, attention_weights
from minisft.ops.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_fused
from minisft.ops.clipping import clip_gradients, clip_gradients_fused
from minisft.ops.cross_entropy import IGNORED, cross_entropy, cross_entropy_fused
from minisft.ops.dropout import dropout, dropout_fused
from minisft.ops.embedding import embedding, embedding_fused
from minisft.ops.feed_forward import feed_forward, feed_forward_fused
from minisft.ops.heads import merge_heads, split_heads
from minisft.ops.layer_norm import layer_norm, layer_norm_fused
from minisft.ops.linear import linear, linear_fused
from minisft.ops.schedules import SCHEDULES
from minisft.ops.softmax import softmax, softmax_fused
from minisft.ops.squared_error import squared_error, squared_error_fused

__all__ = [
    "FUSED", "IGNORED", "SCHEDULES", "TEXTBOOK", "Ops", "adamw_update", "attention", "attention_weights",
    "binary_cross_entropy", "clip_gradients", "cross_entropy", "dropout", "embedding", "feed_forward", "gelu",
    "layer_norm", "linear", "merge_heads", "relu", "softmax", "split_heads", "squared_error",
]  # fmt: skip


@dataclass(frozen=True)
class Ops:
    """One function for each op. Each is complete in itself: a new softmax does not change what attention does."""

    softmax: Callable
    attention: Callable
    split_heads: Callable
    merge_heads: Callable
    layer_norm: Callable
    relu: Callable
    gelu: Callable
    linear: Callable
    feed_forward: Callable
    embedding: Callable
    dropout: Callable
    cross_entropy: Callable
    binary_cross_entropy: Callable
    squared_error: Callable
    adamw_update: Callable
    clip_gradients: Callable

    def replace(self, **functions: Any) -> "Ops":
        """The same ops with your own in place of some. Raises TypeError for an unknown name or a non-function."""
        names = [field.name for field in dataclasses.fields(self)]
        for name, function in functions.items():
            if name not in names:
                raise TypeError(f"there is no op named {name!r}; the ops are: {', '.join(names)}")
            if not callable(function):
                raise TypeError(f"{name} must be a function, not {type(function).__name__}")
        return dataclasses.replace(self, **functions)


TEXTBOOK = Ops(
    softmax=softmax,
    attention=attention,
    split_heads=split_heads,
    merge_heads=merge_heads,
    layer_norm=layer_norm,
    relu=relu,
    gelu=gelu,
    linear=linear,
    feed_forward=feed_forward,
    embedding=embedding,
    dropout=dropout,
    cross_entropy=cross_entropy,
    binary_cross_entropy=binary_cross_entropy,
    squared_error=squared_error,
    adamw_update=adamw_update,
    clip_gradients=clip_gradients,
)

FUSED = TEXTBOOK.replace(
    softmax=softmax_fused,
    attention=attention_fused,
    layer_norm=layer_norm_fused,
    relu=relu_fused,
    gelu=gelu_fused,
    linear=linear_fused,
    feed_forward=feed_forward_fused,
    embedding=embedding_fused,
    dropout=dropout_fused,
    cross_entropy=cross_entropy_fused,
    binary_cross_entropy=binary_cross_entropy_fused,
    squared_error=squared_error_fused,
    adamw_update=adamw_update_fused,
    clip_gradients=clip_gradients_fused,
)
