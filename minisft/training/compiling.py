"""torch.compile: everything between two matrix products becomes one kernel. What a GPU gains in a long pretraining."""

import os
import shutil
import sys

import torch
from torch import nn

from minisft.errors import InputError
from minisft.objectives import PretrainingObjective

# Forms of one layer that torch keeps: with a mask or none, the last one or not, sizes fixed or free. Beyond its own
# limit of 8 it goes on uncompiled, and says so in a log only.
FORMS = 64
COMPILERS = {"darwin": "clang++", "win32": "cl"}  # that torch asks for where CXX names none; elsewhere g++


def compile_parts(model: nn.Module, objective: PretrainingObjective, backend: str = "inductor") -> None:
    """Let torch.compile trace the embeddings, each layer, the head for words and the loss of a pretraining, in place.

    The model is not traced whole, so what is made of one layer serves for all. Raises InputError where torch would
    find no compiler.
    """
    wanted = os.environ.get("CXX", COMPILERS.get(sys.platform, "g++"))
    if not shutil.which(wanted):
        raise InputError(f"torch.compile found no C++ compiler ({wanted}): install it, set CXX, or do not compile")
    torch._dynamo.config.recompile_limit = max(FORMS, torch._dynamo.config.recompile_limit)
    for part in (model.bert.embeddings, *model.bert.layers, model.mlm):
        part.compile(backend=backend)
    objective.loss = torch.compile(objective.loss, backend=backend)
