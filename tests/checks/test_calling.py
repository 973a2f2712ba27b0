"""What a learner's function may do to a check, and what is said then."""

import math
import sys

import numpy as np
import pytest
import torch

from minisft.checks import CONTRACTS, Answer, AnswerKey, examine, feedback, report
from minisft.checks.calling import Foreign, plain
from minisft.checks.comparing import compare

pytestmark = pytest.mark.usefixtures("unchecked")
EVERY = pytest.mark.parametrize("name", CONTRACTS)
TENSORS = [name for name, c in CONTRACTS.items() if isinstance(AnswerKey(c, 0).expected[0].value, torch.Tensor)]
OF_TENSORS = pytest.mark.parametrize("name", TENSORS)


@EVERY
def test_an_empty_stub_fails(name: str) -> None:
    def stub(*arguments, **settings):
        raise NotImplementedError

    verdict = examine(name, stub)
    assert not verdict.passed
    assert verdict.mutant is None
    assert "it is not written yet: NotImplementedError" in report(verdict)
    assert f"test_calling.py, line {stub.__code__.co_firstlineno + 1}: raise NotImplementedError" in report(verdict)


def test_a_stub_that_is_called_is_named() -> None:
    def attention_weights(query, key, mask=None):
        raise NotImplementedError

    verdict = examine("attention", lambda q, k, v, mask=None, dropout=0.0: attention_weights(q, k, mask) @ v)
    assert "it is not written yet: NotImplementedError: in attention_weights, which it calls" in report(verdict)
    assert "attention_weights" not in feedback(verdict).split("NotImplementedError.")[0]


def test_a_not_implemented_error_of_torch_is_no_stub() -> None:
    verdict = examine("softmax", lambda scores, dim=-1: scores & (scores < 0.8))
    assert "it raises NotImplementedError: \"bitwise_and_cpu\" not implemented for 'Double'" in report(verdict)


@EVERY
def test_a_forgotten_return_fails(name: str) -> None:
    verdict = examine(name, lambda *arguments, **settings: None)
    assert not verdict.passed
    assert "it returns None: is a return missing?" in report(verdict)
    assert "test_calling.py" in report(verdict)


@EVERY
def test_an_exception_shows_the_learners_line(name: str) -> None:
    def mine(*arguments, **settings):
        return torch.cat([])  # fails inside of torch

    verdict = examine(name, mine)
    said = report(verdict)
    assert not verdict.passed
    assert verdict.mutant is None
    assert "it raises ValueError: torch.cat()" in said
    assert f"line {mine.__code__.co_firstlineno + 1}: return torch.cat([])  # fails inside of torch" in said
    assert "calling.py, line" not in said.replace("test_calling.py", "")


def test_the_line_is_the_last_of_the_learners_own() -> None:
    def helper(x):
        return x @ x

    def mine(query, key, value, mask=None, dropout=0.0):
        return helper(query)

    assert f"line {helper.__code__.co_firstlineno + 1}: return x @ x" in report(examine("attention", mine))


def test_a_function_with_too_few_parameters_is_shown_where_it_begins() -> None:
    def mine(query, key):
        return query

    said = report(examine("attention", mine))
    assert "it raises TypeError" in said
    assert "takes 2 positional arguments but 3 were given" in " ".join(said.split())
    assert f"test_calling.py, line {mine.__code__.co_firstlineno}: def mine(query, key):" in said


def test_sys_exit_ends_nothing() -> None:
    assert "it raises SystemExit" in report(examine("softmax", lambda scores, dim=-1: sys.exit(0)))


def test_ctrl_c_goes_through() -> None:
    def mine(scores, dim=-1):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine("softmax", mine)


class EqualsAll:
    """Says of itself that it equals everything."""

    def __eq__(self, other) -> bool:
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **settings):
        return self

    __hash__ = None


class Sneaky(torch.Tensor):
    """A tensor that equals all others."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


class Number(float):
    """A number that equals all others."""

    def __eq__(self, other) -> bool:
        return True

    __hash__ = None


@EVERY
@pytest.mark.parametrize(
    "thing", [EqualsAll(), torch.ones(3).as_subclass(Sneaky), Number(1.0)], ids=lambda x: type(x).__name__
)
def test_an_object_that_equals_everything_fails(name: str, thing) -> None:
    key = AnswerKey(CONTRACTS[name], 0)
    value = key.expected[0].value
    # Alone, and as every part of an answer that has several.
    answers = [thing, type(value)([thing] * len(value))] if isinstance(value, list | tuple) else [thing]
    for answer in answers:
        verdict = examine(name, lambda *arguments, answer=answer, **settings: answer)
        assert not verdict.passed
        assert verdict.mutant is None
        assert type(thing).__name__ in verdict.difference.what or "length" in verdict.difference.what


def changed(name: str, change):
    """The right function of a contract, and then a change."""
    return lambda *arguments, **settings: change(CONTRACTS[name].reference(*arguments, **settings))


@OF_TENSORS
def test_another_shape_fails_also_one_that_broadcasts(name: str) -> None:
    for change in (lambda x: x[None], lambda x: x.unsqueeze(-1)):
        verdict = examine(name, changed(name, change))
        assert verdict.difference.what == "the result has the wrong shape"
    right = AnswerKey(CONTRACTS[name], 0).expected[0].value
    said = report(examine(name, changed(name, lambda x: x[None])))
    assert f"expected {tuple(right.shape)}, yours is {(1, *right.shape)}" in " ".join(said.split())


@OF_TENSORS
def test_another_dtype_fails(name: str) -> None:
    right = AnswerKey(CONTRACTS[name], 0).expected[0].value.dtype
    verdict = examine(name, changed(name, lambda x: x.half()))
    expected = f"the result has the wrong dtype: expected {str(right).split('.')[1]}, yours is float16"
    assert verdict.difference.what == expected


@OF_TENSORS
def test_an_array_of_numpy_fails(name: str) -> None:
    verdict = examine(name, changed(name, lambda x: x.detach().numpy()))
    assert verdict.difference.what == "the result has the wrong type: expected a tensor, yours is numpy.ndarray"


@OF_TENSORS
@pytest.mark.parametrize(("number", "said"), [(math.nan, "NaN (not a number)"), (math.inf, "infinity")])
def test_what_is_no_number_fails(name: str, number: float, said: str) -> None:
    if not AnswerKey(CONTRACTS[name], 0).expected[0].value.is_floating_point():
        return

    def spoil(x):
        return torch.where(torch.arange(x.numel()).view(x.shape) == x.numel() - 1, number, x)

    assert examine(name, changed(name, spoil)).difference.what == f"the result holds {said}"


@EVERY
def test_a_part_left_out_or_exchanged_fails(name: str) -> None:
    value = AnswerKey(CONTRACTS[name], 0).expected[0].value
    if isinstance(value, tuple):
        assert examine(name, changed(name, lambda x: x[:-1])).difference.what == "the result has the wrong length"
        assert not examine(name, changed(name, lambda x: x[::-1])).passed
        assert "expected a tuple, yours is a tensor" in examine(name, lambda *a, **k: torch.ones(2)).difference.what
    assert not examine(name, changed(name, lambda x: [x])).passed


@EVERY
def test_a_list_may_stand_for_a_tuple(name: str) -> None:
    if isinstance(AnswerKey(CONTRACTS[name], 0).expected[0].value, tuple):
        assert examine(name, changed(name, list)).passed


@EVERY
def test_changing_an_input_in_place_is_told_where_it_matters(name: str) -> None:
    contract = CONTRACTS[name]
    key = AnswerKey(contract, 0)
    victim = next((n for n, x in key.cases[0].arguments.items() if isinstance(x, torch.Tensor | list)), None)
    if victim is None:
        return
    position = list(contract.signature.parameters).index(victim)

    def careless(*arguments, **settings):
        answer = plain(contract.reference(*arguments, **settings))
        x = arguments[position]
        if isinstance(x, list):
            x.reverse()
        else:
            with torch.no_grad():
                x.copy_(~x if x.dtype is torch.bool else x + 1)
        return answer

    verdict = examine(name, careless)
    if contract.may_overwrite:
        assert verdict.passed
    else:
        assert verdict.difference.what.startswith(f"it changes its input {victim} in place")


@pytest.mark.parametrize("name", [name for name, contract in CONTRACTS.items() if contract.gradients])
def test_a_gradient_that_is_cut_off_or_wrong_fails(name: str) -> None:
    contract = CONTRACTS[name]
    verdict = examine(name, changed(name, torch.Tensor.detach))
    assert verdict.failed == ("the backward pass",)
    assert verdict.difference.what.startswith(f"no gradient reaches {contract.gradients[0]}")
    verdict = examine(name, changed(name, lambda x: x.detach() + 2 * (x - x.detach())))
    assert verdict.failed == ("the backward pass",)
    assert verdict.difference.what == f"the gradient of {contract.gradients[0]} has wrong numbers"
    with torch.no_grad():
        assert examine(name, contract.reference).passed
        assert not examine(name, changed(name, torch.Tensor.detach)).passed, "also where gradients are switched off"


def test_numbers() -> None:
    assert compare(0.5, 0.5) is None
    assert compare(1.0, 1) is None
    assert "expected a number, yours is a tensor" in compare(1.0, torch.tensor(1.0)).what
    assert "yours is True or False" in compare(1.0, True).what
    assert "yours is numpy.float64" in compare(1.0, plain(np.float64(1.0))).what
    assert "expected a whole number, yours is a number" in compare(3, 3.0).what
    assert "infinity" in compare(1.0, math.inf).what
    assert "infinity" in compare(1.0, 10**400).what
    assert "NaN" in compare(1.0, math.nan).what
    assert compare(math.nan, math.nan) is None
    difference = compare(0.1234563, 0.1234561)
    assert difference.detail == "yours is 0.1234561, expected 0.1234563"
    assert compare(["a", 1], ["b", 1]).detail == "yours is 'b', expected 'a'"
    assert compare(torch.tensor([True, False]), torch.tensor([True, True])).detail.startswith(
        "first at [1]: yours is True, expected False"
    )


def test_what_is_not_plain_is_kept_by_its_type_alone() -> None:
    assert plain({"a": [1, (2.0, "b")], "c": None}) == {"a": [1, (2.0, "b")], "c": None}
    assert plain(np.ones(2)) == Foreign("numpy.ndarray")
    assert plain(torch.eye(3).to_sparse()) == Foreign("torch.Tensor")
    assert plain(Number(1.0)).kind.endswith("Number")
    assert plain({1, 2}) == Foreign("set")
    assert type(plain(torch.nn.Parameter(torch.ones(2)))) is torch.Tensor
    view = torch.arange(6.0).view(2, 3).T.expand(2, 3, 2)
    assert plain(view).is_contiguous()


def test_a_gradient_is_where_the_reference_has_one_and_nowhere_else() -> None:
    key, ones = AnswerKey(CONTRACTS["layer_norm"], 0), torch.ones(2, dtype=torch.float64)

    def said(expected: torch.Tensor | None, mine: torch.Tensor | None) -> str | None:
        difference = key.difference(Answer(1.0, {"x": expected}), Answer(1.0, {"x": mine}))
        assert difference is None or difference.backward
        return difference.what if difference else None

    assert said(None, None) is said(ones, ones.clone()) is None
    assert said(None, ones) == "a gradient reaches x, and none should"
    assert said(ones, None).startswith("no gradient reaches x: do .detach()")
    assert said(ones, 2 * ones) == "the gradient of x has wrong numbers"
    assert key.difference(Answer(1.0, {"x": ones}), Answer(1.0, {})).what.startswith("no gradient reaches x")
