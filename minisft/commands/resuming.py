"""What a run is made with: the options, and what they leave out from when the run was started."""

import argparse
from pathlib import Path
from typing import Any

from minisft.commands.report import say
from minisft.errors import InputError
from minisft.training import read_progress
from minisft.training.fine_tuning import STATE

OPTIONS = {"learning_rate": "lr", "whole_words": "whole_word"}  # those whose option has another name
OWNER = {"task": "finetune", "objective": "pretrain"}  # the command whose runs have this setting


class Given:
    """The value of a setting: as an option gives it, else as a resumed run was started with, else the default."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        """Raises InputError where `out` holds a run of the other command, or its state cannot be read."""
        self.options = options
        self.stored: dict[str, Any] = {}
        if options.resume and (out / STATE).exists():
            self.stored = read_progress(out / STATE)["about"]
            owner = next((command for setting, command in OWNER.items() if setting in self.stored), "another kind")
            if owner != options.command:
                raise InputError(
                    f"{out} holds a run of {owner}; expected one of {options.command}: choose another --out"
                )
        elif options.resume:
            say("resume", f"{out} holds no state yet; starting from the beginning")

    def __call__(self, name: str, default: Any) -> Any:
        value = getattr(self.options, OPTIONS.get(name, name))
        return self.stored.get(name, default) if value is None else value


def keep_on(options: argparse.Namespace) -> str:
    """What a command to go on must say again: what decides nothing is not kept in the state."""
    again = f" --keep-every {options.keep_every}" if options.keep_every else ""
    return again + (" --compile" if getattr(options, "compile", None) else "")
