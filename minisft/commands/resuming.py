"""What a run is made with: the options, and what they leave out from when the run was started."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from minisft.commands.report import say
from minisft.errors import InputError
from minisft.training import read_progress
from minisft.training.fine_tuning import STATE

OPTIONS = {"learning_rate": "lr", "whole_words": "whole_word"}  # those whose option has another name
FREE = {"command", "device", "json", "out", "resume", "keep_every", "compile"}  # options that decide no result
OWNER = {"task": "finetune", "objective": "pretrain"}  # the command whose runs have this setting


class Given:
    """The value of a setting: as an option gives it, else as a resumed run was started with, else the default."""

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        """Raises InputError where `out` holds a run of the other command or a state that cannot be read.

        Where it holds none and the options say nothing of what is to be learned, too: the folder was mistyped.
        """
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
            if not any(value is not None for name, value in vars(options).items() if name not in FREE):
                raise InputError(f"{out} holds no state to go on with; check --out, or say again what is to be learned")
            say("resume", f"{out} holds no state yet; starting from the beginning")

    def __call__(self, name: str, default: Any) -> Any:
        value = getattr(self.options, OPTIONS.get(name, name))
        return self.stored.get(name, default) if value is None else value


def keep_on(options: argparse.Namespace) -> str:
    """What a command to go on must say again: what decides nothing is not kept in the state."""
    again = f" --keep-every {options.keep_every}" if options.keep_every else ""
    again += " --compile" if getattr(options, "compile", None) else ""
    again += f" --device {options.device}" if options.device != "auto" else ""
    return again + (f" --json {shlex.quote(str(options.json))}" if options.json else "")
