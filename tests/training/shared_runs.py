"""Runs that are the same with one process and with several. torchrun starts this file: see test_distributed.py."""

import contextlib
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minisft.cli import main
from minisft.data import Batches, load_task
from minisft.data.corpus import Corpus
from minisft.errors import InputError
from minisft.models import BertForPretraining, MultiLabelClassifier, PermutationBert, SequenceClassifier
from minisft.objectives import (
    Classification,
    Examples,
    MaskedAndNext,
    MultiLabel,
    PermutedWords,
    Regression,
    Stream,
)
from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops
from minisft.text import Encodings, Tokenizer
from minisft.training import (
    AdamW,
    Callback,
    FineTuning,
    Pretraining,
    Settings,
    Shape,
    Trainer,
    evaluate,
    parameter_groups,
)
from minisft.training.distributed import process_group
from minisft.training.pretraining import measure
from minisft.training.trainer import Record
from tests.conftest import SMALL

DOCUMENTS = ("the ferry waits", "the market opens", "the school closes", "the bakery burns")
STILL = replace(SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


@dataclass
class Seen(Callback):
    """What a run did: each update's record and its gradient before clipping, and the weights at the end."""

    records: list[Record] = field(default_factory=list)
    gradients: list[Tensor] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)

    def ops(self, ops: Ops) -> Ops:
        """The ops, with clipping that keeps what it is given."""

        def watch(gradients: list[Tensor], max_norm: float) -> tuple[list[Tensor], Tensor]:
            self.gradients.append(torch.cat([gradient.flatten() for gradient in gradients]).clone())
            return ops.clip_gradients(gradients, max_norm)

        return ops.replace(clip_gradients=watch)

    def on_log(self, trainer: Trainer, records: list[Record]) -> None:
        self.records += records

    def on_end(self, trainer: Trainer) -> None:
        self.weights = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}


def rows(labels: list, batch_size: int, length: int | None = None) -> Batches:
    """Rows of unlike length, or all of one."""
    generator = torch.Generator().manual_seed(0)
    ids = [torch.randint(5, 97, (length or 3 + i % 7,), generator=generator).tolist() for i in range(len(labels))]
    return Batches(Encodings(ids, [[0] * len(row) for row in ids], 0), labels, batch_size, 0, shuffle=True)


def examples(kind: str) -> Stream:
    """Seven batches of text to pretrain on, of unlike documents; the epoch's last has one row or two."""
    draw = torch.Generator().manual_seed(0)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{number}" for number in range(60))]
    documents = [
        [torch.randint(5, 65, (2 + number % 5,), generator=draw).tolist() for _ in range(2 + number % 3)]
        for number in range(11)
    ]
    return Stream(Examples(documents, Tokenizer(vocabulary), kind, 5, 16), 7, 7)


# name: model, objective, batches, batches an update. Their last batches are uneven, or smaller than a group of two.
CLASSES = [IGNORED if i in (3, 4, 10) else i % 3 for i in range(21)]
RUNS: dict[str, tuple[Any, type, Any, int]] = {
    "class": (lambda ops: SequenceClassifier(STILL, ["a", "b", "c"], ops), Classification, (CLASSES, 4), 1),
    "accumulated": (lambda ops: SequenceClassifier(STILL, ["a", "b", "c"], ops), Classification, (CLASSES, 3), 4),
    "number": (lambda ops: SequenceClassifier(STILL, ["a"], ops), Regression, ([i / 23 for i in range(23)], 4), 1),
    "labels": (
        lambda ops: MultiLabelClassifier(STILL, ["a", "b"], ops), MultiLabel, ([[i % 2, 1.0] for i in range(9)], 4), 1,
    ),
    "mlm+nsp": (lambda ops: BertForPretraining(STILL, ops), MaskedAndNext, "mlm+nsp", 1),
    "plm": (lambda ops: PermutationBert(STILL, ops), PermutedWords, "plm", 1),
}  # fmt: skip


def run(name: str, ops: Ops = TEXTBOOK, device: str = "cpu", kind: torch.dtype = torch.float64) -> Seen:
    """One of RUNS from beginning to end."""
    make, objective, batches, accumulation = RUNS[name]
    seen = Seen()
    torch.manual_seed(1 + process_group().rank)  # the main process's weights must reach the others
    model = make(seen.ops(ops)).to(kind)
    loader = examples(batches) if isinstance(batches, str) else rows(*batches)
    settings = Settings(epochs=1, learning_rate=1e-2, warmup=0.0, accumulation=accumulation, max_gradient_norm=0.1)
    Trainer(model, objective(ops), loader, settings, device, [seen]).fit()
    return seen


def with_lightning() -> dict[str, list]:
    """The gradients of each update of the same model: in our Trainer, and in Lightning's under DistributedDataParallel.

    Six batches of four rows, and a last one of three.
    """
    import pytorch_lightning as pl
    from torch.utils.data import DataLoader

    batches, settings = rows([i % 2 for i in range(27)], 4), Settings(1, 4, 1e-2, 0.0, "constant")
    seen = Seen()
    torch.manual_seed(1)
    Trainer(
        SequenceClassifier(STILL, ["a", "b"], seen.ops(FUSED)), Classification(), batches, settings, "cpu", [seen]
    ).fit()

    class Module(pl.LightningModule):
        """Our model, torch's optimiser; the loss is the mean of this process's rows, as one writes it there."""

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(1)
            self.model, self.gradients, self.losses = SequenceClassifier(STILL, ["a", "b"]).train(), [], []

        def training_step(self, batch: Any, number: int) -> Tensor:
            total, _ = Classification()(self.model, batch)
            self.losses.append((total / len(batch.rows)).item())
            return total / len(batch.rows)

        def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
            groups = parameter_groups(self.model, 0.0)
            self.gradients.append(torch.cat([p.grad.flatten() for group in groups for p in group["params"]]))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return AdamW(parameter_groups(self.model, settings.weight_decay), settings.learning_rate)

    module, group = Module(), process_group()
    shares = [batch.share(group.rank, group.world_size) for batch in batches.epoch(0)]
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    pl.Trainer(
        max_epochs=1, accelerator="cpu", devices=2, strategy="ddp", gradient_clip_val=1.0, logger=False,
        use_distributed_sampler=False, **quiet,
    ).fit(module, DataLoader(shares, batch_size=None))  # fmt: skip
    return {
        "ours": seen.gradients, "lightning": module.gradients, "rows": [len(batch.rows) for batch in batches.epoch(0)],
        "loss": [record["loss"] for record in seen.records], "losses": module.losses,
    }  # fmt: skip


class CrashAt(Callback):
    """Ends a run as a crash would."""

    def on_update(self, trainer: Trainer) -> None:
        if trainer.step == 17:
            raise RuntimeError("crash")


def fine_tuning(reviews: Path, model: Path, out: Path, epochs: int = 10, **options) -> FineTuning:
    """An epoch has 30 updates; a state is kept after every fourth."""
    settings = Settings(epochs, batch_size=8, learning_rate=1e-3)
    return FineTuning(load_task(reviews), str(model), settings, out, 32, "cpu", keep_every=4, **options)


def cut_and_resumed(reviews: Path, tiny: Path, folder: Path) -> None:
    """A run with dropout, and the same run that crashes and goes on."""
    assert fine_tuning(reviews, tiny, folder / "whole", 2).train()
    with contextlib.suppress(RuntimeError):
        fine_tuning(reviews, tiny, folder / "cut", 2, callbacks=(CrashAt(),)).train()
    again = fine_tuning(reviews, tiny, folder / "cut", 2, resume=True)
    assert again.trainer.step == 16
    assert again.train()


def held_out(out: Path, steps: int) -> Pretraining:
    """A short pretraining from the command's own parts, whose held-out text is one batch."""
    texts = [[f"{what} at {hour} ." for hour in ("one", "two", "three")] for what in DOCUMENTS]
    corpus = Corpus("made up", texts * 3, texts[:2], {"corpus": ["made up"]})
    settings = Settings(batch_size=6, learning_rate=5e-3)
    shape = Shape(2, 24, 3, positions=32)
    return Pretraining(corpus, shape=shape, settings=settings, steps=steps, out=out, device="cpu")


def pretraining(out: Path) -> dict[str, float]:
    """Its scores after ten updates."""
    run = held_out(out, 10)
    assert run.train()
    return run.measure()


def evaluated() -> tuple[float, Tensor]:
    """The loss and the outputs of a model on six batches."""
    torch.manual_seed(1)
    model = SequenceClassifier(STILL, ["a", "b", "c"])
    found = evaluate(model, Classification(), rows(CLASSES, 4), torch.device("cpu"))
    return found.loss, torch.stack(found.outputs)


def measured() -> dict[str, float]:
    """What a pretrained model scores on seven batches."""
    torch.manual_seed(1)
    return measure(BertForPretraining(STILL), MaskedAndNext(), list(examples("mlm+nsp").epoch(0)), torch.device("cpu"))


def first_is_best(reviews: Path, model: Path, folder: Path) -> dict[str, FineTuning | Pretraining]:
    """Two runs that go on after what counts as their best epoch, and then go back to it."""
    runs = {"forced": fine_tuning(reviews, model, folder / "forced", 2), "held": held_out(folder / "held", 200)}
    for run in runs.values():
        run.validate.best_epoch = lambda: 1
        assert run.train()
        assert run.trainer.epoch == 2
    return runs


def poisoned() -> str:
    """What is said where one process's loss is no number."""
    calls = []

    def poison(logits: Tensor, labels: Tensor, reduction: str) -> Tensor:
        calls.append(1)
        bad = len(calls) == 3 and process_group().rank == process_group().world_size - 1
        return TEXTBOOK.cross_entropy(logits, labels, reduction) * (float("nan") if bad else 1.0)

    objective = Classification(TEXTBOOK.replace(cross_entropy=poison))
    try:
        Trainer(
            SequenceClassifier(STILL, ["a", "b", "c"]), objective, rows(CLASSES, 4), Settings(epochs=1), "cpu"
        ).fit()
    except InputError as error:
        return str(error)
    return "it went on"


def draws() -> list[Tensor]:
    """What comes of the random numbers where a run drops out."""
    found = []

    def watch(x: Tensor, p: float) -> Tensor:
        found.append(torch.rand(5))
        return x

    model = SequenceClassifier(SMALL, ["a", "b", "c"], FUSED.replace(dropout=watch))
    Trainer(model, Classification(), rows(CLASSES, 4), Settings(epochs=1), "cpu").fit()
    return found


def on_gpus(folder: Path) -> None:
    """RUNS where each process has a GPU."""
    found = {name: vars(run(name, FUSED, "cuda", torch.float32)) for name in RUNS}
    torch.save(found, folder / f"{process_group().rank}.pt")


def everything(reviews: Path, tiny: Path, still: Path, folder: Path) -> None:
    """All of the above in one start of torchrun; `folder/of-one` holds a run that one process began."""
    group = process_group()
    found: dict[str, Any] = {name: vars(run(name)) for name in RUNS}
    found |= {"poisoned": poisoned(), "draws": draws(), "lightning": with_lightning()}
    cut_and_resumed(reviews, tiny, folder)
    of_one = fine_tuning(reviews, still, folder / "of-one", resume=True)
    found["of-one"] = of_one.trainer.step
    assert of_one.train()
    calls = []
    of_one.model.register_forward_hook(lambda *_: calls.append(1))
    found["tested"], found["calls"] = of_one.test().scores(), len(calls)
    found["pretrained"] = pretraining(folder / "pretrained")
    found["evaluated"], found["measured"] = evaluated(), measured()
    found["best"] = {name: run.model.state_dict() for name, run in first_is_best(reviews, still, folder).items()}
    found["status"] = main(["finetune", "--data", str(reviews), "--epochs", "0"])
    torch.save(found, folder / f"{group.rank}.pt")


if __name__ == "__main__":
    {"everything": everything, "on_gpus": on_gpus}[sys.argv[1]](*map(Path, sys.argv[2:]))
