"""Every textbook op equals torch, and every fused op its textbook op: forward and backward, in float64."""

import dataclasses
import math
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops, attention_weights

SHAPES = [(2, 3, 8), (3, 5, 384)]  # B T E: small and asymmetric, and a width that is used


def draw(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    """Normal numbers in float64 that want a gradient."""
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return (scale * torch.randn(*shape, generator=generator, dtype=torch.float64)).requires_grad_()


def assert_same(ours, reference, *inputs: Tensor) -> None:
    """Outputs and the gradients of all inputs agree to float64's precision, for an arbitrary loss."""
    results = []
    for function in (ours, reference):
        leaves = [x.detach().clone().requires_grad_(x.requires_grad) for x in inputs]
        out = function(*leaves)
        weights = torch.linspace(-1, 2, max(1, out.numel()), dtype=out.dtype).reshape(out.shape)
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        results.append((out, *torch.autograd.grad((out * weights).sum(), wanted)))
    for mine, theirs in zip(*results, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)


BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])


@BOTH
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1.0, 1e3], ids=["", "extreme"])
def test_softmax(ops: Ops, shape, scale) -> None:
    assert_same(ops.softmax, lambda x: torch.softmax(x, -1), draw(*shape, scale=scale))
    assert_same(lambda x: ops.softmax(x + 1e6), lambda x: torch.softmax(x + 1e6, -1), draw(*shape))


def reference_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """torch's own, in its plain backend."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@BOTH
@pytest.mark.parametrize(("heads", "width"), [(2, 3), (12, 32)])
@pytest.mark.parametrize("scale", [1.0, 30.0], ids=["", "extreme"])
def test_attention(ops: Ops, heads, width, scale) -> None:
    query, key = draw(2, heads, 4, width, scale=scale), draw(2, heads, 7, width, seed=1, scale=scale)
    value = draw(2, heads, 7, width, seed=2)
    mask = torch.rand(2, 1, 4, 7, generator=torch.Generator().manual_seed(0)) < 0.6
    mask[..., 0] = True
    assert_same(ops.attention, reference_attention, query, key, value)
    assert_same(lambda *x: ops.attention(*x, mask), lambda *x: reference_attention(*x, mask), query, key, value)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_with_dropout_drops_and_keeps_its_mean(masked) -> None:
    query, key, value = (draw(2, 3, 6, 4, seed=seed).detach() for seed in range(3))
    mask = torch.arange(6) < torch.tensor([[[[4]]], [[[0]]]]) if masked else None
    for ops in (TEXTBOOK, FUSED):
        torch.manual_seed(0)
        still = ops.attention(query, key, value, mask)
        # So little dropout drops nothing here, but takes the way of a training step.
        torch.testing.assert_close(ops.attention(query, key, value, mask, 1e-12), still)
        draws = torch.stack([ops.attention(query, key, value, mask, 0.5) for _ in range(4000)])
        assert (draws[0] != still).any()
        torch.testing.assert_close(draws.mean(0), still, rtol=0, atol=0.15)
        if masked:
            assert (draws[:, 1] == 0).all()


@BOTH
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_attention_of_a_row_that_sees_nothing_is_zero_and_has_no_gradient(ops: Ops, dtype) -> None:
    query, key, value = (draw(2, 3, 5, 4, seed=i).detach().to(dtype).requires_grad_() for i in range(3))
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    mask[1] = False  # the whole second text is padding
    out = ops.attention(query, key, value, mask)
    out.float().square().sum().backward()
    assert (out[1] == 0).all()
    for x in (query, key, value):
        assert x.grad.isfinite().all()
        assert (x.grad[1] == 0).all()
        assert (x.grad[0] != 0).any()


def test_attention_weights_of_two_tokens_by_hand() -> None:
    # Scores 0 and √4·ln 3/√4 = ln 3: the shares are 1/4 and 3/4.
    query = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    key = torch.tensor([[0.0, 1.0, 0.0, 0.0], [math.log(3.0), 0.0, 0.0, 0.0]])
    torch.testing.assert_close(attention_weights(query, key), torch.tensor([[0.25, 0.75]]))


@BOTH
def test_what_the_mask_hides_changes_nothing(ops: Ops) -> None:
    query, key, value = draw(2, 3, 5, 4), draw(2, 3, 5, 4, seed=1), draw(2, 3, 5, 4, seed=2)
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    mask[..., 3:] = False
    before = ops.attention(query, key, value, mask)
    with torch.no_grad():
        key[..., 3:, :] = 1e6
        value[..., 3:, :] = -1e6
    torch.testing.assert_close(ops.attention(query, key, value, mask), before, rtol=0, atol=0)


@BOTH
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_heads_are_neighbouring_columns(ops: Ops, heads) -> None:
    x = draw(2, 3, 8).detach()
    split = ops.split_heads(x, heads)
    width = 8 // heads
    for head in range(heads):
        assert torch.equal(split[:, head], x[:, :, head * width : (head + 1) * width])
    assert torch.equal(ops.merge_heads(split), x)
    with pytest.raises(ValueError, match="3 heads do not divide a width of 8"):
        ops.split_heads(x, 3)


@BOTH
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-12, 1e-5, 0.7], ids=str)  # 0.7: where eps stands shows
def test_layer_norm(ops: Ops, shape, eps) -> None:
    x, weight, bias = draw(*shape), draw(shape[-1], seed=1), draw(shape[-1], seed=2)
    reference = lambda x, w, b: functional.layer_norm(x, w.shape, w, b, eps)  # noqa: E731
    assert_same(lambda *inputs: ops.layer_norm(*inputs, eps), reference, x, weight, bias)


@BOTH
def test_layer_norm_by_hand(ops: Ops) -> None:
    # Mean 2, biased variance 2/3 (Bessel's would be 1).
    x, one, zero = torch.tensor([[1.0, 2.0, 3.0]]), torch.ones(3), torch.zeros(3)
    expected = torch.tensor([[-math.sqrt(1.5), 0.0, math.sqrt(1.5)]])
    torch.testing.assert_close(ops.layer_norm(x, one, zero, 0.0), expected)


@BOTH
@pytest.mark.parametrize("scale", [1.0, 50.0], ids=["", "extreme"])
def test_activations(ops: Ops, scale) -> None:
    assert_same(ops.gelu, functional.gelu, draw(3, 5, scale=scale))
    x = draw(3, 5, scale=scale)
    with torch.no_grad():
        x[0, 0] = 0.0
    assert_same(ops.relu, functional.relu, x)
    tanh_form = functional.gelu(x, approximate="tanh")
    assert (ops.gelu(x) - tanh_form).abs().max() > 1e-6 or scale > 1  # not the approximation


@BOTH
@pytest.mark.parametrize("shape", SHAPES)
def test_linear_and_feed_forward(ops: Ops, shape) -> None:
    width, wide = shape[-1], 2 * shape[-1] + 1
    x, w1, b1 = draw(*shape), draw(wide, width, seed=1), draw(wide, seed=2)
    w2, b2 = draw(width, wide, seed=3), draw(width, seed=4)
    assert_same(ops.linear, functional.linear, x, w1, b1)
    assert_same(
        lambda *inputs: ops.feed_forward(*inputs, ops.gelu),
        lambda x, w1, b1, w2, b2: functional.linear(functional.gelu(functional.linear(x, w1, b1)), w2, b2),
        x, w1, b1, w2, b2,
    )  # fmt: skip


@BOTH
def test_embedding_adds_up_the_gradients_of_a_repeated_token(ops: Ops) -> None:
    ids = torch.tensor([[4, 0, 4], [1, 1, 1]])
    assert_same(lambda table: ops.embedding(ids, table), lambda table: functional.embedding(ids, table), draw(6, 3))


@BOTH
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("scale", [1.0, 1e3], ids=["", "extreme"])
def test_cross_entropy(ops: Ops, reduction, scale) -> None:
    labels = torch.tensor([2, IGNORED, 0, 1, IGNORED])
    assert_same(
        lambda logits: ops.cross_entropy(logits, labels, reduction),
        lambda logits: functional.cross_entropy(logits, labels, reduction=reduction),
        draw(5, 3, scale=scale),
    )


@BOTH
def test_cross_entropy_ignores_exactly_minus_100(ops: Ops) -> None:
    logits = draw(4, 3)
    loss = ops.cross_entropy(logits, torch.tensor([0, 1, IGNORED, 2]))
    loss.backward()
    assert (logits.grad[2] == 0).all()
    assert (logits.grad[0] != 0).all()  # class 0 counts
    for label in (-1, 3):
        with pytest.raises(IndexError, match="out of"):
            ops.cross_entropy(logits, torch.tensor([0, 1, label, 2]))
    nothing = draw(2, 3)
    ops.cross_entropy(nothing, torch.tensor([IGNORED, IGNORED])).backward()
    assert (nothing.grad == 0).all()


@BOTH
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_squared_error(ops: Ops, reduction) -> None:
    targets = draw(5, seed=1).detach()
    assert_same(
        lambda x: ops.squared_error(x, targets, reduction),
        lambda x: functional.mse_loss(x, targets, reduction=reduction),
        draw(5),
    )


@BOTH
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1000.0])  # at 0 the gradient is σ(0) - y; at 1000 exp overflows
def test_binary_cross_entropy(ops: Ops, reduction, scale) -> None:
    targets = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.5]], dtype=torch.float64)
    assert_same(
        lambda x: ops.binary_cross_entropy(x * scale, targets, reduction),
        lambda x: functional.binary_cross_entropy_with_logits(x * scale, targets, reduction=reduction),
        draw(2, 3),
    )
    at_zero = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    ops.binary_cross_entropy(at_zero, targets, "sum").backward()
    torch.testing.assert_close(at_zero.grad, 0.5 - targets)
    far = torch.tensor([[40.0]])
    assert ops.binary_cross_entropy(far, torch.ones(1, 1)) > 0  # e^-40: what log(1 + e^-40) loses in float32


@BOTH
def test_dropout_keeps_the_mean_and_drops_the_share(ops: Ops) -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 500, requires_grad=True)
    out = ops.dropout(x, 0.3)
    kept = (out != 0).float().mean().item()
    assert abs(kept - 0.7) < 0.005  # five standard deviations of 200,000 draws
    torch.testing.assert_close(out[out != 0], torch.full_like(out[out != 0], 1 / 0.7))
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())  # the gradient goes where the value went, with the same factor
    assert ops.dropout(x, 0.0) is x
    for p in (1.0, 1 - 1e-9):
        assert not ops.dropout(x.detach(), p).any()
        assert ops.dropout(torch.tensor(1.0), p) == 0


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_a_probability_that_is_none_is_refused_as_torch_does(p) -> None:
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1"):
        FUSED.dropout(torch.ones(8), p)


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_decides_for_each_number_by_itself(ops: Ops, dtype) -> None:
    """Neighbours too, whose chances the fused op cuts from one draw of 64 bits."""
    torch.manual_seed(0)
    kept = (ops.dropout(torch.ones(400_000, dtype=dtype), 0.3) != 0).float() - 0.7
    for distance in (*range(1, 9), 64, 1000):
        together = (kept[distance:] * kept[:-distance]).mean().item() / (0.3 * 0.7)
        assert abs(together) < 0.008, distance  # five standard deviations of a correlation that is 0


def test_every_op_is_tested_and_has_two_ways() -> None:
    """A new op is called in the tests of this folder, by its name; only what moves numbers about has one way."""
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    names = [field.name for field in dataclasses.fields(Ops)]
    assert [name for name in names if not re.search(rf"\bops\.{name}\b", tests)] == []
    assert [n for n in names if getattr(TEXTBOOK, n) is getattr(FUSED, n)] == ["split_heads", "merge_heads"]


def test_replace_says_what_is_wrong() -> None:
    mine = lambda x: x  # noqa: E731
    assert TEXTBOOK.replace(gelu=mine).gelu is mine
    assert TEXTBOOK.gelu is not mine
    with pytest.raises(TypeError, match="no op named 'atention'; the ops are: softmax, attention"):
        TEXTBOOK.replace(atention=mine)
    with pytest.raises(TypeError, match="must be a function, not int"):
        TEXTBOOK.replace(gelu=3)
