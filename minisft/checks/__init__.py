"""Checks that teach: what an exercise is held to, and which known mistake a wrong answer is.

    check("attention", my_attention)

A grader, with the student's function in another process:

    key = AnswerKey(CONTRACTS["attention"], seed)            # here
    answers = [call(contract, function, case) for case in key.cases]      # there: `pack` and `unpack` carry both ways
    verdict = key.judge(answers)                             # here
"""

from minisft.checks.calling import Answer, call
from minisft.checks.contract import Case, Contract, Mutant
from minisft.checks.contracts import CONTRACTS
from minisft.checks.judging import AnswerKey, Verdict
from minisft.checks.plain import pack, unpack
from minisft.checks.reports import check, examine, feedback, report

__all__ = [
    "CONTRACTS", "Answer", "AnswerKey", "Case", "Contract", "Mutant", "Verdict", "call", "check", "examine", "feedback",
    "pack", "report", "unpack",
]  # fmt: skip
