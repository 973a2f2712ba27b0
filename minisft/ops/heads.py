"""Head split and merge: E numbers a token are read as H heads of D numbers each, E = H D."""

from jaxtyping import Float
from torch import Tensor


def split_heads(x: Float[Tensor, "B T E"], heads: int) -> Float[Tensor, "B H T D"]:
    """Cut the width into `heads` equal parts and bring the heads before the tokens.

    Head h gets the columns h D ... (h + 1) D - 1. Raises ValueError where `heads` does not divide E.
    """
    batch, tokens, width = x.shape
    if width % heads:
        raise ValueError(f"{heads} heads do not divide a width of {width}; choose a divisor of {width}")
    return x.view(batch, tokens, heads, width // heads).transpose(1, 2)


def merge_heads(x: Float[Tensor, "B H T D"]) -> Float[Tensor, "B T E"]:
    """Undo `split_heads`: the heads of a token stand side by side again."""
    batch, heads, tokens, head_width = x.shape
    return x.transpose(1, 2).reshape(batch, tokens, heads * head_width)
