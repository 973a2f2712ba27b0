"""Attention in blocks is attention with all scores at once: forward, backward, in any precision, the same dropout."""

import math

import pytest
import torch
from torch import Tensor

from minisft.measure import kept_for_backward
from minisft.ops import FUSED, attention_on_cpu_fused
from minisft.ops.dropout import dropout_fused

P = 0.3


def at_once(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """By autograd, from one draw for all scores."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return dropout_fused(torch.softmax(scores, -1), P) @ value


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()


def inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of 5 texts with 3 heads, whose 5 x 7 scores no draw of four numbers divides."""
    return draw(5, 3, 5, 4, dtype=dtype), draw(5, 3, 7, 4, seed=1, dtype=dtype), draw(5, 3, 7, 6, seed=2, dtype=dtype)


def results(function, tensors: tuple[Tensor, ...], mask: Tensor | None) -> tuple[Tensor, ...]:
    torch.manual_seed(3)
    out = function(*tensors, mask)
    weights = torch.linspace(-1, 2, out.numel(), dtype=out.dtype).view(out.shape)
    return out, *torch.autograd.grad((out * weights).sum(), tensors)


@pytest.mark.parametrize(("size", "count"), [(1, 4), (250, 2), (10**6, 1)])
@pytest.mark.parametrize("shape", [None, (5, 1, 1, 7), (1, 1, 5, 7), (5, 3, 5, 7)])
def test_the_same_whatever_the_size_of_a_block(monkeypatch, size, count, shape) -> None:
    monkeypatch.setattr(attention_on_cpu_fused, "BLOCK", size)
    assert len(attention_on_cpu_fused.blocks_of(15, 35)) == count
    mask = None if shape is None else torch.rand(shape, generator=torch.Generator().manual_seed(0)) < 0.6
    if mask is not None:
        mask[..., 0] = True
    mine = results(lambda *x: FUSED.attention(*x, dropout=P), inputs(), mask)
    assert (mine[0] == 0).sum() < 5  # of whole rows few are dropped
    for found, expected in zip(mine, results(at_once, inputs(), mask), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_blocks_hold_every_text_once_and_are_of_like_size() -> None:
    for texts, scores in ((0, 9), (1, 9), (192, 53 * 53), (97, 512 * 512), (192, 128 * 128)):
        blocks = attention_on_cpu_fused.blocks_of(texts, scores)
        assert [text for block in blocks for text in range(texts)[block]] == list(range(texts))
        sizes = [len(range(texts)[block]) for block in blocks]
        assert all(size % 4 == 0 for size in sizes[:-1])
        assert max(sizes, default=0) * scores < 2 * attention_on_cpu_fused.BLOCK or max(sizes) <= 4
    assert len(attention_on_cpu_fused.blocks_of(192, 53 * 53)) == 1


def test_six_bytes_a_score_are_kept() -> None:
    """Four for its share and two for whether it was dropped; all at once it is twelve."""
    tensors = [draw(2, 4, 64, 8, seed=seed, dtype=torch.float32) for seed in range(3)]
    scores = 2 * 4 * 64 * 64
    assert kept_for_backward(lambda *x: FUSED.attention(*x, dropout=P), *tensors) == pytest.approx(6e-6 * scores)
    assert kept_for_backward(at_once, *tensors) >= 12e-6 * scores
    assert kept_for_backward(FUSED.attention, *tensors) < 1e-6 * scores  # without dropout it is torch's own


def test_in_bf16(monkeypatch) -> None:
    """Under autocast everything is bf16, and near to what fp32 gives."""
    monkeypatch.setattr(attention_on_cpu_fused, "BLOCK", 250)
    exact = results(at_once, inputs(), None)
    with torch.autocast("cpu", torch.bfloat16):
        mine = results(lambda *x: FUSED.attention(*x, dropout=P), inputs(torch.float32), None)
    assert mine[0].dtype == torch.bfloat16
    for found, expected in zip(mine, exact, strict=True):
        assert (found.double() - expected).norm() < 0.01 * expected.norm()


def test_float64_stays_float64_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = results(lambda *x: FUSED.attention(*x, dropout=P), inputs(), None)
    for mine, expected in zip(found, results(at_once, inputs(), None), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-10, atol=1e-12)


def test_no_rows_and_dropout_of_nearly_all() -> None:
    nothing = torch.zeros(0, 3, 5, 4, requires_grad=True)
    FUSED.attention(nothing, nothing, nothing, dropout=P).sum().backward()
    assert nothing.grad.shape == nothing.shape
    for dropout in (1 - 1e-9, 1.0):
        assert not FUSED.attention(*inputs(), dropout=dropout).any()


def test_a_second_derivative_is_refused() -> None:
    tensors = inputs()
    loss = FUSED.attention(*tensors, dropout=P).square().sum()
    (gradient,) = torch.autograd.grad(loss, tensors[:1], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()
