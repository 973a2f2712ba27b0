"""What each command of the command line does and prints."""

from minisft.commands.finetune import finetune
from minisft.commands.inference import evaluate, predict
from minisft.commands.listing import doctor, tasks
from minisft.commands.pretrain import pretrain

__all__ = ["doctor", "evaluate", "finetune", "predict", "pretrain", "tasks"]
