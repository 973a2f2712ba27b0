"""AdamW, clipping and schedules against torch and Hugging Face."""

import math

import pytest
import torch

from minisft.ops import FUSED, SCHEDULES, TEXTBOOK, Ops

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])


def gradients(steps: int, shape: tuple[int, ...], scale: float) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [scale * torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(steps)]


def run(ops: Ops, start: torch.Tensor, grads: list[torch.Tensor], **settings) -> torch.Tensor:
    parameter, first, second = start.clone(), torch.zeros_like(start), torch.zeros_like(start)
    for step, gradient in enumerate(grads, 1):
        parameter, first, second = ops.adamw_update(parameter, gradient.clone(), first, second, step, **settings)
    return parameter


@BOTH
@pytest.mark.parametrize("scale", [1.0, 1e-9], ids=["", "tiny"])  # tiny: eps decides, and where it stands
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_adamw_equals_torch_over_100_steps(ops: Ops, scale, weight_decay) -> None:
    start, grads = torch.linspace(-1, 2, 15, dtype=torch.float64).reshape(3, 5), gradients(100, (3, 5), scale)
    settings = {"betas": (0.8, 0.95), "eps": 1e-7, "weight_decay": weight_decay}
    theirs = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([theirs], lr=0.01, foreach=False, fused=False, **settings)
    for gradient in grads:
        theirs.grad = gradient.clone()
        optimizer.step()
    ours = run(ops, start, grads, learning_rate=0.01, **settings)
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-12, atol=1e-14)


@BOTH
def test_first_update_by_hand(ops: Ops) -> None:
    # With bias correction the first step is learning_rate · sign(gradient), whatever the gradient's size.
    parameter, gradient = (
        torch.tensor([1.0, 1.0], dtype=torch.float64),
        torch.tensor([1e-3, -50.0], dtype=torch.float64),
    )
    zero = torch.zeros_like(parameter)
    moved, _, _ = ops.adamw_update(parameter, gradient, zero.clone(), zero.clone(), 1, learning_rate=0.1, eps=0.0)
    torch.testing.assert_close(moved, torch.tensor([0.9, 1.1], dtype=torch.float64))


@BOTH
def test_the_documents_decay_lacks_the_learning_rate(ops: Ops) -> None:
    start, still = torch.ones(3, dtype=torch.float64), [torch.zeros(3, dtype=torch.float64)] * 690
    usual = run(ops, start, still, learning_rate=2e-5, weight_decay=0.01)
    document = run(ops, start, still, learning_rate=2e-5, weight_decay=0.01, decay="document")
    assert usual[0].item() == pytest.approx((1 - 2e-7) ** 690)  # 0.9999
    assert document[0].item() == pytest.approx(0.99**690)  # 0.001
    grads = gradients(20, (3,), 1.0)
    agreeing = run(ops, start, grads, learning_rate=0.01, weight_decay=0.001, decay="document")
    torch.testing.assert_close(agreeing, run(ops, start, grads, learning_rate=0.01, weight_decay=0.1))


@pytest.mark.parametrize("turned", ["parameter", "gradient"])
def test_the_fused_kernel_does_not_mind_how_a_tensor_lies(turned) -> None:
    drawn = dict(zip(("parameter", "gradient"), torch.randn(2, 3, 5, dtype=torch.float64), strict=True))
    given = drawn | {turned: drawn[turned].T.contiguous().T}
    moved = []
    for ops, tensors in ((TEXTBOOK, drawn), (FUSED, given)):
        parameter = tensors["parameter"].clone()
        moments = torch.zeros_like(parameter), torch.zeros_like(parameter)
        moved.append(ops.adamw_update(parameter, tensors["gradient"], *moments, 1, learning_rate=0.1))
    torch.testing.assert_close(*moved)


def test_the_fused_kernel_writes_beside_no_parameter() -> None:
    large = torch.zeros(4, 5)
    part, zeros = large[:, :2], torch.zeros(4, 2)
    with pytest.raises(ValueError, match=r"of shape \(4, 2\) has gaps in memory"):
        FUSED.adamw_update(part, torch.ones(4, 2), zeros, zeros.clone(), 1, learning_rate=0.1)


def test_the_fused_kernel_refuses_moments_that_lie_otherwise() -> None:
    turned, straight = torch.zeros(5, 3).T, torch.zeros(3, 5)  # the latter as a state comes out of a file
    with pytest.raises(ValueError, match="its moments lie otherwise"):
        FUSED.adamw_update(turned, torch.ones(3, 5), straight, straight.clone(), 1, learning_rate=0.1)


@BOTH
@pytest.mark.parametrize("max_norm", [0.5, 1e4], ids=["clips", "leaves"])
def test_clipping_equals_torch(ops: Ops, max_norm) -> None:
    grads = [*gradients(2, (3, 5), 2.0), *gradients(1, (7,), 0.1)]
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in grads]
    for parameter, gradient in zip(parameters, grads, strict=True):
        parameter.grad = gradient.clone()
    expected_norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    clipped, norm = ops.clip_gradients([g.clone() for g in grads], max_norm)
    torch.testing.assert_close(norm, expected_norm)
    for mine, parameter in zip(clipped, parameters, strict=True):
        torch.testing.assert_close(mine, parameter.grad)


@pytest.mark.parametrize(("warmup", "total"), [(0, 7), (3, 10), (10, 10), (4, 100)])
def test_schedules_equal_hugging_face(warmup, total) -> None:
    import transformers

    theirs = {
        "linear": lambda optimizer: transformers.get_linear_schedule_with_warmup(optimizer, warmup, total),
        "constant": lambda optimizer: transformers.get_constant_schedule_with_warmup(optimizer, warmup),
        "cosine": lambda optimizer: transformers.get_cosine_schedule_with_warmup(optimizer, warmup, total),
    }
    for name, make in theirs.items():
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = make(optimizer)
        for step in range(total):
            assert SCHEDULES[name](step, warmup, total) == pytest.approx(scheduler.get_last_lr()[0], abs=1e-12)
            scheduler.step()


def test_schedules_begin_at_zero_and_peak_after_the_warmup() -> None:
    for name, schedule in SCHEDULES.items():
        assert schedule(0, 4, 20) == 0.0
        assert schedule(4, 4, 20) == 1.0
        assert all(0.0 <= schedule(step, 4, 20) <= 1.0 for step in range(25))
        end = schedule(20, 4, 20)
        assert math.isclose(end, 1.0 if name == "constant" else 0.0, abs_tol=1e-12)
