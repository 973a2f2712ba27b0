"""Tasks and batches: from a name or a file to tensors."""

from minisft.data.batching import Batch, Batches, make_batches
from minisft.data.registry import TASKS, load_task
from minisft.data.task import Declaration, Task

__all__ = ["TASKS", "Batch", "Batches", "Declaration", "Task", "load_task", "make_batches"]
