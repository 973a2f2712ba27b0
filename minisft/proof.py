"""One function equals another, forward and backward: the proof that every chapter gives of its own code."""

from collections.abc import Callable

import torch
from torch import Tensor


def same(
    function: Callable, reference: Callable, *inputs: Tensor, rtol: float | None = None, atol: float | None = None
) -> str:
    """Hold the results of two functions and their gradients with respect to every input to each other, in float64.

    A result is a tensor, or several. The loss behind the gradients weighs all numbers of the results at random, so that
    no two errors cancel. Tolerances are torch's for float64 (1e-7 relative and absolute) unless given. Says in a few
    words what is equal; raises AssertionError, with the first difference, where something is not.
    """
    inputs = tuple(tensor.detach().double().requires_grad_() for tensor in inputs)
    mine, theirs = (as_tuple(run(*inputs)) for run in (function, reference))
    torch.testing.assert_close(mine, theirs, rtol=rtol, atol=atol)
    weights = [torch.randn_like(result) for result in mine]
    gradients = [
        torch.autograd.grad(sum((w * r).sum() for w, r in zip(weights, results, strict=True)), inputs)
        for results in (mine, theirs)
    ]
    for number, (by_hand, expected) in enumerate(zip(*gradients, strict=True), 1):
        torch.testing.assert_close(
            by_hand, expected, rtol=rtol, atol=atol, msg=lambda text, n=number: f"gradient of input {n}: {text}"
        )
    return f"equal, forward and backward ({len(inputs)} gradient{'s' if len(inputs) > 1 else ''})"


def as_tuple(result: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """One result as a tuple of one."""
    return (result,) if isinstance(result, Tensor) else tuple(result)
