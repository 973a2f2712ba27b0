"""`same` sees a wrong result, and a right one with a wrong gradient."""

import pytest
import torch

from minisft.proof import same

X, Y = torch.linspace(-2, 3, 12).reshape(3, 4), torch.linspace(1, 2, 4)


def test_equal_functions() -> None:
    assert same(lambda x, y: x * y, lambda x, y: y * x, X, Y) == "equal, forward and backward (2 gradients)"
    assert same(lambda x: (x, 2 * x), lambda x: (x, x + x), X) == "equal, forward and backward (1 gradient)"


def test_another_result_is_seen() -> None:
    with pytest.raises(AssertionError, match="not close"):
        same(lambda x: x, lambda x: x + 1e-5, X)
    with pytest.raises(AssertionError):
        same(lambda x: (x, x), lambda x: (x, 2 * x), X)


def test_another_gradient_is_seen() -> None:
    with pytest.raises(AssertionError, match="gradient of input 2"):
        same(lambda x, y: x * y, lambda x, y: x * (y.detach() + 0 * y), X, Y)


def test_errors_do_not_cancel_in_a_sum() -> None:
    """The rows of a soft-max sum to 1 whatever comes in, so a plain sum of its results has no gradient at all."""
    with pytest.raises(AssertionError, match="gradient of input 1"):
        same(lambda x: x.softmax(-1), lambda x: x.softmax(-1).detach() + 0 * x, X)


def test_tolerances_are_taken() -> None:
    same(lambda x: x, lambda x: x + 1e-5, X, rtol=0.0, atol=1e-4)
    with pytest.raises(AssertionError):
        same(lambda x: x, lambda x: x + 1e-9, X, rtol=0.0, atol=1e-10)
