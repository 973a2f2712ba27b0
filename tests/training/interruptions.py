"""Runs that are cut off, and what they must still come to."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from minisft.training import Callback, Trainer


class StopAt(Callback):
    """Ends the run at an update: politely, or by an exception as a crash would."""

    def __init__(self, step: int, crash: bool) -> None:
        self.step, self.crash = step, crash

    def on_update(self, trainer: Trainer) -> None:
        if trainer.step == self.step:
            if self.crash:
                raise RuntimeError("crash")
            trainer.stop = True


def assert_same_weights(one: Path, two: Path) -> None:
    """Two folders hold the same model, bit for bit."""
    mine, theirs = load_file(one / "model.safetensors"), load_file(two / "model.safetensors")
    assert mine.keys() == theirs.keys()
    for name, tensor in mine.items():
        assert torch.equal(tensor, theirs[name]), name
