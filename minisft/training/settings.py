"""How to train: every number that decides the result."""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from minisft.errors import InputError
from minisft.ops import SCHEDULES
from minisft.training.distributed import process_group


@dataclass(frozen=True)
class Settings:
    """The settings of a run. The defaults suit a small BERT. Raises InputError where one is out of range."""

    epochs: int = 3
    batch_size: int = 16
    learning_rate: float = 1e-4
    warmup: int | float = 0.1  # below 1 a share of all updates, from 1 on a number of updates
    schedule: str = "linear"
    weight_decay: float = 0.01
    decay: Literal["decoupled", "document"] = "decoupled"
    max_gradient_norm: float = 1.0
    accumulation: int = 1  # batches in one update
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: int = 0

    def __post_init__(self) -> None:
        rules = {
            "epochs": (is_whole(self.epochs) and self.epochs >= 1, "at least 1, a whole number"),
            "batch_size": (is_whole(self.batch_size) and self.batch_size >= 1, "at least 1, a whole number"),
            "learning_rate": (0 < self.learning_rate < math.inf, "above 0"),
            "warmup": (0 <= self.warmup < math.inf, "0 or more"),
            "schedule": (self.schedule in SCHEDULES, " or ".join(SCHEDULES)),
            "weight_decay": (0 <= self.weight_decay < math.inf, "0 or more"),
            "decay": (self.decay in ("decoupled", "document"), "decoupled or document"),
            "max_gradient_norm": (self.max_gradient_norm > 0, "above 0"),
            "accumulation": (is_whole(self.accumulation) and self.accumulation >= 1, "at least 1, a whole number"),
            "precision": (self.precision in ("fp32", "bf16"), "fp32 or bf16"),
            "seed": (is_whole(self.seed) and 0 <= self.seed < 2**63, "0 or more, below 2**63"),
        }
        for name, (holds, expected) in rules.items():
            if not holds:
                raise InputError(f"{name} is {getattr(self, name)!r}; expected {expected}")

    def warmup_steps(self, total_steps: int) -> int:
        """How many updates the warm-up takes."""
        return math.ceil(self.warmup * total_steps) if self.warmup < 1 else int(self.warmup)


def is_whole(number: object) -> bool:
    """Whether a number may count something."""
    return isinstance(number, int) and not isinstance(number, bool)


def choose_device(name: str = "auto") -> torch.device:
    """`"auto"` is the GPU where there is one, else the CPU; of several processes each has a GPU of its own.

    Raises InputError for a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"there is no kind of device {name!r}; expected auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda") or (device.type == "cpu" and device.index):
        raise InputError(f"minisft does not run on {name!r}; expected auto, cpu or cuda")
    group = process_group()
    if device.type == "cuda" and group.world_size > 1:
        if device.index is not None:
            raise InputError(f"{name} is one GPU, and each of {group.world_size} processes needs its own; take cuda")
        device = torch.device("cuda", group.local_rank)
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        raise InputError(f"torch sees no device {device}; take --device cpu, or install a torch built for your GPU")
    return device


def length_multiple(device: str) -> int:
    """What the length of a batch is a multiple of: of eight on a GPU, which is faster on those."""
    return 8 if choose_device(device).type == "cuda" else 1
