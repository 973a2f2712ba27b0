"""AdamW as an optimiser: it keeps the moments and lets an op do the arithmetic (section 4.3.1)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from minisft.ops.adamw import Decay, adamw_update_fused


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups: matrices and tables, which decay, and biases and LayerNorm weights, which do not.

    The latter are just those with one dimension.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]


class AdamW(torch.optim.Optimizer):
    """AdamW (Loshchilov and Hutter 2019). `update` is the op that computes one step of one tensor."""

    def __init__(
        self,
        parameters: Iterable[Any],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decay: Decay = "decoupled",
        update: Callable = adamw_update_fused,
    ) -> None:
        self.update = update
        super().__init__(
            parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "decay": decay}
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One update of every parameter that has a gradient. Each counts its own steps, from 1."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.step_one(parameter, group)

    def step_one(self, parameter: Tensor, group: dict[str, Any]) -> None:
        """One update of one parameter."""
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["first_moment"] = torch.zeros_like(parameter)
            state["second_moment"] = torch.zeros_like(parameter)
        state["step"] += 1
        updated, state["first_moment"], state["second_moment"] = self.update(
            parameter, parameter.grad, state["first_moment"], state["second_moment"], state["step"],
            learning_rate=group["lr"], betas=group["betas"], eps=group["eps"],
            weight_decay=group["weight_decay"], decay=group["decay"],
        )  # fmt: skip
        if updated is not parameter:
            parameter.copy_(updated)
