"""From a checkpoint into a model, with no key left unused or unset without a word."""

import logging

from torch import nn

from minisft.checkpoints import Checkpoint
from minisft.errors import InputError

logger = logging.getLogger("minisft")


def load_weights(model: nn.Module, checkpoint: Checkpoint, prefix: str = "", may_be_new: tuple[str, ...] = ()) -> None:
    """Copy the checkpoint's weights into `model`, whose names lack `prefix`.

    Weights that the checkpoint lacks stay as initialised where their name begins with one of `may_be_new`;
    what is new and what was not used is said through the logger "minisft". Raises InputError where another weight
    is missing or a shape differs.
    """
    given = dict(checkpoint.weights)
    new = []
    for name, parameter in model.state_dict().items():
        tensor = given.pop(prefix + name, None)
        if tensor is None:
            new.append(name)
        elif tensor.shape != parameter.shape:
            raise InputError(
                f"{checkpoint.source}: {name} has shape {tuple(tensor.shape)}, "
                f"but config.json asks for {tuple(parameter.shape)}; the two files do not belong together"
            )
        else:
            parameter.copy_(tensor)
    lost = [name for name in new if not name.startswith(may_be_new)]
    if lost:
        raise InputError(f"{checkpoint.source} lacks {summary(lost)}; expected all weights of a BERT encoder")
    unused = sorted([*given, *checkpoint.unused])
    if new:
        logger.warning("%s: new and untrained: %s", checkpoint.source, summary(new))
    if unused:
        logger.warning("%s: not used: %s", checkpoint.source, summary(unused))


def summary(names: list[str]) -> str:
    """A few names and how many there are."""
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
