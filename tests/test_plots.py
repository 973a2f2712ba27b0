"""Figures of a run, drawn from whatever names a person's files have."""

from pathlib import Path

from minisft import plots

TITLE = "data/$a_$.csv"


def test_a_dollar_is_no_formula(tmp_path: Path) -> None:
    records = [{"step": step, "loss": 1 / step} for step in (1, 2, 3)]
    plots.curve(records, TITLE, tmp_path / "curve.png")
    plots.confusion([0, 1, 1], [0, 1, 0], ["$5_$10", "dear $$"], TITLE, tmp_path / "confusion.png")
    plots.scatter([0.0, 1.0], [0.5, 1.0], TITLE, tmp_path / "scatter.png")
    assert len(list(tmp_path.iterdir())) == 3
