"""What `measure` says is true of functions whose cost is known."""

import time

import torch

from minisft.measure import kept_for_backward, medians, peak_of_tensors


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


def test_the_peak_is_what_is_alive_at_once_and_counts_a_storage_once() -> None:
    def work(given: torch.Tensor, more: int) -> None:
        doubled = given * 2.0  # 1 MB, as what was given
        pair = torch.cat([doubled, doubled])  # 2 MB: four in all
        del doubled
        pair.view(2, -1).t().add_(1.0)  # nothing new
        torch.ones(more)

    given = torch.ones(250_000)
    assert peak_of_tensors(work, given, more=125_000) == 4.0  # at the end 3.5
    assert peak_of_tensors(work, given, more=500_000) == 5.0


def test_the_peak_sees_the_backward_pass() -> None:
    weight = torch.ones(250_000, requires_grad=True)  # 1 MB, and so is each result
    peak = peak_of_tensors(lambda: weight.exp().exp().sum().backward())
    # backward holds the weight, both results and the gradient of one; the loss and its gradient are 4 bytes each
    assert peak == 4.0 + 8e-6
    assert peak_of_tensors(lambda: weight.grad.add_(weight)) == 2.0
