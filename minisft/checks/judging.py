"""Holding answers to the reference's: which property fails, where, and which known mistake this is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from minisft.checks.calling import Answer, call
from minisft.checks.comparing import Difference, compare
from minisft.checks.contract import Case, Contract, Mutant

BACKWARD = "the backward pass"  # the property of gradients


@dataclass(frozen=True)
class Verdict:
    """What came of an attempt. Where it failed: how, on which case, and which known mistake it is, if one."""

    contract: Contract
    cases: int
    failed: tuple[str, ...] = ()  # properties, in the contract's order; the difference is of the first
    difference: Difference | None = None
    case: Case | None = None
    mutant: Mutant | None = None
    exact: bool = False  # whether the answers equal the mutant's on all cases, not only where this property is tried

    @property
    def passed(self) -> bool:
        """Whether every case was answered as the reference answers it."""
        return not self.failed


class AnswerKey:
    """The cases of a contract for one seed, and what the reference and every mutant answer.

    A grader makes one, sends its cases to where the student's function runs, and judges the answers that come back.
    """

    def __init__(self, contract: Contract, seed: int) -> None:
        self.contract, self.cases = contract, contract.cases(seed)
        self.expected = self.answers(contract.reference)

    def answers(self, function: Callable) -> list[Answer]:
        """What a function gives for each case, called in this process."""
        return [call(self.contract, function, case) for case in self.cases]

    @cached_property
    def mistakes(self) -> list[list[Answer]]:
        """What each mutant gives for each case."""
        return [self.answers(function) for function in self.contract.wrong]

    def judge(self, answers: Sequence[Answer]) -> Verdict:
        """Compare answers, one for each case."""
        found = [self.difference(*pair) for pair in zip(self.expected, answers, strict=True)]
        broken = [
            (BACKWARD if difference.backward else case.property, difference, case)
            for case, difference in zip(self.cases, found, strict=True)
            if difference
        ]
        if not broken:
            return Verdict(self.contract, len(self.cases))
        order = properties(self.contract)
        failed = sorted({name for name, _, _ in broken}, key=order.index)
        _, difference, case = next(entry for entry in broken if entry[0] == failed[0])
        mutant, exact = self.recognise(answers, case.property)
        return Verdict(self.contract, len(self.cases), tuple(failed), difference, case, mutant, exact)

    def difference(self, expected: Answer, answer: Answer) -> Difference | None:
        """How an answer differs from a sound one: it fails, or its value or a gradient is another."""
        relative = self.contract.relative_tolerance
        if answer.failure:
            failure = answer.failure
            return Difference(failure.message, failure.detail, failure.line, backward=failure.kind == "inplace")
        difference = compare(expected.value, answer.value, relative=relative, parts=self.contract.results)
        return difference or self.difference_of_gradients(expected, answer)

    def difference_of_gradients(self, expected: Answer, answer: Answer) -> Difference | None:
        """The first gradient that differs."""
        for name, gradient in expected.gradients.items():
            mine = answer.gradients.get(name)
            if gradient is None and mine is None:
                continue
            if gradient is None:
                return Difference(f"a gradient reaches {name}, and none should", backward=True)
            if mine is None:
                what = f"no gradient reaches {name}: do .detach(), .item() or torch.tensor(...) cut it off?"
                return Difference(what, backward=True)
            difference = compare(gradient, mine, f"the gradient of {name}", self.contract.relative_tolerance)
            if difference:
                return replace(difference, backward=True)
        return None

    def recognise(self, answers: Sequence[Answer], failed: str) -> tuple[Mutant | None, bool]:
        """The mutant with the same answers to all cases, and True.

        Where there is none, two mistakes may have come together: then the one mutant with the same answers to the
        cases of the property that failed and to all others that are answered wrongly, or else to the former alone, and
        False; a mutant that fails where the learner does not is none of them.
        """
        mistakes = list(zip(self.contract.mutants, self.mistakes, strict=True))
        for mutant, mistake in mistakes:
            if not any(map(self.difference, mistake, answers)):
                return mutant, True
        wrong = [i for i, expected in enumerate(self.expected) if self.difference(expected, answers[i])]
        right = [i for i in range(len(answers)) if i not in wrong]
        # A mistake that answers a case wrongly is not that of who answers it rightly.
        mistakes = [
            (mutant, mistake)
            for mutant, mistake in mistakes
            if not any(self.difference(self.expected[i], mistake[i]) for i in right)
        ]
        tried = [i for i, case in enumerate(self.cases) if case.property == failed]
        for indices in ({*tried, *wrong}, tried):
            alike = [
                mutant
                for mutant, mistake in mistakes
                if not any(self.difference(mistake[i], answers[i]) for i in indices)
            ]
            if len(alike) == 1:
                return alike[0], False
        return None, False


def properties(contract: Contract) -> list[str]:
    """The names of all properties, the backward pass last."""
    return [*contract.properties, *([BACKWARD] if contract.gradients else [])]
