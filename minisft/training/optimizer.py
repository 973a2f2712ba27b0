"""AdamW as an optimiser: it keeps the moments and lets an op do the arithmetic (section 4.3.1)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from minisft.ops.adamw import Decay, adamw_update_fused, adamw_updates_fused

PIECE = 2**17  # numbers that an op updates at a time: its intermediate results stay in the cache


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
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of every parameter that has a gradient. Each counts its own steps, from 1.

        `closure`, where given, computes the gradients first, as Lightning wants it; its result is returned.
        """
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self.counted(parameter) for parameter in parameters]
            settings = {
                "learning_rate": group["lr"], "betas": group["betas"], "eps": group["eps"],
                "weight_decay": group["weight_decay"], "decay": group["decay"],
            }  # fmt: skip
            if self.update is adamw_update_fused:  # its kernel takes all tensors in one call
                columns = [[state[key] for state in states] for key in ("first_moment", "second_moment", "step")]
                adamw_updates_fused(parameters, [p.grad for p in parameters], *columns, **settings)
            else:
                for parameter, state in zip(parameters, states, strict=True):
                    self.step_one(parameter, state, settings)
        return result

    def counted(self, parameter: Tensor) -> dict[str, Any]:
        """A parameter's state, with this update counted."""
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["first_moment"] = torch.zeros_like(parameter)
            state["second_moment"] = torch.zeros_like(parameter)
        state["step"] += 1
        return state

    def step_one(self, parameter: Tensor, state: dict[str, Any], settings: dict[str, Any]) -> None:
        """One update of one parameter, piece by piece: each of its numbers is updated by itself."""
        whole = parameter, parameter.grad, state["first_moment"], state["second_moment"]
        for value, gradient, *moments in zip(*map(pieces, whole), strict=True):
            updated = self.update(value, gradient, *moments, state["step"], **settings)
            for old, new in zip((value, *moments), updated, strict=True):
                if new is not old:
                    old.copy_(new)


def pieces(tensor: Tensor) -> tuple[Tensor, ...]:
    """The rows of a tensor, as many at a time as have about PIECE numbers."""
    if tensor.numel() <= PIECE:
        return (tensor,)
    return tensor.split(max(1, PIECE * len(tensor) // tensor.numel()))
