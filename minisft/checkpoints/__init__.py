"""Pretrained weights in and out: files on one side, named tensors on the other."""

from minisft.checkpoints.folder import Checkpoint, read_checkpoint, write_checkpoint
from minisft.checkpoints.locate import locate

__all__ = ["Checkpoint", "locate", "read_checkpoint", "write_checkpoint"]
