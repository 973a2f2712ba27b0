"""The training loop. What is not the loop itself (bars, logs, checkpoints) is a callback."""

import contextlib
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from minisft.errors import InputError
from minisft.objectives import Objective
from minisft.ops import FUSED, SCHEDULES
from minisft.training.distributed import process_group
from minisft.training.graphs import Graphs
from minisft.training.optimizer import AdamW, parameter_groups
from minisft.training.settings import Settings, choose_device

Record = dict[str, int | float]
FLUSH_EVERY = 10  # updates between two looks at the losses: on a GPU each look waits for the device


@runtime_checkable
class Movable(Protocol):
    """What the Trainer asks of a batch; the rest is between the batch and the objective."""

    def to(self, device: torch.device) -> "Movable":
        """The same batch on a device."""
        ...

    def share(self, rank: int, world_size: int) -> "Movable":
        """The rows of one of several processes, perhaps none. Of a run of one process this is not asked."""
        ...


@runtime_checkable
class Loader(Protocol):
    """Where batches come from. What an epoch gives is decided by its number, so that a run can be resumed."""

    def __len__(self) -> int:
        """How many batches an epoch has."""
        ...

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Movable]:
        """The batches of an epoch, without the first `skip`."""
        ...


class Callback:
    """Behaviour beside the loop. Each method is called with the Trainer; the default does nothing.

    Where several processes train together, it is called in each of them, or in the main one alone.
    """

    main_only = False

    def on_start(self, trainer: "Trainer") -> None:
        """Before the first update."""

    def on_update(self, trainer: "Trainer") -> None:
        """After each update."""

    def on_log(self, trainer: "Trainer", records: list[Record]) -> None:
        """When losses have been read: one record for each update since the last time."""

    def on_epoch(self, trainer: "Trainer") -> None:
        """After each epoch."""

    def on_stop(self, trainer: "Trainer") -> None:
        """When the run ends because `stop` was set."""

    def on_end(self, trainer: "Trainer") -> None:
        """After the last update, and also after an error."""


class Trainer:
    """Fit a model to batches: AdamW, a schedule, clipping, accumulation.

    A run is decided by the model, the batches and the settings; `epoch`, `batch` (within the epoch) and `step`
    (updates done) say where it stands. A callback may set `stop`, which ends the run after the update at hand.
    Under `torchrun` the processes of `group` share each batch: see `distributed`.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        batches: Loader,
        settings: Settings,
        device: str = "auto",
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.group, self.device = process_group(), choose_device(device)
        self.model, self.objective, self.batches, self.settings = model.to(self.device), objective, batches, settings
        self.callbacks = callbacks
        self.optimizer = AdamW(
            parameter_groups(model, settings.weight_decay),
            lr=settings.learning_rate,
            decay=settings.decay,
            update=model.ops.adamw_update,
        )
        self.graphs = self.record_graphs()
        self.updates_an_epoch = -(-len(batches) // settings.accumulation)
        self.total_steps = settings.epochs * self.updates_an_epoch
        self.epoch = self.batch = self.step = 0
        self.stop = False
        self.unread: list[tuple[Tensor, Tensor, float]] = []  # loss, gradient norm, learning rate

    def record_graphs(self) -> Graphs | None:
        """CUDA graphs for updates of one batch in one process, else None. Textbook ops read numbers, which none can."""
        alone = self.group.world_size == self.settings.accumulation == 1
        if self.device.type != "cuda" or not alone or {self.model.ops, getattr(self.objective, "ops", None)} != {FUSED}:
            return None
        return Graphs(self.model, self.device, lambda batch, items: self.gradients([batch], items))

    def fit(self) -> None:
        """Train to the end, or until a callback sets `stop`.

        Raises InputError where a loss or a gradient is not a finite number.
        """
        if self.step == 0:
            torch.manual_seed(self.settings.seed)
        self.group.same(self.model)
        try:
            self.tell("on_start")
            while self.epoch < self.settings.epochs and not self.stopping():
                for window in self.windows():
                    self.update(window)
                    if self.stopping():
                        break
                else:
                    self.epoch, self.batch = self.epoch + 1, 0
                    self.flush()
                    self.tell("on_epoch")
            self.flush()
            if self.stop:
                self.tell("on_stop")
        finally:
            self.tell("on_end")

    def stopping(self) -> bool:
        """Whether `stop` is set, in any process: all must stop after the same update."""
        agreed = self.group.stops(self.stop)
        if agreed:  # if not, Ctrl-C may have set `stop` meanwhile: it is asked for again after the next update
            self.stop = True
        return agreed

    def windows(self) -> Iterator[list[Movable]]:
        """The rest of this epoch, as many batches at a time as go into one update."""
        epoch = self.batches.epoch(self.epoch, skip=self.batch)
        while window := list(itertools.islice(epoch, self.settings.accumulation)):
            yield window

    def update(self, window: list[Movable]) -> None:
        """One update: gradients of all batches of the window, normalised by its items, clipped, applied."""
        if len(self.unread) >= FLUSH_EVERY:  # a GPU still computes while the batches of this update were prepared
            self.flush()
        self.model.train()
        self.group.seed(self.settings.seed, self.step)
        items = max(1, sum(self.objective.items(batch) for batch in window))
        loss, norm = self.graphs(window[0], items) if self.graphs else self.gradients(window, items)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.unread.append((loss, norm, self.learning_rate()))
        self.step, self.batch = self.step + 1, self.batch + len(window)
        self.tell("on_update")

    def gradients(self, window: list[Movable], items: int | Tensor) -> tuple[Tensor, Tensor]:
        """Leave its clipped gradient in each parameter. The window's loss for an item, and the norm before clipping."""
        loss = torch.zeros((), device=self.device)
        for batch in window:
            rows = self.group.share(batch).to(self.device)
            with precision(self.device, self.settings.precision):
                total, _ = self.objective(self.model, rows)
            (total / items).backward()
            loss += total.detach() / items
        parameters = [p for group in self.optimizer.param_groups for p in group["params"] if p.grad is not None]
        self.group.sum_([*(p.grad for p in parameters), loss])
        gradients, norm = self.model.ops.clip_gradients([p.grad for p in parameters], self.settings.max_gradient_norm)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return loss, norm

    def learning_rate(self) -> float:
        """The rate of the next update."""
        warmup = self.settings.warmup_steps(self.total_steps)
        return self.settings.learning_rate * SCHEDULES[self.settings.schedule](self.step, warmup, self.total_steps)

    def flush(self) -> None:
        """Read the losses since the last time, check that they are finite, and hand them to the callbacks."""
        if not self.unread:
            return
        read = torch.stack([torch.stack([loss, norm]) for loss, norm, _ in self.unread]).tolist()
        first = self.step - len(self.unread) + 1
        records = [
            {"step": first + i, "loss": loss, "gradient_norm": norm, "learning_rate": self.unread[i][2]}
            for i, (loss, norm) in enumerate(read)
        ]
        self.unread = []
        bad = next((r for r in records if not (math.isfinite(r["loss"]) and math.isfinite(r["gradient_norm"]))), None)
        good = records[: records.index(bad)] if bad else records
        if good:
            self.tell("on_log", good)
        if bad:
            raise InputError(
                f"update {bad['step']} has loss {bad['loss']} and gradient norm {bad['gradient_norm']}: training "
                "stopped there and keeps the last checkpoint. Try a lower learning rate, a longer warm-up, or fp32"
            )

    def tell(self, event: str, *details: object) -> None:
        """Call one method of every callback, in their order."""
        for callback in self.callbacks:
            if callback.main_only and not self.group.is_main:
                continue
            getattr(callback, event)(self, *details)


def precision(device: torch.device, name: str) -> contextlib.AbstractContextManager:
    """Where matrices are multiplied in bfloat16, or nothing for fp32. The weights stay fp32 either way."""
    return torch.autocast(device.type, torch.bfloat16) if name == "bf16" else contextlib.nullcontext()
