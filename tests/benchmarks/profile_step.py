"""Where an update's time goes, by torch's own profiler: a line for every part above 3 %.

    MINISFT_DATA=... python tests/benchmarks/profile_step.py [--systems ours trainer] [--precisions fp32 bf16]

The forward pass is labelled by module. What the backward pass does for an operation belongs to the same part: autograd
numbers its nodes, and the profiler shows the number at both ends. Time in no operation is Python's.
"""

import argparse
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from measuring import SKIPPED, pays
from torch import nn
from torch.profiler import ProfilerActivity, profile, record_function
from workloads import Workload, load, model_folder, pairs_to_learn

UPDATES = 20
SMALL = 0.03
# What a module's name in this code or in Hugging Face's says of its part; the first that fits.
PARTS = {
    r"(qkv|attention\.output|query|key|value|attention\.output\.dense)$": "projections",
    r"(attention|attention\.self)$": "attention",
    r"(intermediate_act_fn)$": "GELU",
    r"(feed_forward|intermediate\.dense|\d\.output\.dense)$": "feed-forward",
    r"([nN]orm)$": "LayerNorm",
    r"(dropout)$": "dropout",
    r"(embeddings)$": "embeddings",
    r"(pooler|classifier|pooler\.dense)$": "head and loss",
    r"layers?\.\d+$": "residuals",
}
OPERATIONS = {"aten::gelu": "GELU", "GeluBackward0": "GELU", "aten::gelu_backward": "GELU"}
RANGES = {  # that the profiler or this script opens
    "Optimizer.step": "AdamW", "Optimizer.zero_grad": "AdamW", "enumerate(DataLoader)": "collating",
}  # fmt: skip
LABEL = "part: "


def label_modules(model: nn.Module) -> None:
    """Let each module's forward pass appear in the profile as its part."""
    for name, module in model.named_modules():
        part = next((part for pattern, part in PARTS.items() if re.search(pattern, name)), None)
        if part:
            opened: list[record_function] = []
            module.register_forward_pre_hook(lambda *_, part=part, opened=opened: open_range(part, opened))
            module.register_forward_hook(lambda *_, opened=opened: opened.pop().__exit__(None, None, None))


def open_range(part: str, opened: list[record_function]) -> None:
    """Begin a labelled range."""
    opened.append(record_function(LABEL + part))
    opened[-1].__enter__()


def labelled(part: str, function: Callable) -> Callable:
    """The function, whose calls appear as a part."""

    def call(*arguments: Any, **options: Any) -> Any:
        with record_function(LABEL + part):
            return function(*arguments, **options)

    return call


def profile_ours(workload: Workload) -> tuple[Any, float]:
    """The profile of some updates of this code, and their seconds."""
    from minisft.models import SequenceClassifier
    from minisft.objectives import Classification
    from minisft.ops import FUSED, attention_on_cpu_fused
    from minisft.training import Settings, Trainer

    # Its dropout is no module, and not the model's to replace.
    attention_on_cpu_fused.kept_fused = labelled("dropout", attention_on_cpu_fused.kept_fused)
    ops = FUSED.replace(
        dropout=labelled("dropout", FUSED.dropout), clip_gradients=labelled("clipping", FUSED.clip_gradients)
    )
    task = load()
    with model_folder(workload.model) as folder:
        model = SequenceClassifier.from_pretrained(folder, task.labels, ops)
    label_modules(model)
    batches = pairs_to_learn(workload, task)
    trainer = Trainer(model, Classification(ops), batches, Settings(precision=workload.precision), "cpu")
    windows = trainer.windows()
    following = labelled("collating", lambda: next(windows))
    for _ in range(SKIPPED):
        trainer.update(following())
    with profile(activities=[ProfilerActivity.CPU]) as found:
        started = time.perf_counter()
        for _ in range(UPDATES):
            trainer.update(following())
        seconds = time.perf_counter() - started
    return found, seconds


def profile_trainer(workload: Workload) -> tuple[Any, float]:
    """The same of Hugging Face's Trainer at its best."""
    from peers import attention_for, hardware, make_trainer
    from transformers import TrainerCallback

    profiler, clock = profile(activities=[ProfilerActivity.CPU]), {}

    class Watch(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs) -> None:
            if state.global_step == SKIPPED:
                profiler.__enter__()
                clock["start"] = time.perf_counter()
            elif state.global_step == SKIPPED + UPDATES:
                clock["end"] = time.perf_counter()
                profiler.__exit__(None, None, None)

    with tempfile.TemporaryDirectory() as out, model_folder(workload.model) as folder:
        trainer = make_trainer(
            load(), folder, Path(out), False, [Watch()], attention_for(workload), max_steps=SKIPPED + UPDATES,
            weight_decay=0.01, per_device_train_batch_size=workload.rows, train_sampling_strategy="group_by_length",
            save_strategy="no", **hardware(workload),
        )  # fmt: skip
        label_modules(trainer.model)
        trainer.accelerator.clip_grad_norm_ = labelled("clipping", trainer.accelerator.clip_grad_norm_)
        trainer.train()
    return profiler, clock["end"] - clock["start"]


def parts_of(events: Iterable[Any], seconds: float) -> dict[str, float]:
    """Seconds of each part: every operation's own time goes to the innermost part that it lies in."""
    events = list(events)
    forward: dict[int, str] = {}  # by the number of autograd's node: the part in which it was made
    for event in sorted(events, key=lambda event: event.time_range.start):
        if event.sequence_nr >= 0 and not event.name.startswith("autograd::") and not in_backward(event):
            forward[event.sequence_nr] = part_of(event, {})
    found: dict[str, float] = defaultdict(float)
    for event in events:
        found[part_of(event, forward)] += event.self_cpu_time_total / 1e6
    found["Python, between operations"] = seconds - sum(found.values())
    return found


def ancestors(event: Any) -> Iterator[Any]:
    """The event and what it lies in, from the inside out."""
    while event is not None:
        yield event
        event = event.cpu_parent


def in_backward(event: Any) -> bool:
    """Whether autograd's engine runs it."""
    return any(outer.name.startswith("autograd::engine") for outer in ancestors(event))


def part_of(event: Any, forward: dict[int, str]) -> str:
    """The part that an event belongs to."""
    for outer in ancestors(event):
        if outer.name in OPERATIONS:
            return OPERATIONS[outer.name]
        if outer.name.startswith(LABEL):
            return outer.name.removeprefix(LABEL)
        for name, part in RANGES.items():
            if outer.name.startswith(name):
                return part
        if outer.name.startswith("autograd::engine") and outer.sequence_nr in forward:
            return forward[outer.sequence_nr]
    return "head and loss" if event.sequence_nr >= 0 else "other"


def report(name: str, parts: dict[str, float], seconds: float) -> None:
    """One line a part, the largest first; the small ones together."""
    print(f"\n{name}: {1000 * seconds / UPDATES:.0f} ms an update")
    small = {part: own for part, own in parts.items() if own < SMALL * seconds}
    for part, own in sorted(parts.items(), key=lambda item: -item[1]):
        if part not in small:
            print(f"{part:<30}{1000 * own / UPDATES:>8.1f} ms{own / seconds:>8.1%}")
    rest = sum(small.values())
    print(f"{'below 3 % each':<30}{1000 * rest / UPDATES:>8.1f} ms{rest / seconds:>8.1%}  ({', '.join(sorted(small))})")


def main() -> None:
    """Profile each system in each precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", choices=["ours", "trainer"], default=["ours", "trainer"])
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "bf16"])
    options = parser.parse_args()
    for precision in options.precisions or [each for each in ("fp32", "bf16") if pays(each, "cpu")]:
        for system in options.systems:
            workload = Workload(precision=precision)
            found, seconds = profile_ours(workload) if system == "ours" else profile_trainer(workload)
            report(f"{system}, {precision}", parts_of(found.events(), seconds), seconds)


if __name__ == "__main__":
    main()
