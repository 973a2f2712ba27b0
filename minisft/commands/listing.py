"""The commands `tasks` and `doctor`: what there is to work with."""

import argparse

from minisft import doctor as installation
from minisft.data import TASKS
from minisft.data.registry import data_folder


def tasks(options: argparse.Namespace) -> None:
    """The tasks, and where each comes from on this machine."""
    for name, task in TASKS.items():
        hub = f"hub: {'/'.join(task.hub)}" if task.hub else "not here: see MINISFT_DATA"
        where = "generated" if task.make else str(data_folder(name) or hub)
        print(f"{name:<21}{task.kind:<8}{task.about:<54}{where}")
    print(f"{'your own':<21}{'':<8}--data with a csv, tsv or jsonl file, or a folder of them")


def doctor(options: argparse.Namespace) -> None:
    """One line a finding; what to do where something is missing."""
    for what, found, mend in installation.examine():
        print(f"{what:<14}{found}" + (f"   <- {mend}" if mend else ""))
