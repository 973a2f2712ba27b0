"""What `measure` says is true of functions whose cost is known."""

import time

import torch

from minisft.measure import kept_for_backward, medians


def test_medians_order_what_is_far_apart() -> None:
    found = medians({"long": lambda: time.sleep(0.03), "short": lambda: time.sleep(0.001)}, rounds=3)
    assert list(found) == ["long", "short"]
    assert found["long"] >= 0.03 > found["short"] >= 0.001


def test_what_is_kept_is_counted_once_and_without_the_inputs() -> None:
    x = torch.randn(1000, 250, requires_grad=True)
    assert kept_for_backward(lambda x: x * 2.0, x) == 0.0  # the derivative needs no number of x
    assert kept_for_backward(lambda x: x * x, x) == 0.0  # x is an input
    assert kept_for_backward(lambda x: x.exp(), x) == 1.0  # its own result: 250,000 numbers of 4 bytes
    assert kept_for_backward(lambda x: x.exp().sin(), x) == 1.0  # the same tensor, kept by both
