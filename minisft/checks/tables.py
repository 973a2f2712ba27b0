"""Exercises × mutants: the proof that a check fails where it must, and says why."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from minisft.checks.contract import Contract
from minisft.checks.contracts import CONTRACTS
from minisft.checks.judging import AnswerKey, Verdict, properties
from minisft.checks.reports import indented, listed


@dataclass(frozen=True)
class Proof:
    """A contract with its cases of a seed, and the verdict on each of its mutants."""

    contract: Contract
    cases: int
    verdicts: tuple[Verdict, ...]

    @classmethod
    def of(cls, contract: Contract, seed: int) -> "Proof":
        """Judge every mutant."""
        key = AnswerKey(contract, seed)
        return cls(contract, len(key.cases), tuple(map(key.judge, key.mistakes)))

    @property
    def caught(self) -> int:
        """How many mutants fail."""
        return sum(not verdict.passed for verdict in self.verdicts)

    @property
    def named(self) -> int:
        """How many mutants are recognised as what they are."""
        pairs = zip(self.verdicts, self.contract.mutants, strict=True)
        return sum(verdict.mutant is mutant for verdict, mutant in pairs)

    @property
    def holds(self) -> bool:
        """Whether every mutant fails and is recognised."""
        return self.caught == self.named == len(self.verdicts)


def table(proofs: list[Proof]) -> Iterator[str]:
    """A line for each exercise, and the sums."""
    layout = f"{{:<{max(map(len, CONTRACTS))}}}  {{:<7}}  {{:>5}}  {{:>10}}  {{:>7}}  {{:>6}}  {{:>5}}"
    yield layout.format("exercise", "section", "cases", "properties", "mutants", "caught", "named")
    rows = [
        (proof.cases, len(properties(proof.contract)), len(proof.verdicts), proof.caught, proof.named)
        for proof in proofs
    ]
    for proof, row in zip(proofs, rows, strict=True):
        yield layout.format(proof.contract.name, proof.contract.section, *row)
    yield layout.format(f"{len(proofs)} in all", "", *map(sum, zip(*rows, strict=True)))


def page(proof: Proof) -> Iterator[str]:
    """One exercise: its signature, its properties, and each mutant with those by which it is caught."""
    contract = proof.contract
    yield f"{contract.name}{without_annotations(contract.signature)}"
    yield f"section {contract.section}, {proof.cases} cases"
    yield from listed("holds", properties(contract))
    for mutant, verdict in zip(contract.mutants, proof.verdicts, strict=True):
        state = "named" if verdict.mutant is mutant else "NOT NAMED"
        yield f"  {state}   by: {' | '.join(verdict.failed) or 'NOTHING'}"
        yield from indented([mutant.sentence])


def without_annotations(signature: inspect.Signature) -> inspect.Signature:
    """Names and defaults alone."""
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)
