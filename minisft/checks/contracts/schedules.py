"""Sections 3.3.1 and 4.3.2: the learning rate over a run."""

import math

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops.schedules import constant, cosine, linear


def schedule_steps(rows: int, batch_size: int, accumulation: int, epochs: int, warmup: int | float) -> tuple[int, int]:
    """How many updates a run has, and how many of them are warm-up.

    The last batch of an epoch, and its last update, may be smaller. `warmup` below 1 is a share of all updates,
    rounded up; from 1 on it is a number of updates.
    """
    batches = math.ceil(rows / batch_size)
    total = epochs * math.ceil(batches / accumulation)
    return total, math.ceil(warmup * total) if warmup < 1 else int(warmup)


def moment(step: int, warmup_steps: int, total_steps: int) -> Arguments:
    """What a schedule is asked."""
    return {"step": step, "warmup_steps": warmup_steps, "total_steps": total_steps}


def warming_up(draw: Draw) -> list[Arguments]:
    """The first update, one on the way, and the one before the peak."""
    warmup = draw.random.randrange(5, 40)
    total = warmup + draw.random.randrange(10, 90)
    return [moment(step, warmup, total) for step in (0, warmup // 2, warmup - 1)]


def after(draw: Draw) -> list[Arguments]:
    """The peak, two on the way and the last update."""
    warmup = draw.random.randrange(5, 40)
    rest = draw.random.randrange(11, 90)
    return [moment(warmup + step, warmup, warmup + rest) for step in (0, rest // 3, rest // 2 + 2, rest - 1, rest)]


def without_warmup(draw: Draw) -> list[Arguments]:
    """The first update of a run that does not warm up, and one more."""
    total = draw.random.randrange(20, 90)
    return [moment(0, 0, total), moment(total // 3, 0, total)]


def past_the_end(draw: Draw) -> list[Arguments]:
    """An update that should no longer be made, and a run of warm-up alone."""
    return [moment(draw.random.randrange(60, 90), 8, 50), moment(12, 12, 12)]


WARMING = {"a rate that rises from 0": warming_up, "after the warm-up": after, "no warm-up": without_warmup}
FIRST_STEP = Mutant(
    "a warm-up that begins at 1 / warmup_steps. `step` counts the updates that are done: the first has rate 0.",
    {"step / warmup_steps": "(step + 1) / warmup_steps"},
)
WHOLE = "a warm-up by whole-number division, which is 0 until its end and then 1: / and not //."
NO_WARMUP = "a schedule that does not warm up. Below warmup_steps the rate rises in a straight line."

LINEAR_SCHEDULE = Contract(
    name="linear_schedule",
    section="3.3.1",
    reference=linear,
    properties=WARMING
    | {
        "never below 0": lambda draw: past_the_end(draw)[:1],
        "a run of warm-up alone": lambda draw: [moment(12, 12, 12)],
    },
    mutants=(
        FIRST_STEP,
        Mutant(WHOLE, {"step / warmup_steps": "float(step // warmup_steps)"}),
        Mutant(NO_WARMUP, {"step < warmup_steps": "False"}),
        Mutant(
            "a decay counted from step 0, as in Google's code: the rate jumps down where the warm-up ends. Divide what "
            "is left by total_steps - warmup_steps.",
            {"max(1, total_steps - warmup_steps)": "total_steps"},
        ),
        Mutant(
            "a warm-up and then a constant rate, as the document has it. BERT's falls to 0 in a straight line.",
            {"max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))": "1.0"},
        ),
        Mutant(
            "a rate that goes below 0 after the last update. Hold it at 0.", {"max(0.0, (total": "max(-9.9, (total"}
        ),
        Mutant(
            "a decay that reaches 0 one update early. It is 0 at total_steps and not before.",
            {
                "(total_steps - step) / max(1, total_steps - warmup_steps)": (
                    "(total_steps - 1 - step) / max(1, total_steps - 1 - warmup_steps)"
                )
            },
        ),
    ),
)

COSINE_SCHEDULE = Contract(
    name="cosine_schedule",
    section="3.3.1",
    reference=cosine,
    properties=WARMING | {"a run of warm-up alone": lambda draw: [moment(12, 12, 12)]},
    mutants=(
        FIRST_STEP,
        Mutant(WHOLE, {"step / warmup_steps": "float(step // warmup_steps)"}),
        Mutant(NO_WARMUP, {"step < warmup_steps": "False"}),
        Mutant(
            "a whole wave, which rises again to its peak. From 1 to 0 is half a wave: π times the progress.",
            {"math.pi * progress": "2 * math.pi * progress"},
        ),
        Mutant(
            "a quarter of a wave. It leaves 1 as softly but meets 0 at full speed; half a wave is ½ (1 + cos(π p)).",
            {"0.5 * (1.0 + math.cos(math.pi * progress))": "math.cos(math.pi / 2 * progress)"},
        ),
        Mutant(
            "the cosine as it is, from 1 to -1 and cut off at 0. Add 1 and halve.",
            {"0.5 * (1.0 + math.cos(math.pi * progress))": "math.cos(math.pi * progress)"},
        ),
        Mutant(
            "a wave that is not halved: 1 + cos goes from 2 to 0.",
            {"0.5 * (1.0": "1.0 * (1.0"},
        ),
        Mutant(
            "a progress divided by total_steps. What is left after the warm-up is total_steps - warmup_steps.",
            {"max(1, total_steps - warmup_steps)": "max(1, total_steps)"},
        ),
        Mutant(
            "a progress that begins at warmup_steps. It counts from the peak: take warmup_steps off the step.",
            {"(step - warmup_steps) /": "step /"},
        ),
        Mutant(
            "a cosine of degrees. math.cos takes radians: half a wave is π.",
            {"math.pi * progress": "180 * progress"},
        ),
        Mutant(
            "a progress counted from step 0: the rate jumps down where the warm-up ends.",
            {"(step - warmup_steps) / max(1, total_steps - warmup_steps)": "step / max(1, total_steps)"},
        ),
        Mutant(
            "a straight line down. The cosine leaves its peak slowly and comes to 0 slowly.",
            {"0.5 * (1.0 + math.cos(math.pi * progress))": "1.0 - progress"},
        ),
    ),
)

LINEAR_WARMUP = Contract(
    name="linear_warmup",
    section="4.3.2",
    reference=constant,
    properties=WARMING | {"after the end": past_the_end},
    mutants=(
        FIRST_STEP,
        Mutant(WHOLE, {"step / warmup_steps": "float(step // warmup_steps)"}),
        Mutant("a rate that is constant from the first update on.", {"min(1.0, step / warmup_steps)": "1.0"}),
        Mutant(
            "a warm-up that does not stop at the peak: min(1, ...).",
            {"min(1.0, step / warmup_steps)": "step / warmup_steps"},
        ),
        Mutant(
            "the larger of 1 and the ratio: the rate begins at its peak and then grows. It is the smaller: min.",
            {"min(1.0,": "max(1.0,"},
        ),
        Mutant(
            "a warm-up over the whole run. It ends at warmup_steps.",
            {"step / warmup_steps": "step / total_steps"},
        ),
        Mutant(
            "a rate that decays after the warm-up. BERT's does; the formula of this section stays at its peak.",
            {
                "min(1.0, step / warmup_steps)": (
                    "min(step / warmup_steps, max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps)))"
                )
            },
        ),
    ),
)


def run(rows: int, batch_size: int, accumulation: int, epochs: int, warmup: int | float) -> Arguments:
    """What schedule_steps is asked."""
    return {
        "rows": rows, "batch_size": batch_size, "accumulation": accumulation, "epochs": epochs, "warmup": warmup,
    }  # fmt: skip


SCHEDULE_STEPS = Contract(
    name="schedule_steps",
    section="4.3.2",
    reference=schedule_steps,
    results=("the number of updates", "the number of warm-up updates"),
    properties={
        "batches of an epoch, also the last, short one": lambda draw: [
            run(16 * draw.random.randrange(9, 30) + 5, 16, 1, 3, 7)
        ],
        "several batches in an update": lambda draw: [run(8 * (4 * draw.random.randrange(5, 20) + 1), 8, 4, 3, 5)],
        "a warm-up that is a share of all updates": lambda draw: [
            run(16 * draw.random.choice((91, 92, 95, 97, 98)), 16, 1, 3, 0.11),  # less than half above a whole number
            run(64 * draw.random.randrange(5, 20), 16, 1, 3, 0.25),  # a whole number
        ],
        "a warm-up that is a number of updates": lambda draw: [
            *(run(640, 16, 2, 3, warmup) for warmup in (draw.random.randrange(3, 20), 1, 1.0, 50.0))
        ],
    },
    mutants=(
        Mutant(
            "an epoch without its last, short batch. Round up: no row is left out.",
            {"math.ceil(rows / batch_size)": "rows // batch_size"},
        ),
        Mutant(
            "as many updates as batches. `accumulation` batches make one update.",
            {"math.ceil(batches / accumulation)": "batches"},
        ),
        Mutant(
            "batches accumulated across the end of an epoch. The last update of an epoch takes the batches there are.",
            {"epochs * math.ceil(batches / accumulation)": "math.ceil(epochs * batches / accumulation)"},
        ),
        Mutant(
            "an epoch without its last update, which has fewer batches than the others. Round up.",
            {"math.ceil(batches / accumulation)": "(batches // accumulation)"},
        ),
        Mutant(
            "the updates of one epoch. The schedule spans the run: all epochs count.",
            {"epochs * math": "math"},
        ),
        Mutant(
            "a warm-up that is a share of one epoch. It is a share of all updates.",
            {"math.ceil(warmup * total)": "math.ceil(warmup * total / epochs)"},
        ),
        Mutant(
            "a warm-up that is rounded down. Round up, so that a small share of a short run still warms up.",
            {"math.ceil(warmup * total)": "int(warmup * total)"},
        ),
        Mutant(
            "a warm-up of one update taken for the whole run. A share is *below* 1; 1 is a number of updates.",
            {"warmup < 1": "warmup <= 1"},
        ),
        Mutant(
            "a warm-up taken for a share wherever it is a float. It is the size that tells: 50.0 are fifty updates.",
            {"warmup < 1": "isinstance(warmup, float)"},
        ),
        Mutant(
            "a warm-up that is always a share. From 1 on it is a number of updates.",
            {"math.ceil(warmup * total) if warmup < 1 else int(warmup)": "math.ceil(warmup * total)"},
        ),
    ),
)
