"""Cases and answers go through JSON and .npy and come back the same: a grader needs no pickle."""

import io
import json

import numpy as np
import pytest
import torch

from minisft.checks import CONTRACTS, Answer, AnswerKey, Contract, call, pack, unpack
from minisft.checks.calling import Failure, Foreign, same

pytestmark = pytest.mark.usefixtures("unchecked")
EVERY = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)


def send(value):
    """Through bytes, as to another process."""
    packed, arrays = pack(value)
    files = []
    for array in arrays:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        files.append(file.getvalue())
    received = [np.load(io.BytesIO(data), allow_pickle=False) for data in files]
    return unpack(json.loads(json.dumps(packed)), received)


@EVERY
def test_a_function_in_another_process_is_judged_as_here(contract: Contract) -> None:
    """The way of a grader: cases out, answers back, judged outside."""
    key = AnswerKey(contract, 3)
    for function, mutant in [(contract.reference, None), *zip(contract.wrong, contract.mutants, strict=True)]:
        answers = []
        for case in key.cases:
            arguments = send(case.arguments)
            assert same(arguments, case.arguments)
            assert list(arguments) == list(case.arguments)
            answers.append(send(call(contract, function, type(case)(case.property, arguments))))
        verdict = key.judge(answers)
        assert verdict.passed is (mutant is None)
        assert verdict.mutant is mutant


def test_failures_and_foreign_things_travel() -> None:
    answer = Answer(failure=Failure("raised", "it raises ValueError", "no", "a.py, line 3: x"))
    assert send(answer) == answer
    assert send([Foreign("numpy.ndarray"), (1, None)]) == [Foreign("numpy.ndarray"), (1, None)]
    assert send({"x": torch.ones(2, dtype=torch.bfloat16)}) == {"x": Foreign("a tensor of torch.bfloat16")}
    assert torch.equal(send(torch.zeros(0, 3, dtype=torch.int64)), torch.zeros(0, 3, dtype=torch.int64))


@pytest.mark.parametrize(
    "packed",
    [
        [1], {}, {"array": 0}, {"array": "x"}, {"list": 3}, {"dict": [1]}, {"answer": [1, 2]}, {"code": "x"},
        {"answer": [1, None, None]}, {"answer": [1, {"dict": {}}, 5]}, {"failure": 3}, {"tuple": None, "list": []},
    ],
    ids=str,
)  # fmt: skip
def test_what_was_not_packed_is_refused(packed) -> None:
    with pytest.raises(ValueError, match="packed"):
        unpack(packed, [])


def test_an_array_of_no_known_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match="array"):
        unpack({"array": 0}, [np.array(["text"])])


@EVERY
def test_any_answer_can_be_judged(contract: Contract) -> None:
    """Whatever a student's process sends back, the judge says wrong and does not stumble."""
    key = AnswerKey(contract, 0)
    odd = [
        None, 3, -1.5, 10**400, "text", [], (), {}, [[]], Foreign("x"), torch.ones(()),
        torch.ones(2, dtype=torch.complex64), torch.zeros(0), [None] * 3, {"a": torch.ones(1)},
    ]  # fmt: skip
    for value in odd:
        for gradients in ({}, dict.fromkeys(contract.gradients), dict.fromkeys(contract.gradients, "x")):
            answers = [Answer(value, gradients)] * len(key.cases)
            assert not key.judge(answers).passed
