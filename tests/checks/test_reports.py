"""What is printed: for a learner, for a class, for a teacher."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from minisft import InputError
from minisft.checks import CONTRACTS, Answer, AnswerKey, check, examine, feedback, report
from minisft.checks.tables import Proof, page, table

pytestmark = pytest.mark.usefixtures("unchecked")


def unscaled(query, key, value, mask=None, dropout=0.0):
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return torch.softmax(scores, -1) @ value


def right(scores, dim=-1):
    return torch.softmax(scores, dim)


def last_dimension(scores, dim=-1):
    return torch.softmax(scores, -1)


def test_check_says_whether_all_is_right(capsys) -> None:
    check("softmax", right)
    printed = capsys.readouterr().out
    assert printed.startswith("softmax: right, on all 7 cases\n  right   shares that add up to one\n")
    check("softmax", last_dimension)
    assert "Your answer equals a softmax that does not look at `dim`." in capsys.readouterr().out


def test_nbgraders_validate_sees_what_is_wrong(capsys, monkeypatch) -> None:
    """It takes for wrong what a check writes to stderr."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    check("softmax", right)
    assert capsys.readouterr().err == ""
    check("softmax", last_dimension)
    printed = capsys.readouterr()
    assert "a softmax that does not look at `dim`" in printed.err
    assert printed.out == ""


def test_a_wrong_answer_is_told_with_property_place_numbers_case_and_mistake() -> None:
    verdict = examine("attention", lambda *x, **options: CONTRACTS["attention"].wrong[0](*x, **options))
    said = report(verdict)
    key_case = verdict.case.arguments
    mine = CONTRACTS["attention"].wrong[0](**key_case)[0, 0, 0, 0].item()
    right = CONTRACTS["attention"].reference(**key_case)[0, 0, 0, 0].item()
    assert said.startswith("attention: not yet\n")
    assert "\n  wrong   a weighted mean of the values\n          the result has wrong numbers: first at" in said
    flowing = " ".join(said.split())
    assert f"first at [0, 0, 0, 0]: yours is {mine:.6g}, expected {right:.6g} (144 of 144 are wrong)" in flowing
    assert "Called with query [2, 3, 4, 5], key [2, 3, 7, 5], value [2, 3, 7, 6]." in flowing
    assert "Your answer equals attention without the division by √D." in flowing
    assert max(map(len, said.splitlines())) <= 100


def test_two_mistakes_at_once_are_named_by_the_first_property_that_fails() -> None:
    # Without the division, and the mean of what is hidden where nothing may be seen: no mutant has both.
    verdict = examine("attention", unscaled)
    assert verdict.mutant is CONTRACTS["attention"].mutants[0]
    assert not verdict.exact
    assert "Here your answer equals attention without the division by √D." in " ".join(report(verdict).split())


def test_a_mistake_that_is_not_known_is_named_as_none() -> None:
    verdict = examine("layer_norm", lambda x, weight, bias, eps: x * weight + bias)
    assert not verdict.passed
    assert verdict.mutant is None
    assert "Your answer equals" not in report(verdict)


def test_what_holds_is_listed_beside_what_does_not() -> None:
    def no_zero_row(query, key, mask=None):
        return CONTRACTS["attention_weights"].wrong[8](query, key, mask)

    said = report(examine("attention_weights", no_zero_row)).splitlines()
    assert "  right   a mask hides keys" in said
    assert "  wrong   a query that may see nothing has weights of zero" in said
    assert not [line for line in said if "backward" in line], "nothing is known of it where the value is wrong"


@pytest.mark.parametrize("name", CONTRACTS)
def test_feedback_gives_nothing_of_the_case_away(name: str) -> None:
    contract = CONTRACTS[name]
    for function in [*contract.wrong, lambda *x, **options: 1 / 0, lambda *x, **options: int("secret")]:
        verdict = examine(name, function, seed=99)
        said = feedback(verdict)
        assert verdict.failed[0] in said
        if verdict.mutant:
            assert said.endswith(verdict.mutant.sentence)
        assert verdict.difference.detail == "" or verdict.difference.detail not in said
        assert "invalid literal" not in said, "an exception's own words may hold the case"
    assert feedback(examine(name, contract.reference)) == "right"


def test_bad_input_is_told_in_a_line() -> None:
    with pytest.raises(InputError, match="no exercise 'atention'; did you mean attention"):
        check("atention", unscaled)
    with pytest.raises(InputError, match=r"no exercise 'zzz'; `python -m minisft.checks` lists them"):
        check("zzz", unscaled)
    with pytest.raises(InputError, match=r"check\('softmax', ...\) takes a function, not Tensor"):
        check("softmax", torch.ones(2))


def test_a_cell_of_a_notebook_is_shown_by_its_number() -> None:
    """In a process of its own: IPython's shell is one for the whole process."""
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor")
shell.run_cell("import torch\\nfrom minisft.checks import check", store_history=True)
shell.run_cell("def mine(x, heads):\\n    y = x + 1\\n    return y.view(7)", store_history=True)
shell.run_cell("check('split_heads', mine);", store_history=True)
shell.run_cell("def other(x, heads):\\n    pass", store_history=True)
shell.run_cell("check('split_heads', other);", store_history=True)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "cell In [2], line 3: return y.view(7)" in done.stdout
    assert "cell In [4], line 1: def other(x, heads):" in done.stdout


def test_the_table() -> None:
    proofs = [Proof.of(CONTRACTS[name], 0) for name in ("weight_left", "gelu")]
    head, *rows, total = [line.split() for line in table(proofs)]
    assert head == ["exercise", "section", "cases", "properties", "mutants", "caught", "named"]
    assert rows[0] == ["weight_left", "4.3.1", "5", "4", "6", "6", "6"]
    assert total[:3] == ["2", "in", "all"]
    assert total[3:] == [str(int(a) + int(b)) for a, b in zip(rows[0][2:], rows[1][2:], strict=True)]


def test_the_table_shows_a_mutant_that_survives() -> None:
    contract = CONTRACTS["gelu"]
    passing = examine("gelu", contract.reference)
    proof = Proof(contract, 4, (passing,) * len(contract.mutants))
    assert (proof.caught, proof.named, proof.holds) == (0, 0, False)
    assert "NOT NAMED   by: NOTHING" in "\n".join(page(proof))


def test_the_command() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "minisft.checks", *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    done = run("weight_left", "--seed", "4")
    assert done.returncode == 0
    assert done.stdout.startswith("weight_left(updates, learning_rate, weight_decay, decay)\nsection 4.3.1, 5 cases\n")
    assert done.stdout.count("  named   by: ") == 6
    done = run("lernorm")
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no exercise 'lernorm'; did you mean layer_norm")


def test_a_mistake_is_named_only_where_it_is_the_only_one_that_fits() -> None:
    """Two mutants that answer alike where it was tried could both be meant: then neither is named."""
    key = object.__new__(AnswerKey)
    key.contract = SimpleNamespace(relative_tolerance=None, results=(), mutants=("first", "second"))
    key.cases = [SimpleNamespace(property="one"), SimpleNamespace(property="other")]
    key.expected = [Answer(0.0), Answer(0.0)]

    def named(mistakes: list[list[float]], answers: list[float]) -> tuple:
        key.__dict__["mistakes"] = [[Answer(value) for value in values] for values in mistakes]
        return key.recognise([Answer(value) for value in answers], "one")

    assert named([[1.0, 2.0], [1.0, 3.0]], [1.0, 3.0]) == ("second", True)
    assert named([[1.0, 2.0], [1.0, 3.0]], [1.0, 0.0]) == (None, False)
    assert named([[1.0, 2.0], [1.0, 3.0]], [1.0, 5.0]) == (None, False)
    assert named([[1.0, 2.0], [4.0, 3.0]], [1.0, 5.0]) == ("first", False)
    assert named([[1.0, 2.0], [4.0, 3.0]], [6.0, 3.0]) == (None, False)
