"""Every contract: its reference passes, every mutant fails and is named, and cases are what they must be."""

import inspect
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from minisft.checks import CONTRACTS, AnswerKey, Contract, Mutant, examine, pack
from minisft.checks.calling import tensors
from minisft.checks.contract import Draw, rewrite
from minisft.checks.judging import BACKWARD
from minisft.checks.tables import Proof

EVERY = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
SEEDS = pytest.mark.parametrize("seed", [0, 1, 20, 333])
# Checked annotations cost ten times the arithmetic; the references are checked in the tests of their own rooms.
pytestmark = pytest.mark.usefixtures("unchecked")


@EVERY
@SEEDS
def test_the_reference_passes_and_every_mutant_fails_and_is_named(contract: Contract, seed: int) -> None:
    assert examine(contract.name, contract.reference, seed).passed
    proof = Proof.of(contract, seed)
    for mutant, verdict in zip(contract.mutants, proof.verdicts, strict=True):
        assert not verdict.passed, mutant.sentence
        # Answers that equal two mutants' would be given the first one's name.
        assert verdict.exact
        assert verdict.mutant is mutant, f"{mutant.sentence}\nis taken for\n{verdict.mutant}"
    assert proof.holds


@EVERY
@SEEDS
def test_answers_of_reference_and_mutants_are_sound(contract: Contract, seed: int) -> None:
    key = AnswerKey(contract, seed)
    for answer in key.expected:
        assert answer.failure is None
        assert all(x.isfinite().all() for x in tensors([answer.value, answer.gradients]) if x.is_floating_point())
        assert answer.gradients.keys() == set(contract.gradients)
        assert all(isinstance(gradient, Tensor) for gradient in answer.gradients.values())
    # A mutant that raises could be taken for anything that raises.
    assert not [answer for answers in key.mistakes for answer in answers if answer.failure]


def test_there_are_enough() -> None:
    assert len(CONTRACTS) >= 30
    assert {contract.section[:3] for contract in CONTRACTS.values()} == {"3.1", "3.2", "3.3", "4.1", "4.2", "4.3"}
    assert all(len(contract.mutants) >= 5 for contract in CONTRACTS.values())


@EVERY
def test_a_contract_is_well_formed(contract: Contract) -> None:
    assert contract.name.isidentifier()
    assert BACKWARD not in contract.properties
    parameters = contract.signature.parameters
    assert set(contract.gradients) | set(contract.functions) <= set(parameters)
    for case in contract.cases(0):
        names = [name for name in parameters if name in case.arguments]
        assert list(case.arguments) == names, "arguments stand in the order of the signature"
        left_out = [name for name in list(parameters)[: len(names)] if name not in case.arguments]
        assert not left_out, "only the last may be left out"
        missing = set(parameters) - set(names)
        assert all(parameters[name].default is not inspect.Parameter.empty for name in missing)
    sentences = [mutant.sentence for mutant in contract.mutants]
    assert len(set(sentences)) == len(sentences)
    for sentence in sentences:
        assert sentence.endswith("."), sentence
        assert len(sentence.split()) >= 10, f"{sentence} And what would a tutor say?"


@EVERY
def test_cases_are_drawn_from_the_seed(contract: Contract) -> None:
    def drawn(seed: int) -> list:
        packed = [pack(case.arguments) for case in contract.cases(seed)]
        return [(rest, [array.tolist() for array in arrays]) for rest, arrays in packed]

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


@EVERY
def test_shapes_are_asymmetric(contract: Contract) -> None:
    """A function that exchanges two dimensions must be seen to: no numbers are square, weights aside."""
    square = {"weight", "output_weight", "transform_weight"}
    for case in contract.cases(0):
        for name, value in case.arguments.items():
            if name not in square and isinstance(value, Tensor) and value.ndim > 1 and value.is_floating_point():
                last = value.shape[-2:]
                assert last[0] != last[1], f"{name} {tuple(value.shape)}"


def half(x):
    """Half of x."""
    return x * 0.5


def test_a_rewritten_function_has_other_words_and_the_same_names() -> None:
    assert rewrite(half, {"0.5": "0.25"})(8.0) == 2.0
    assert half(8.0) == 4.0
    # The docstring is no place to change, and words must be there exactly once.
    with pytest.raises(ValueError, match="has 'Half' 0 times"):
        rewrite(half, {"Half": "Third"})
    with pytest.raises(ValueError, match="has 'x' 2 times"):
        rewrite(half, {"x": "y"})


def quarter(x):
    return half(half(x))


def test_a_mutant_may_be_inside_of_a_function_that_the_reference_calls() -> None:
    mutant = Mutant("thirds.", {"0.5": "(1 / 3)"}, half)
    assert mutant.of(quarter)(9.0) == pytest.approx(1.0)
    assert quarter(9.0) == 2.25


def test_draws() -> None:
    draw = Draw(0, "name")
    for _ in range(20):
        mask = draw.mask(3, 5)
        assert mask.any(-1).all()
        assert (~mask).any(-1).all()
        labels = draw.labels(4, 6)
        assert (labels == -100).any()
        assert (labels == 0).any()
        assert (labels == 3).any()
        assert labels.max() < 4
    extreme = draw.extreme(2, 3, 4)
    assert extreme.amax(-1).flatten().tolist() == [1000.0, -1000.0] * 3
    assert draw.normal(2, 3, dtype=torch.float32).dtype == torch.float32
    assert torch.equal(Draw(1, "a").normal(4), Draw(1, "a").normal(4))
    assert not torch.equal(Draw(1, "a").normal(4), Draw(1, "b").normal(4))


def test_checks_are_imported_only_by_who_asks_for_them() -> None:
    code = "import sys, minisft; print('minisft.checks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
