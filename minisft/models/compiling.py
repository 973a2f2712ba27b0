"""torch.compile: everything between two matrix products becomes one kernel. What a GPU gains in a long pretraining."""

import os
import shutil
import sys

from torch import nn

from minisft.errors import InputError

COMPILERS = {"darwin": "clang++", "win32": "cl"}  # that torch asks for where CXX names none; elsewhere g++


def compile_parts(model: nn.Module, backend: str = "inductor") -> None:
    """Let torch.compile trace the embeddings, each layer and the head for words of a model to pretrain, in place.

    The model is not traced whole, so what is made of one layer serves for all. Raises InputError where torch would
    find no compiler.
    """
    wanted = os.environ.get("CXX", COMPILERS.get(sys.platform, "g++"))
    if not shutil.which(wanted):
        raise InputError(f"torch.compile found no C++ compiler ({wanted}): install it, set CXX, or do not compile")
    for part in (model.bert.embeddings, *model.bert.layers, model.mlm):
        part.compile(backend=backend)
