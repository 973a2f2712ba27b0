"""Section 3.3.3: an end in time."""

from minisft.checks.contract import Contract, Draw, Mutant


def early_stopping(losses: list[float], patience: int) -> tuple[int, int]:
    """The epoch that is kept, counted from 0, and how many are trained.

    The first epoch with the lowest loss is kept. After `patience` epochs in a row without a new lowest, no more are
    trained.
    """
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch + 1
    return best, len(losses)


def dips(draw: Draw, *falls: int) -> list[float]:
    """Losses that fall to a new lowest at these epochs and lie above the lowest in between, uneven."""
    losses, lowest = [], 2.0
    for epoch in range(max(falls) + 8):
        if epoch in falls:
            lowest -= draw.random.uniform(0.05, 0.1)
            losses.append(lowest)
        else:
            losses.append(lowest + draw.random.uniform(0.2, 0.4) - 0.01 * (epoch % 2))
    return losses


def ties(draw: Draw) -> list[float]:
    """Losses whose lowest comes twice."""
    low = draw.random.uniform(0.1, 0.4)
    return [1.0, low, 0.7, low, 0.8, 0.9, 0.6, 0.7]


EARLY_STOPPING = Contract(
    name="early_stopping",
    section="3.3.3",
    reference=early_stopping,
    results=("the epoch that is kept", "the number of epochs trained"),
    properties={
        "the best epoch is kept": lambda draw: [{"losses": dips(draw, 0, 1, 3, 4), "patience": 3}],
        "patience begins anew at each new best": lambda draw: [{"losses": dips(draw, 0, 2, 4, 6), "patience": 3}],
        "a run that ends before patience does": lambda draw: [{"losses": dips(draw, 0, 1)[:4], "patience": 5}],
        "a loss that comes twice": lambda draw: [{"losses": ties(draw), "patience": 3}],
        "a gain that is tiny": lambda draw: [
            {"losses": [0.9, 0.5, 0.5 - draw.random.uniform(1e-7, 1e-6), 0.7, 0.6, 0.8, 0.9], "patience": 3}
        ],
        "a new best in the last epoch of patience": lambda draw: [
            {"losses": dips(draw, 0, 3, 5), "patience": 3},
            {"losses": dips(draw, 0, 1, 2, 4)[:6], "patience": 2},
        ],
        "a lower loss that comes too late": lambda draw: [
            {"losses": [*dips(draw, 0, 1), 0.1], "patience": 1},
            {"losses": [*dips(draw, 0, 1), 0.1], "patience": 2},
        ],
        "slow gains after a bad epoch": lambda draw: [
            {"losses": [0.5, 0.9, *(0.8 - 0.05 * i - draw.random.uniform(0, 0.01) for i in range(5))], "patience": 3}
        ],
    },
    mutants=(
        Mutant(
            "the last epoch that was trained. The best one is kept; those after it were waited for in vain.",
            {"return best, epoch + 1": "return epoch, epoch + 1", "return best, len": "return len(losses) - 1, len"},
        ),
        Mutant(
            "the best of all losses given, those after the end as well. They were never measured: look only at what "
            "has been trained.",
            {"return best, epoch + 1": "return losses.index(min(losses)), epoch + 1"},
        ),
        Mutant(
            "a run that is stopped before its last loss is looked at. A new best in that epoch begins the count anew: "
            "compare first, then ask for patience.",
            {
                "        if loss < losses[best]:\n            best = epoch\n"
                "        if epoch - best >= patience:\n            return best, epoch + 1\n": (
                    "        if epoch - best >= patience:\n            return best, epoch + 1\n"
                    "        if loss < losses[best]:\n            best = epoch\n"
                )
            },
        ),
        Mutant(
            "the kept epoch counted from 1. It is counted from 0, as `enumerate` does; the second number is a count.",
            {"return best, epoch + 1": "return best + 1, epoch + 1", "return best, len": "return best + 1, len"},
        ),
        Mutant(
            "the two numbers exchanged. The kept epoch comes first, then how many are trained.",
            {
                "return best, epoch + 1": "return epoch + 1, best",
                "return best, len(losses)": "return len(losses), best",
            },
        ),
        Mutant(
            "one epoch too few where a run is stopped. Epochs count from 0: after epoch 3, four have been trained.",
            {"return best, epoch + 1": "return best, epoch"},
        ),
        Mutant(
            "a run that stops one epoch late. The epoch that uses patience up is the last.",
            {"epoch - best >= patience": "epoch - best > patience"},
        ),
        Mutant(
            "bad epochs counted over the whole run. A new best begins the count anew.",
            {
                "epoch - best >= patience": (
                    "sum(losses[i] >= min(losses[:i]) for i in range(1, epoch + 1)) >= patience"
                )
            },
        ),
        Mutant(
            "the highest loss taken for the best. A loss is better when it is lower.",
            {"loss < losses[best]": "loss > losses[best]"},
        ),
        Mutant(
            "an equal loss taken for a better one. Only a lower one is new.",
            {"loss < losses[best]": "loss <= losses[best]"},
        ),
        Mutant(
            "each epoch compared with the one before. After one bad epoch everything looks like progress: compare with "
            "the best.",
            {"loss < losses[best]": "epoch and loss < losses[epoch - 1]"},
        ),
        Mutant(
            "a run that is never stopped. When patience is at its end, no more epochs are trained.",
            {"return best, epoch + 1": "continue"},
        ),
        Mutant(
            "the epochs trained counted from 0: after epoch 3, four have been trained.",
            {"return best, epoch + 1": "return best, epoch", "len(losses)": "len(losses) - 1"},
        ),
    ),
)
