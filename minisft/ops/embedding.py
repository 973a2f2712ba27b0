"""Embedding: a token's number picks a row of a table."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def embedding(ids: Int[Tensor, "*batch"], table: Float[Tensor, "V E"]) -> Float[Tensor, "*batch E"]:
    """Row `ids` of `table`: what a one-hot vector times the table would give, without the product.

    No row is frozen. torch freezes the row of `padding_idx`, Google's BERT trains it; padding that the
    attention mask hides gets no gradient in either.
    """
    return table[ids]


def embedding_fused(ids: Int[Tensor, "*batch"], table: Float[Tensor, "V E"]) -> Float[Tensor, "*batch E"]:
    """`embedding` in one kernel."""
    return functional.embedding(ids, table)
