"""The commands `tasks` and `doctor`: what there is to work with."""

import argparse

from minisft import doctor as installation
from minisft.data import TASKS
from minisft.data.registry import data_folder


def tasks(options: argparse.Namespace) -> None:
    """The tasks, of which kind each is, and where it comes from on this machine."""
    names, abouts = max(map(len, TASKS)) + 2, max(len(task.about) for task in TASKS.values()) + 2
    for name, task in TASKS.items():
        hub = f"hub: {'/'.join(task.hub)}" if task.hub else "not here: see MINISFT_DATA"
        where = "generated" if task.make else str(data_folder(name) or hub)
        print(f"{name:<{names}}{task.kind:<8}{task.about:<{abouts}}{where}")
    print(f"{'your own':<{names}}{'':<8}--data with a csv, tsv or jsonl file, or a folder of them")


def doctor(options: argparse.Namespace) -> None:
    """One line a finding; what to do where something is missing."""
    for what, found, mend in installation.examine():
        print(f"{what:<14}{found}" + (f"   <- {mend}" if mend else ""))
