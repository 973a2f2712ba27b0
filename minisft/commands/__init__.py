"""What each command of the command line does and prints."""

from minisft.commands.course_map import course_map
from minisft.commands.finetune import finetune
from minisft.commands.grading import exercises, grade, progress
from minisft.commands.inference import evaluate, predict
from minisft.commands.listing import doctor, tasks
from minisft.commands.pretrain import pretrain

__all__ = [
    "course_map", "doctor", "evaluate", "exercises", "finetune", "grade", "predict", "pretrain", "progress", "tasks",
]  # fmt: skip
