"""The loop and what stands round it: settings, optimiser, callbacks, resume, evaluation."""

from minisft.training.callbacks import JsonLog, ProgressBar, StopOnInterrupt, Validate, read_log
from minisft.training.evaluation import Evaluation, evaluate
from minisft.training.fine_tuning import FineTuning
from minisft.training.kinds import KINDS, Kind, model_for
from minisft.training.optimizer import AdamW, parameter_groups
from minisft.training.pretraining import Pretraining, Shape
from minisft.training.resume import KeepState, read_progress, restore
from minisft.training.settings import Settings, choose_device
from minisft.training.trainer import Callback, Trainer

__all__ = [
    "KINDS", "AdamW", "Callback", "Evaluation", "FineTuning", "JsonLog", "KeepState", "Kind", "Pretraining",
    "ProgressBar", "Settings", "Shape", "StopOnInterrupt", "Trainer", "Validate", "choose_device", "evaluate",
    "model_for", "parameter_groups", "read_log", "read_progress", "restore",
]  # fmt: skip
