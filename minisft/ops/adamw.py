"""AdamW, one tensor at a time, or many at once (Loshchilov and Hutter 2019, algorithm 2; section 4.3.1)."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Decay = Literal["decoupled", "document"]
Updated = tuple[Tensor, Tensor, Tensor]


def adamw_update(
    parameter: Float[Tensor, "*shape"],
    gradient: Float[Tensor, "*shape"],
    first_moment: Float[Tensor, "*shape"],
    second_moment: Float[Tensor, "*shape"],
    step: int,
    *,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decay: Decay = "decoupled",
) -> Updated:
    """The parameter and its two moments after update number `step`, which starts at 1.

    `decay="decoupled"`, the usual form, shrinks the parameter by learning_rate · weight_decay;
    `decay="document"` by weight_decay alone, as section 4.3.1 writes it. The two agree where the
    document's λ is learning_rate · weight_decay. May reuse its inputs' memory: use what it returns.
    """
    beta1, beta2 = betas
    first_moment = beta1 * first_moment + (1 - beta1) * gradient
    second_moment = beta2 * second_moment + (1 - beta2) * gradient * gradient
    # Both moments start at zero; dividing by 1 - βᵗ takes that start out of the mean.
    corrected_first = first_moment / (1 - beta1**step)
    corrected_second = second_moment / (1 - beta2**step)
    shrink = weight_decay * (learning_rate if decay == "decoupled" else 1.0)
    update = learning_rate * corrected_first / (corrected_second.sqrt() + eps)
    return parameter - shrink * parameter - update, first_moment, second_moment


def adamw_update_fused(
    parameter: Float[Tensor, "*shape"],
    gradient: Float[Tensor, "*shape"],
    first_moment: Float[Tensor, "*shape"],
    second_moment: Float[Tensor, "*shape"],
    step: int,
    *,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decay: Decay = "decoupled",
) -> Updated:
    """`adamw_update` in place, in the kernel behind torch.optim.AdamW(fused=True): one pass over the memory."""
    adamw_updates_fused(
        [parameter], [gradient], [first_moment], [second_moment], [step],
        learning_rate=learning_rate, betas=betas, eps=eps, weight_decay=weight_decay, decay=decay,
    )  # fmt: skip
    return parameter, first_moment, second_moment


def adamw_updates_fused(
    parameters: list[Tensor],
    gradients: list[Tensor],
    first_moments: list[Tensor],
    second_moments: list[Tensor],
    steps: list[int],
    *,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decay: Decay = "decoupled",
) -> None:
    """`adamw_update_fused` of many tensors in one call, in place. They lie on one device; each has its own step.

    Raises ValueError where a parameter has gaps in memory, or a moment lies there otherwise than its parameter.
    """
    if not parameters:
        return
    # The kernel walks through memory, whatever the strides: all tensors must lie as the parameter does.
    for parameter, *moments in zip(parameters, first_moments, second_moments, strict=True):
        # What torch makes alike has the same strides where there are no gaps.
        dense = parameter.is_contiguous() or lies_as(parameter, torch.empty_like(parameter))
        if not dense or not all(lies_as(parameter, moment) for moment in moments):
            shape = tuple(parameter.shape)
            raise ValueError(f"a parameter of shape {shape} has gaps in memory, or its moments lie otherwise")
    gradients = [gradient if lies_as(p, gradient) else torch.empty_like(p).copy_(gradient)
                 for p, gradient in zip(parameters, gradients, strict=True)]  # fmt: skip
    if decay == "document" and weight_decay:
        torch._foreach_mul_(parameters, 1 - weight_decay)
        weight_decay = 0.0
    # Filled on the device: a number that is copied to a GPU has to be waited for.
    counts = {step: torch.full((), float(step), device=parameters[0].device) for step in set(steps)}
    torch._fused_adamw_(
        parameters, gradients, first_moments, second_moments, [], [counts[step] for step in steps],
        lr=learning_rate, beta1=betas[0], beta2=betas[1], weight_decay=weight_decay, eps=eps,
        amsgrad=False, maximize=False,
    )  # fmt: skip


def lies_as(parameter: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one shape lie in memory the same way."""
    return parameter.stride() == other.stride() or (parameter.is_contiguous() and other.is_contiguous())
