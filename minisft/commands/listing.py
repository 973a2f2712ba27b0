"""The commands `tasks` and `doctor`: what there is to work with."""

import argparse

from minisft import doctor as installation
from minisft.data import TASKS
from minisft.data.registry import Generated, data_folder


def tasks(options: argparse.Namespace) -> None:
    """The tasks, and where each comes from on this machine."""
    for name, task in TASKS.items():
        folder = None if isinstance(task, Generated) else data_folder(name)
        where = "generated" if isinstance(task, Generated) else str(folder or f"hub: {'/'.join(task.hub)}")
        print(f"{name:<17}{task.about:<52}{where}")
    print(f"{'your own':<17}{'--data with a csv, tsv or jsonl file, or a folder of them':<52}")


def doctor(options: argparse.Namespace) -> None:
    """One line a finding; what to do where something is missing."""
    for what, found, mend in installation.examine():
        print(f"{what:<14}{found}" + (f"   <- {mend}" if mend else ""))
