"""One fine-tuning from end to end: a task, a pretrained model, settings, and a folder for what comes out."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from minisft.checkpoints import locate
from minisft.data import Batches, Task, make_batches
from minisft.errors import InputError
from minisft.models import BertConfig, FineTuned, load_fine_tuned
from minisft.objectives.examples import SHORTEST
from minisft.ops import FUSED, Ops
from minisft.text import Tokenizer
from minisft.training.callbacks import Describe, JsonLog, ProgressBar, StopOnInterrupt, Validate
from minisft.training.evaluation import Evaluation, evaluate
from minisft.training.kinds import KINDS, model_for
from minisft.training.resume import KeepState, begin, goes_on, restore
from minisft.training.settings import Settings, length_multiple
from minisft.training.trainer import Callback, Trainer

STATE, LOG = "training.safetensors", "log.jsonl"
EVALUATED_AT_ONCE = 32  # rows


@dataclass
class FineTuning:
    """A run that is ready to go. `train` fits it and leaves the best epoch's model in `out` and in `model`.

    Raises InputError where the model, the settings or an earlier run in `out` do not fit.
    """

    task: Task
    source: str | Path = "minilm"
    settings: Settings = field(default_factory=Settings)
    out: str | Path = Path("runs/model")
    max_length: int | None = None  # None: 128, or as many as the model has positions where those are fewer
    device: str = "auto"
    ops: Ops = FUSED
    patience: int | None = None
    keep_every: int | None = None  # updates between two states on disk, beside the one after each epoch
    resume: bool = False
    callbacks: tuple[Callback, ...] = ()
    rows: int | None = None  # so many training rows, drawn by the seed; None: all of them

    def __post_init__(self) -> None:
        self.out = Path(self.out)
        if self.rows is not None:
            self.task = self.task.take(self.rows, self.settings.seed)
        torch.manual_seed(self.settings.seed)  # the new head is drawn here
        self.model = model_for(self.task).from_pretrained(self.source, self.task.labels, self.ops)
        self.tokenizer = tokenizer_of(self.source, self.model)
        self.max_length = check_length(self.max_length, self.model)
        self.train_batches = self.batches(self.task.train, shuffle=True)
        self.validation_batches = self.batches(self.task.validation)
        self.test_batches = self.batches(self.task.test)
        kind = KINDS[self.task.kind]
        self.validate = Validate(self.validation_batches, kind.metric, self.out, self.patience)
        self.interrupt = StopOnInterrupt()
        self.state = self.out / STATE
        callbacks = [
            ProgressBar(),
            self.interrupt,
            self.validate,
            Describe(self.validate, self.description()),
            JsonLog(self.out / LOG, self.validate),
            KeepState(self.state, self.validate, self.about(), self.keep_every),
            *self.callbacks,
        ]
        objective = kind.objective(self.ops)
        self.trainer = Trainer(self.model, objective, self.train_batches, self.settings, self.device, callbacks)
        if goes_on(self.state, self.about(), self.resume):
            restore(self.trainer, self.validate, self.state)

    def batches(self, split: Any, shuffle: bool = False) -> Batches:
        """One split, encoded. Without gradients to keep, more rows fit at a time."""
        size = self.settings.batch_size if shuffle else max(self.settings.batch_size, EVALUATED_AT_ONCE)
        seed, multiple_of = self.settings.seed, length_multiple(self.device)
        return make_batches(self.task, split, self.tokenizer, size, self.max_length, shuffle, seed, multiple_of)

    def about(self) -> dict[str, Any]:
        """What decides the result: kept with the state, and compared when a run is resumed."""
        settings = dataclasses.asdict(self.settings)
        task = {"task": self.task.name, "language": self.task.language, "domain": self.task.domain}
        rows = {"rows": self.rows, "training_rows": len(self.task.train)}
        return {
            **task, **rows, "model": str(self.source), "max_length": self.max_length, "patience": self.patience,
            **settings,
        }  # fmt: skip

    def description(self) -> dict[str, Any]:
        """Which task a model was tuned for, which texts it reads and how much of them: kept beside it."""
        task = self.task
        known = {"task": task.name, "language": task.language, "domain": task.domain, "columns": task.columns}
        return known | {"max_length": self.max_length}

    def train(self) -> bool:
        """Fit, and load the best epoch's weights. False where it was stopped; `resume` goes on from there."""
        main = self.trainer.group.is_main
        if main and self.trainer.step == 0:
            begin(self.out, self.state, self.tokenizer, self.model.config)
        self.trainer.fit()
        if self.trainer.epoch < self.settings.epochs and not self.validate.exhausted():
            return False
        if main:
            best = load_fine_tuned(self.out, self.ops)
            self.model.load_state_dict(best.state_dict())
        self.trainer.group.same(self.model)
        return True

    def test(self) -> Evaluation:
        """The model as it is, on the test split."""
        trainer = self.trainer
        return evaluate(self.model, trainer.objective, self.test_batches, trainer.device, self.settings.precision)

    def truncated(self) -> int:
        """How many rows were cut to `max_length` pieces."""
        return sum(b.encodings.truncated for b in (self.train_batches, self.validation_batches, self.test_batches))


def tokenizer_of(source: str | Path, model: FineTuned) -> Tokenizer:
    """The tokenizer beside a model. Raises InputError where it has pieces that the model has no row for."""
    tokenizer = Tokenizer.from_folder(locate(source))
    require_rows(model.config, tokenizer, source)
    return tokenizer


def require_rows(config: BertConfig, tokenizer: Tokenizer, source: str | Path | None) -> None:
    """Raise InputError where a tokenizer has pieces that the model has no row for."""
    pieces, rows = len(tokenizer.vocabulary), config.vocab_size
    if pieces > rows:
        raise InputError(f"{source} has {pieces} pieces and a model of {rows}: they do not belong together")


def check_length(wanted: int | None, model: FineTuned) -> int:
    """The longest row in pieces. Raises InputError where the model has fewer positions, or nothing would be left."""
    longest = model.config.max_position_embeddings
    if wanted is None:
        return min(128, longest)
    if not SHORTEST <= wanted <= longest:
        raise InputError(f"max_length is {wanted}; expected {SHORTEST} to {longest}, the model's positions")
    return wanted
