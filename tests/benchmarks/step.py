"""What an update costs: this code and its peers, fine-tuning and pretraining, in each precision. A part of bench.py.

An update is everything from batch to batch: collating, forward, backward, clipping, AdamW. Systems draw their own rows,
so they are compared by time for each real token (padding does a model no good); the milliseconds shown are for an
update of mean length. Each system has a process of its own, in turn.
"""

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import torch
from measuring import SKIPPED, Clock, Results, answer, matmul_peak, set_precision
from workloads import Workload, flops_a_token, load, model_folder, pairs_to_learn, text_to_learn

PART = "updates"
SYSTEMS = {
    "recipe": "the document's recipe (Trainer, padding to 128)",
    "trainer": "Trainer at its best",
    "narrow": "Trainer, head at the hidden words alone",
    "lightning": "Lightning at its best",
    "ours": "minisft",
    "compiled": "minisft, torch.compile",
    "launched": "minisft, without CUDA graphs",
    "textbook": "minisft, textbook ops",
}
OURS = ("ours", "compiled", "launched", "textbook")
UPDATES = {"recipe": 10, "textbook": 16}  # of the others 50: so many batches the Trainer's length groups sort at once
PRETRAINING = ("trainer", "narrow", "ours", "compiled")
# Not compiled: that takes too long where there are many lengths.
FINE_TUNING = ("recipe", "trainer", "lightning", "ours", "launched", "textbook")
# All rows have the same length. A GPU's clock begins while no batch is ready, which eight updates would feel.
PRETRAINING_UPDATES = {"cpu": 8, "cuda": 40}
EPOCH = 230  # updates of MRPC: after so many no length is new, and a GPU has prepared itself for all of them


def ours(workload: Workload, way: str) -> Clock:
    """Updates of this code's Trainer: in one of the ways of OURS."""
    from minisft.models import BertForPretraining, SequenceClassifier
    from minisft.objectives import Classification, MaskedWords, Stream
    from minisft.ops import FUSED, TEXTBOOK
    from minisft.training import Callback, Settings, Trainer
    from minisft.training.compiling import compile_parts

    clock = Clock(workload.device, workload.steps, workload.skipped)
    ops = TEXTBOOK if way == "textbook" else FUSED

    class Ticks(Callback):
        def on_update(self, trainer: Trainer) -> None:
            clock.update(batches.tokens)
            trainer.stop = clock.done

    with model_folder(workload.model) as folder:
        if workload.kind == "finetune":
            task = load()
            model, objective = SequenceClassifier.from_pretrained(folder, task.labels, ops), Classification(ops)
            batches = Counted(pairs_to_learn(workload, task))
        else:
            model, objective = BertForPretraining.from_pretrained(folder, ops), MaskedWords(ops)
            batches = Counted(Stream(text_to_learn(workload), workload.steps, workload.steps))
    if way == "compiled":
        compile_parts(model, objective)
    precision = "bf16" if workload.precision == "bf16" else "fp32"
    settings = Settings(precision=precision, seed=workload.seed, batch_size=workload.rows)
    trainer = Trainer(model, objective, batches, settings, workload.device, [Ticks()])
    if way == "launched":
        trainer.graphs = None
    trainer.fit()
    return clock


class Counted:
    """Batches, and how many tokens of the last one are real."""

    def __init__(self, loader: Any) -> None:
        self.loader, self.tokens = loader, 0

    def __len__(self) -> int:
        return len(self.loader)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Any]:
        for batch in self.loader.epoch(epoch, skip):
            mask = batch.attention_mask
            self.tokens = batch.input_ids.numel() if mask is None else int(mask.sum())
            yield batch


def measure(system: str, round: int, **workload: Any) -> dict[str, float]:
    """One system here, or the machine's peak."""
    found = Workload(**workload, seed=round)
    if system == "peak":
        return {"gflops": matmul_peak(found.precision, found.device)}
    torch.manual_seed(round)
    set_precision(found.precision)
    if system in OURS:
        return ours(found, system).report()
    if system == "lightning":
        from lightning_peer import timed

        return timed(found).report()
    from peers import timed

    return timed(found, system).report()


def plan(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What is to be measured, in this order: round after round, each system in turn."""
    for number in range(options.rounds):
        for precision in options.precisions:
            base = Workload(model=options.model, precision=precision, device=options.device)
            kinds = [replace(base, rows=options.rows)]
            kinds += [
                replace(base, kind="pretrain", length=length, rows=options.pretraining_tokens // length)
                for length in options.lengths
            ]
            yield asked("peak", number, kinds[0])
            for workload in kinds:
                for system in options.systems:
                    if system in (PRETRAINING if workload.kind == "pretrain" else FINE_TUNING):
                        yield asked(system, number, workload)


def asked(system: str, number: int, workload: Workload) -> dict[str, Any]:
    """What `measure` is given."""
    skipped, updates = SKIPPED, UPDATES.get(system, 50)
    if system == "peak":
        updates = 1
    elif workload.kind == "pretrain":
        updates = PRETRAINING_UPDATES[workload.device]
    elif workload.device == "cuda":
        skipped, updates = EPOCH, 50
    values = asdict(replace(workload, skipped=skipped, steps=skipped + updates))
    del values["seed"]  # that of the round
    return {"system": system, "round": number, **values}


def report(results: Results) -> None:
    """A table for each kind of training and precision."""
    entries = results.of(PART)
    kinds = {Workload(**described(entry["asked"])) for entry in entries if entry["asked"]["system"] != "peak"}
    for kind in sorted(kinds, key=lambda kind: (kind.kind, kind.length, "fp32 tf32 bf16".index(kind.precision))):
        rows = {
            system: {e["asked"]["round"]: e["found"] for e in entries
                     if e["asked"]["system"] == system and Workload(**described(e["asked"])) == kind}
            for system in SYSTEMS
        }  # fmt: skip
        peaks = [e["found"]["gflops"] for e in entries
                 if e["asked"]["system"] == "peak" and e["asked"]["precision"] == kind.precision]  # fmt: skip
        print_table(kind, {system: found for system, found in rows.items() if found}, statistics.median(peaks))


def described(asked: dict[str, Any]) -> dict[str, Any]:
    """The workload alone; how many steps a system is given does not make it another."""
    return {name: value for name, value in asked.items() if name not in ("system", "round", "steps", "skipped")}


def print_table(kind: Workload, rows: dict[str, dict[int, dict]], peak: float) -> None:
    """One line a system."""
    counted = [found for runs in rows.values() for found in runs.values()]
    mean = statistics.median(found["tokens"] / found["updates"] / kind.rows for found in counted)
    print(f"\n{kind.name}, {kind.model}, {kind.rows} rows, mean length {mean:.1f}, {kind.precision}, {kind.device}; "
          f"matrix-multiply peak {peak:.0f} GFLOP/s")  # fmt: skip
    print(f"{'':<50}{'ms':>8}{'/ minisft':>11}{'tokens/s':>10}{'peak MB':>9}{'of peak':>9}")
    costs = {s: {n: f["seconds"] / f["tokens"] for n, f in runs.items()} for s, runs in rows.items()}
    for system, each in costs.items():
        cost = statistics.median(each.values())
        both = each.keys() & costs.get("ours", {}).keys()
        ratio = f"{statistics.median(each[n] / costs['ours'][n] for n in both):.2f}" if both else ""
        memory = statistics.median(found["peak_mb"] for found in rows[system].values())
        milliseconds = 1000 * cost * kind.rows * mean
        digits = 0 if milliseconds >= 100 else 1
        print(
            f"{SYSTEMS[system]:<50}{milliseconds:>8.{digits}f}{ratio:>11}{1 / cost:>10.0f}{memory:>9.0f}"
            f"{flops_a_token(kind, mean) / cost / 1e9 / peak:>9.0%}"
        )


if __name__ == "__main__":
    answer(measure, __doc__.splitlines()[0])
