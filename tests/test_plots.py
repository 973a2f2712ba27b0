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


def test_what_is_true_and_what_was_predicted_stand_on_their_axes(monkeypatch, tmp_path: Path) -> None:
    kept = []
    monkeypatch.setattr(plots, "save", lambda made, path: kept.append(made.axes[0]))
    plots.confusion([0, 0, 1], [1, 1, 1], ["a", "b"], "", tmp_path)
    plots.scatter([0.0, 1.0], [0.5, 0.25], "", tmp_path)
    counts, points = kept
    assert (counts.get_xlabel(), counts.get_ylabel()) == ("predicted", "true")
    assert {text.get_position(): text.get_text() for text in counts.texts} == {
        (0, 0): "0", (1, 0): "2", (0, 1): "0", (1, 1): "1",
    }  # fmt: skip
    assert (points.get_xlabel(), points.get_ylabel()) == ("true", "predicted")
    assert points.collections[0].get_offsets().tolist() == [[0.0, 0.5], [1.0, 0.25]]
