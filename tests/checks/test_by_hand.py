"""What the contracts ask for is right where torch has no such function: small numbers, and other ways to them."""

import pytest
import torch

from minisft.checks import CONTRACTS, AnswerKey, Contract
from minisft.checks.contracts.schedules import schedule_steps
from minisft.objectives import order_words
from minisft.ops import TEXTBOOK
from minisft.training import Settings


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_cases_fit_the_shapes_and_types_that_the_reference_states(contract: Contract) -> None:
    """Here, other than in the other files, annotations are checked."""
    assert [answer.failure for answer in AnswerKey(contract, 1).expected] == [None] * len(contract.cases(1))


def test_accumulated_gradients_are_those_of_one_batch() -> None:
    """Three batches' summed losses, normalised by all their items, give the gradient of their joint mean."""
    weight = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
    rows = torch.arange(12, dtype=torch.float64).view(6, 2)
    losses = (rows @ weight) ** 2
    (joint,) = torch.autograd.grad(losses.mean(), weight, retain_graph=True)
    parts = [torch.autograd.grad(part.sum(), weight, retain_graph=True)[0] for part in losses.split([1, 3, 2])]
    accumulated = CONTRACTS["accumulate"].reference(parts, [1, 3, 2], 3)
    torch.testing.assert_close(accumulated, [joint])


def test_moments_and_their_correction_are_those_of_the_update() -> None:
    gradient, first, second = (torch.tensor([x, -2.0], dtype=torch.float64) for x in (0.3, 0.1, 5.0))
    betas = (0.8, 0.95)
    moments = CONTRACTS["adam_moments"].reference(gradient, first, second.abs(), betas)
    parameter = torch.ones(2, dtype=torch.float64)
    moved, *state = TEXTBOOK.adamw_update(
        parameter, gradient, first, second.abs(), 3, learning_rate=0.1, betas=betas, eps=0.0
    )  # fmt: skip
    torch.testing.assert_close(list(moments), state)
    hats = CONTRACTS["bias_correction"].reference(*moments, 3, betas)
    torch.testing.assert_close(parameter - 0.1 * hats[0] / hats[1].sqrt(), moved)


@pytest.mark.parametrize("decay", ["decoupled", "document"])
def test_what_is_left_of_a_weight_is_what_updates_leave(decay: str) -> None:
    weight, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    for step in range(1, 51):
        weight, _, _ = TEXTBOOK.adamw_update(
            weight, zero, zero, zero, step, learning_rate=0.02, weight_decay=0.05, decay=decay
        )  # fmt: skip
    assert CONTRACTS["weight_left"].reference(50, 0.02, 0.05, decay) == pytest.approx(weight.item(), rel=1e-12)


def test_steps_of_a_run_by_hand() -> None:
    # MRPC as the document has it: 3668 rows, 16 a batch, 3 epochs. 500 warm-up updates are most of the 690.
    assert schedule_steps(3668, 16, 1, 3, 500) == (690, 500)
    assert schedule_steps(3668, 16, 4, 3, 0.1) == (174, 18)  # 230 batches: 57 updates of 4, and one of 2
    assert Settings(warmup=0.1).warmup_steps(174) == 18


def test_the_document_and_its_next_sentence_by_hand() -> None:
    documents = [["a", "b", "c"], ["d", "e"], ["f", "b"]]
    choose = CONTRACTS["choose_second"].reference
    assert choose(documents, 0, 0, [0.49, 0.0, 0.0]) == ("b", 0)
    assert choose(documents, 0, 0, [0.5, 0.0, 0.99]) == ("e", 1)
    assert choose(documents, 1, 0, [0.9, 0.0, 0.0]) == ("a", 1)
    assert choose(documents, 0, 0, [0.9, 0.99, 0.99]) == ("b", 0)  # the true one, though from elsewhere


def test_dropout_from_draws_is_the_ops_dropout() -> None:
    x = torch.arange(1.0, 13.0, dtype=torch.float64).view(3, 4)
    torch.manual_seed(0)
    expected = TEXTBOOK.dropout(x, 0.4)
    torch.manual_seed(0)
    torch.testing.assert_close(CONTRACTS["dropout_from_draws"].reference(x, 0.4, torch.rand_like(x)), expected)


def test_ranks_are_those_of_order_words() -> None:
    words = torch.tensor([[False, True, True, True, False]])
    draws = torch.tensor([[0.0, 0.9, 0.1, 0.5, 0.3]], dtype=torch.float64)
    ranks, _, _ = order_words(torch.zeros(1, 5, dtype=torch.long), words, draws)
    assert torch.equal(CONTRACTS["prediction_ranks"].reference(words, draws), ranks)
    assert ranks.tolist() == [[0, 3, 1, 2, 0]]
