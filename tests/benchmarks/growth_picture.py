"""The picture of how the cost grows: three curves, and the stages of a whole run."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import LogLocator

from minisft import plots

NAMES = {"ours": "minisft", "trainer": "Hugging Face's Trainer"}
AXIS = {"length": "pieces in a row (8 rows)", "rows": "rows (of 64 pieces)", "width": "width (6 layers, 8 × 128)"}
GREYS = {"start": "0.85", "prepare": "0.65", "train": "black", "evaluate": "0.45", "save": "white"}


def draw(found: dict[str, dict[str, dict[str, float]]], asked: dict[str, Any], path: Path) -> None:
    """One row of four: milliseconds of an update against length, rows and width, and a run from start to file."""
    made, axes = plots.figure(14.0, 3.6, columns=4)
    for panel, (axis, label) in zip(axes, AXIS.items(), strict=False):
        curves = {
            NAMES[system]: ([float(x) for x in points], [1000 * y for y in points.values()])
            for system, points in found[axis].items()
        }
        plots.lines(curves, panel, xlabel=label, ylabel="ms an update", xscale="log", yscale="log")
        ticks = [int(x) for x in next(iter(found[axis].values()))]
        panel.set_xticks(ticks, [str(tick) for tick in ticks])
        panel.minorticks_off()
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:.0f}")
        for line, marker in zip(panel.get_lines(), "os", strict=True):
            line.set_marker(marker)
        if panel is axes[0]:
            panel.legend(loc="upper left")
        else:
            panel.get_legend().remove()
    bars(found["whole"], axes[3])
    made.suptitle(f"{asked['model']}, {asked['precision']}, {asked['device']}")
    plots.save(made, path)


def bars(runs: dict[str, dict[str, float]], panel: Any) -> None:
    """A bar for each system, its stages one after the other."""
    for height, stages in enumerate(runs.values()):
        left = 0.0
        for stage, seconds in stages.items():
            panel.barh(
                height, seconds, left=left, height=0.5, color=GREYS[stage], edgecolor="black", linewidth=0.6,
                label=stage if height == 0 else None,
            )  # fmt: skip
            left += seconds
    panel.set_yticks(range(len(runs)), [NAMES[system].replace("'s ", "'s\n") for system in runs])
    panel.set_ylim(-0.6, len(runs) - 0.1 + 0.6)
    panel.set(xlabel="seconds: 800 rows, one epoch")
    panel.legend(ncols=3, loc="upper center", fontsize=8)
