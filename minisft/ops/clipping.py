"""Gradient clipping by the global norm (Pascanu et al. 2013, algorithm 1; section 3.3.2)."""

import torch
from torch import Tensor


def clip_gradients(gradients: list[Tensor], max_norm: float) -> tuple[list[Tensor], Tensor]:
    """The gradients, scaled so that the norm of all of them together is at most `max_norm`, and the norm before.

    One factor for all: the direction stays. 1e-6 keeps the division finite, as in torch.
    Call it once an update, on the accumulated gradient, in float32: squares overflow in half precision. May reuse its
    inputs' memory: use what it returns.
    """
    norm = torch.stack([(gradient * gradient).sum() for gradient in gradients]).sum().sqrt()
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    return [gradient * factor for gradient in gradients], norm


def clip_gradients_fused(gradients: list[Tensor], max_norm: float) -> tuple[list[Tensor], Tensor]:
    """`clip_gradients` in place, a few kernels for all tensors together."""
    norm = torch.stack(torch._foreach_norm(gradients)).norm()
    torch._foreach_mul_(gradients, (max_norm / (norm + 1e-6)).clamp(max=1.0))
    return gradients, norm
