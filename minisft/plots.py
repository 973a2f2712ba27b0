"""Every figure, drawn one way: readable in grey, one question each. Import it only where something is drawn."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE = {
    "figure.dpi": 120,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}


def figure(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure in the house's style, without a window; sizes in inches."""
    with matplotlib.rc_context(STYLE):
        made = Figure(figsize=(width, height), layout="constrained")
        return made, made.add_subplot()


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
    axes.set(xlabel="update", ylabel="loss", title=title, ylim=(0, None))
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
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    save(made, path)


def scatter(labels: Sequence[float], predictions: Sequence[float], title: str, path: Path) -> None:
    """Predicted numbers against true ones."""
    made, axes = figure(5.0, 4.5)
    axes.scatter(labels, predictions, s=6, color="black", alpha=0.3, linewidths=0)
    low, high = min(labels), max(labels)
    axes.plot([low, high], [low, high], color="#c44e52", linewidth=1, label="predicted = true")
    axes.set(xlabel="true", ylabel="predicted", title=title)
    axes.legend()
    save(made, path)
