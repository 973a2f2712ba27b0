"""Learning-rate schedules: a factor between 0 and 1 for the learning rate of the next update (section 3.3.1).

`step` counts the updates already done, so it is 0 at the first one: with a warm-up, the first update has rate 0,
as in Hugging Face's and Google's BERT.
"""

import math
from collections.abc import Callable

Schedule = Callable[[int, int, int], float]


def constant(step: int, warmup_steps: int, total_steps: int) -> float:
    """Linear warm-up, then constant: the document's schedule, min(1, step / warmup_steps) (section 4.3.2)."""
    return min(1.0, step / warmup_steps) if warmup_steps else 1.0


def linear(step: int, warmup_steps: int, total_steps: int) -> float:
    """Linear warm-up, then linear decay to 0 at `total_steps`: BERT's (Devlin et al. 2019, appendix A.2)."""
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))


def cosine(step: int, warmup_steps: int, total_steps: int) -> float:
    """Linear warm-up, then half a cosine wave down to 0 at `total_steps` (Loshchilov and Hutter 2017).

    Where the warm-up is the whole run, it ends at the peak.
    """
    if step < warmup_steps:
        return step / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return max(0.0, 0.5 * (1.0 + math.cos(math.pi * progress)))


SCHEDULES: dict[str, Schedule] = {"linear": linear, "constant": constant, "cosine": cosine}
