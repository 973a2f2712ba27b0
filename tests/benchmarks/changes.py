"""What each change for speed is worth: an update as it is, and with that change alone taken back. A part of bench.py.

All variants train in turn in one process, each a model of its own, update by update. Some draw other rows, so they are
compared by the time for each real token.
"""

import argparse
import contextlib
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import torch
from measuring import SKIPPED, Results, answer, set_precision, wait
from torch import Tensor
from torch.nn import functional
from workloads import Workload, load, model_folder, pairs_to_learn

from minisft.data import Batches
from minisft.data.batching import Batch
from minisft.models import SequenceClassifier
from minisft.models.encoder import SelfAttention, pick
from minisft.ops import FUSED, attention_on_cpu_fused
from minisft.ops.adamw import adamw_update_fused
from minisft.ops.dropout import dropout_fused

PART = "changes"
NOW = "as it is"
UPDATES = 20
ATTENTION = sys.modules["minisft.ops.attention"]  # the name in the package is the function's


def torchs_dropout(x: Tensor, p: float) -> Tensor:
    """A draw for each number, by torch."""
    return functional.dropout(x, p, training=p > 0)


def drawn_by_torch(shape: Sequence[int], p: float) -> Tensor:
    """Which weights of attention are kept: a draw for each number."""
    return torch.empty(shape).bernoulli_(1 - p).short()


def in_passes(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0
) -> Tensor:
    """Attention whose scores are multiplied, scaled, hidden and made shares one after the other."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    return dropout_fused(torch.softmax(scores, -1), dropout_p).to(value.dtype) @ value


def three_products(self: SelfAttention, x: Tensor, mask: Tensor | None, positions: Tensor | None = None) -> Tensor:
    """Self-attention with a product each for queries, keys and values."""
    parts = zip(self.qkv.weight.chunk(3), self.qkv.bias.chunk(3), strict=True)
    heads = [self.ops.split_heads(self.ops.linear(x, weight, bias), self.heads) for weight, bias in parts]
    context = self.ops.attention(*heads, mask, self.dropout if self.training else 0.0)
    return self.output(pick(self.ops.merge_heads(context), positions))


def last_layer_for_all(
    self: SequenceClassifier, ids: Tensor, mask: Tensor | None = None, segments: Tensor | None = None
) -> Tensor:
    """A classifier that computes the last layer of every token."""
    _, pooled = self.bert(ids, mask, segments)
    return self.classifier(self.ops.dropout(pooled, self.p if self.training else 0.0))


def a_tensor_at_a_time(*tensors: Tensor, **settings: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The same kernel, called for each tensor."""
    return adamw_update_fused(*tensors, **settings)


def by_length(batches: Batches) -> Iterator[Batch]:
    """The batches as they come."""
    return batches.epoch(0)


def by_chance(batches: Batches) -> Iterator[Batch]:
    """Rows of any length in a batch."""
    rows = torch.randperm(len(batches.labels)).tolist()
    for start in range(0, len(rows), batches.batch_size):
        yield batches.collate(rows[start : start + batches.batch_size])


def always_masked(batches: Batches) -> Iterator[Batch]:
    """A mask also where nothing is padded."""
    for batch in batches.epoch(0):
        mask = torch.ones_like(batch.input_ids, dtype=torch.bool)
        yield batch if batch.attention_mask is not None else replace(batch, attention_mask=mask)


def padded(batches: Batches) -> Iterator[Batch]:
    """Every row as long as the longest may be."""
    for batch in always_masked(batches):
        room = (0, max(0, Workload().length - batch.input_ids.shape[1]))
        yield replace(
            batch,
            input_ids=functional.pad(batch.input_ids, room, value=batches.pad_id),
            token_type_ids=functional.pad(batch.token_type_ids, room),
            attention_mask=functional.pad(batch.attention_mask, room),
        )


@dataclass(frozen=True)
class Variant:
    """What is put in the place of something."""

    ops: dict[str, Callable] = field(default_factory=dict)
    patches: tuple[tuple[Any, str, Callable], ...] = ()
    rows: Callable[[Batches], Iterator[Batch]] = by_length


VARIANTS = {
    NOW: Variant(),
    "every row padded to 128": Variant(rows=padded),
    "rows of any length in a batch": Variant(rows=by_chance),
    "a mask where nothing is padded": Variant(rows=always_masked),
    "the last layer for every token": Variant(patches=((SequenceClassifier, "forward", last_layer_for_all),)),
    "dropout drawn by torch": Variant(
        {"dropout": torchs_dropout}, ((attention_on_cpu_fused, "kept_fused", drawn_by_torch),)
    ),
    "attention by torch's scaled_dot_product_attention": Variant(
        patches=((ATTENTION, "attention_on_cpu_fused", functional.scaled_dot_product_attention),)
    ),
    "attention in passes over all scores": Variant(patches=((ATTENTION, "attention_on_cpu_fused", in_passes),)),
    "queries, keys and values by three products": Variant(patches=((SelfAttention, "forward", three_products),)),
    "AdamW a tensor at a time": Variant({"adamw_update": a_tensor_at_a_time}),
}


def measure(round: int, model: str, precision: str, device: str, rows: int) -> dict[str, Any]:
    """Seconds and real tokens of every update of each variant."""
    from minisft.objectives import Classification
    from minisft.training import Settings, Trainer

    torch.manual_seed(round)
    set_precision(precision)
    workload = Workload(model=model, precision=precision, device=device, rows=rows, seed=round)
    task, trainers, windows = load(), {}, {}
    batches = pairs_to_learn(workload, task)
    settings = Settings(precision="bf16" if precision == "bf16" else "fp32")
    with model_folder(model) as folder:
        for name, variant in VARIANTS.items():
            ops = FUSED.replace(**variant.ops)
            network = SequenceClassifier.from_pretrained(folder, task.labels, ops)
            trainers[name] = Trainer(network, Classification(ops), batches, settings, device)
            trainers[name].graphs = None  # other ops than the fused ones have none
            windows[name] = variant.rows(batches)
    found: dict[str, dict[str, float]] = {name: {"seconds": 0.0, "tokens": 0} for name in VARIANTS}
    for number in range(SKIPPED + UPDATES):
        for name in shifted(list(VARIANTS), number):  # none always comes after the same other
            seconds, tokens = timed_update(trainers[name], next(windows[name]), VARIANTS[name])
            if number >= SKIPPED:
                found[name]["seconds"] += seconds
                found[name]["tokens"] += tokens
    return {"variants": found}


def timed_update(trainer: Any, batch: Batch, variant: Variant) -> tuple[float, int]:
    """The seconds of an update, and its real tokens."""
    with contextlib.ExitStack() as stack:
        for owner, name, function in variant.patches:
            stack.enter_context(mock.patch.object(owner, name, function))
        wait(str(trainer.device))
        started = time.perf_counter()
        trainer.update([batch])
        wait(str(trainer.device))
        seconds = time.perf_counter() - started
    mask = batch.attention_mask
    return seconds, batch.input_ids.numel() if mask is None else int(mask.sum())


def shifted(names: list[str], by: int) -> list[str]:
    """The names, beginning with another one."""
    by %= len(names)
    return names[by:] + names[:by]


def plan(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Round after round, each precision."""
    for number in range(options.rounds):
        for precision in options.precisions:
            yield {"round": number, "model": options.model, "precision": precision, "device": options.device,
                   "rows": options.rows}  # fmt: skip


def report(results: Results) -> None:
    """One line a change: the time for a token without it, against the code as it is."""
    precisions = list(dict.fromkeys(entry["asked"]["precision"] for entry in results.of(PART)))
    print("\nAn update with one change taken back: time for a real token, against the code as it is")
    print(f"{'':<50}" + "".join(f"{precision:>8}" for precision in precisions))
    runs = {
        precision: [e["found"]["variants"] for e in results.of(PART) if e["asked"]["precision"] == precision]
        for precision in precisions
    }
    for name in dict.fromkeys(name for each in runs.values() for run in each for name in run):
        found = {p: [cost(run[name]) / cost(run[NOW]) for run in runs[p] if name in run] for p in precisions}
        cells = [f"{statistics.median(ratios):.2f}" if ratios else "" for ratios in found.values()]
        print(f"{name:<50}" + "".join(f"{cell:>8}" for cell in cells))


def cost(run: dict[str, float]) -> float:
    """Seconds for a real token."""
    return run["seconds"] / run["tokens"]


if __name__ == "__main__":
    answer(measure, __doc__.splitlines()[0])
