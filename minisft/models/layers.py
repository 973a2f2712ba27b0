"""Parameters with a name: each module here owns weights and hands them to one op."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minisft.ops import Ops


class Linear(nn.Module):
    """x Wᵀ + b with weight (out, in)."""

    def __init__(self, width_in: int, width_out: int, ops: Ops) -> None:
        super().__init__()
        self.ops = ops
        self.weight = nn.Parameter(torch.empty(width_out, width_in))
        self.bias = nn.Parameter(torch.zeros(width_out))

    def forward(self, x: Float[Tensor, "*batch I"]) -> Float[Tensor, "*batch O"]:
        return self.ops.linear(x, self.weight, self.bias)


class LayerNorm(nn.Module):
    """Mean 0 and variance 1 for each token, then scale and shift."""

    def __init__(self, width: int, eps: float, ops: Ops) -> None:
        super().__init__()
        self.ops, self.eps = ops, eps
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Float[Tensor, "*batch E"]) -> Float[Tensor, "*batch E"]:
        return self.ops.layer_norm(x, self.weight, self.bias, self.eps)


class Embedding(nn.Module):
    """A table with one row for each id."""

    def __init__(self, rows: int, width: int, ops: Ops) -> None:
        super().__init__()
        self.ops = ops
        self.weight = nn.Parameter(torch.empty(rows, width))

    def forward(self, ids: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch E"]:
        return self.ops.embedding(ids, self.weight)


def initialise(model: nn.Module, standard_deviation: float) -> None:
    """BERT's start: weights and tables normal around 0, biases 0, LayerNorm 1 and 0.

    Google's BERT truncates the normal at two standard deviations; Hugging Face does not, nor do we.
    """
    for module in model.modules():
        if isinstance(module, Linear | Embedding):
            nn.init.normal_(module.weight, std=standard_deviation)
        if isinstance(module, Linear):
            nn.init.zeros_(module.bias)
