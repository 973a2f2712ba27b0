"""Every figure, drawn one way: readable in grey, one question each. Import it only where something is drawn."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei")
FONTS = ["DejaVu Sans", *(name for name in CHINESE if name in font_manager.get_font_names())]
STYLE = {
    "figure.dpi": 120,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "font.family": FONTS,
    # Dark to light and with strokes of their own: lines that can be told apart in grey.
    "axes.prop_cycle": cycler(
        color=["black", "#c44e52", "#4c72b0", "#8c8c8c", "#55a868", "#c9a227"],
        linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1))],
    ),
}


class Picture(Figure):
    """A figure without a window that a notebook shows where it is a cell's last line."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.savefig(buffer, format="png", dpi=STYLE["figure.dpi"])
        return buffer.getvalue()


def figure(width: float, height: float, columns: int = 1) -> tuple[Picture, Any]:
    """An empty figure in the house's style and its axes, an array of them where there are several columns.

    Sizes in inches; 6 wide is what a page on GitHub shows without shrinking.
    """
    with matplotlib.rc_context(STYLE):
        made = Picture(figsize=(width, height), layout="constrained")
        return made, made.subplots(1, columns)


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], axes: Axes, title: str = "", **labels: Any
) -> None:
    """Named curves, each (x, y), with a legend where there are several. `labels` go to `axes.set`: xlabel, yscale."""
    for name, (x, y) in curves.items():
        axes.plot(x, y, label=name, linewidth=1.6)
    axes.set(title=title, **labels)
    if len(curves) > 1:
        axes.legend()


def heatmap(
    values: Any, axes: Axes, rows: Sequence[str], columns: Sequence[str], title: str = "", digits: int | None = 2
) -> None:
    """A table of numbers, the larger the darker, with the numbers in it unless `digits` is None."""
    values = [[float(value) for value in row] for row in values]
    low, high = min(map(min, values)), max(map(max, values))
    axes.grid(False)
    axes.imshow(values, cmap="Greys", vmin=low, vmax=high + 0.2 * (high - low), aspect="auto")
    for i, row in enumerate(values if digits is not None else []):
        for j, value in enumerate(row):
            colour = "white" if value > (low + high) / 2 else "black"
            axes.text(j, i, f"{value:.{digits}f}", ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(columns)), columns, rotation=90 if max(map(len, columns)) > 5 else 0)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_title(title)


def smooth(values: Sequence[float], keep: float = 0.9) -> list[float]:
    """An exponential mean, corrected for its start at zero."""
    out, mean = [], 0.0
    for count, value in enumerate(values, 1):
        mean = keep * mean + (1 - keep) * value
        out.append(mean / (1 - keep**count))
    return out


def save(made: Figure, path: Path) -> None:
    """Write a PNG."""
    with matplotlib.rc_context(STYLE):
        made.savefig(path, dpi=STYLE["figure.dpi"])


def as_it_stands(text: str) -> str:
    """A label or the name of a file, in which a dollar is no formula."""
    return text.replace("$", r"\$")


def curve(records: list[dict], title: str, path: Path) -> None:
    """Training loss against updates, with the validation loss after each epoch."""
    made, axes = figure(7.0, 4.0)
    updates = [record for record in records if "validation" not in record]
    checks = [record for record in records if "validation" in record]
    steps, losses = [r["step"] for r in updates], [r["loss"] for r in updates]
    axes.plot(steps, losses, color="0.75", linewidth=0.8, label="training, each update")
    axes.plot(steps, smooth(losses), color="black", linewidth=1.6, label="training, smoothed")
    axes.plot(
        [r["step"] for r in checks], [r["loss"] for r in checks], "o--", color="#c44e52", label="validation, each epoch"
    )
    axes.set(xlabel="update", ylabel="loss", title=as_it_stands(title), ylim=(0, None))
    axes.legend()
    save(made, path)


def confusion(labels: Sequence[int], predictions: Sequence[int], names: Sequence[str], title: str, path: Path) -> None:
    """How often each class was given for each true class."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(labels, predictions, labels=range(len(names)))
    size = max(4.0, 1.2 + 0.9 * min(len(names), 16))
    made, axes = figure(size + 0.8, size)
    axes.grid(False)
    axes.imshow(counts, cmap="Greys")
    if len(names) <= 16:
        middle = counts.max() / 2
        for row, column in ((i, j) for i in range(len(names)) for j in range(len(names))):
            colour = "white" if counts[row, column] > middle else "black"
            axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=colour)
        shown = [as_it_stands(name) for name in names]
        axes.set_xticks(range(len(names)), shown, rotation=30, ha="right")
        axes.set_yticks(range(len(names)), shown)
    axes.set(xlabel="predicted", ylabel="true", title=as_it_stands(title))
    save(made, path)


def scatter(labels: Sequence[float], predictions: Sequence[float], title: str, path: Path) -> None:
    """Predicted numbers against true ones."""
    made, axes = figure(5.0, 4.5)
    axes.scatter(labels, predictions, s=6, color="black", alpha=0.3, linewidths=0)
    low, high = min(labels), max(labels)
    axes.plot([low, high], [low, high], color="#c44e52", linewidth=1, label="predicted = true")
    axes.set(xlabel="true", ylabel="predicted", title=as_it_stands(title))
    axes.legend()
    save(made, path)
