"""The bend between the two matrices of a feed-forward layer. The document (4.1.2) uses ReLU, BERT uses GELU."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def relu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """max(0, x). The gradient at exactly 0 is 0, as in torch."""
    return torch.where(x <= 0, 0.0, x)


def gelu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """x Φ(x), with Φ the normal distribution function, by erf and not by its tanh approximation.

    Hendrycks and Gimpel 2016, equation 1. The tanh form differs by up to 4.7e-4.
    """
    return x * 0.5 * (1.0 + (x / math.sqrt(2.0)).erf())


def relu_fused(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """`relu` in one kernel."""
    return functional.relu(x)


def gelu_fused(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """`gelu` in one kernel."""
    return functional.gelu(x)
