"""torch.compile: everything between two matrix products becomes one kernel. What a GPU gains in a long pretraining."""

import os
import shutil

from torch import nn

from minisft.errors import InputError

COMPILERS = ("g++", "clang++", "c++")


def compile_parts(model: nn.Module, backend: str = "inductor") -> None:
    """Let torch.compile trace the embeddings, each layer and the head for words of a model to pretrain, in place.

    The model is not traced whole, so what is made of one layer serves for all. Raises InputError where torch would
    find no compiler.
    """
    wanted = [os.environ["CXX"]] if "CXX" in os.environ else COMPILERS
    if not any(map(shutil.which, wanted)):
        raise InputError(f"torch.compile found no C++ compiler ({', '.join(wanted)}): install one, or do not compile")
    for part in (model.bert.embeddings, *model.bert.layers, model.mlm):
        part.compile(backend=backend)
