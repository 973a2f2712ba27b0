"""Every sabotage still fits the package, and leaves code that runs. (Whether notebooks notice: sabotage.py.)"""

import ast

import pytest

from tests.notebooks.sabotage import ROOT, SABOTAGES, break_package


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_the_line_is_there_once_and_its_wrong_form_is_code(sabotage) -> None:
    text = (ROOT / "minisft" / sabotage.file).read_text(encoding="utf-8")
    assert text.count(sabotage.right) == 1
    ast.parse(text.replace(sabotage.right, sabotage.wrong))


def test_a_copy_is_broken_and_the_package_is_not(tmp_path) -> None:
    sabotage = SABOTAGES[0]
    before = (ROOT / "minisft" / sabotage.file).read_text(encoding="utf-8")
    break_package(sabotage, tmp_path)
    assert sabotage.wrong in (tmp_path / "minisft" / sabotage.file).read_text(encoding="utf-8")
    assert (ROOT / "minisft" / sabotage.file).read_text(encoding="utf-8") == before
