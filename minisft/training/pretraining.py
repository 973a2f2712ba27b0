"""One pretraining from end to end: a corpus, an objective, settings, and a folder for what comes out."""

import contextlib
import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minisft.checkpoints import locate
from minisft.checkpoints.folder import read_config
from minisft.data.corpus import Corpus, encode_documents
from minisft.errors import InputError
from minisft.models import BertConfig, BertForPretraining, PermutationBert
from minisft.objectives import OBJECTIVES, Examples, PretrainingObjective, Stream
from minisft.ops import FUSED, Ops
from minisft.text import Tokenizer
from minisft.text.vocabulary import train_vocabulary
from minisft.training.callbacks import JsonLog, ProgressBar, StopOnInterrupt, Validate, require_finite
from minisft.training.compiling import compile_parts
from minisft.training.distributed import process_group
from minisft.training.fine_tuning import LOG, STATE, require_rows
from minisft.training.resume import KeepState, begin, goes_on, restore
from minisft.training.settings import Settings, length_multiple
from minisft.training.trainer import Callback, Trainer, precision

DEFAULTS = Settings(batch_size=32, learning_rate=1e-3)
ROUND = 100  # updates between two looks at the held-out text at least; there are ROUNDS looks at most
ROUNDS = 10
MEASURED = 1024  # held-out rows at most
LARGEST_VOCABULARY = 4000


@dataclass(frozen=True)
class Shape:
    """The sizes of a new model. The defaults are those of town-mini."""

    layers: int = 4
    width: int = 128
    heads: int = 4
    vocabulary_size: int | None = None  # pieces, exactly; None: as many as the corpus gives, 4000 at most
    positions: int = 128

    def __post_init__(self) -> None:
        for name in ("layers", "width", "heads"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; expected at least 1")


@dataclass
class Pretraining:
    """A run that is ready to go. `train` fits it and leaves the model that was best on held-out text in `out`.

    A run starts from new weights and a vocabulary trained on the corpus, or goes on from `source`. Raises InputError
    where the corpus, the model, the settings or an earlier run in `out` do not fit.
    """

    corpus: Corpus
    kind: str = "mlm+nsp"
    source: str | Path | None = None
    shape: Shape = field(default_factory=Shape)
    settings: Settings = DEFAULTS  # `epochs` is replaced: `steps` says how long
    steps: int = 1000
    out: str | Path = Path("runs/pretrained")
    max_length: int | None = None  # None: as many as the model has positions, 128 at most
    whole_words: bool = False
    dropout: float = 0.0  # while pretraining: a small model has more to learn than to forget. BERT has 0.1
    device: str = "auto"
    ops: Ops = FUSED
    keep_every: int | None = None
    resume: bool = False
    compile: bool = False  # see `compile_parts`: it pays in long runs on a GPU
    callbacks: tuple[Callback, ...] = ()

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InputError(f"steps is {self.steps}; expected at least 1")
        if self.settings.accumulation != 1:
            raise InputError(f"accumulation is {self.settings.accumulation}; pretraining takes 1: give a batch_size")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout is {self.dropout}; expected 0 or more, and less than 1")
        rounds = max(1, min(ROUNDS, self.steps // ROUND))
        round_length = math.ceil(self.steps / rounds)
        self.settings = dataclasses.replace(self.settings, epochs=math.ceil(self.steps / round_length))
        self.out = Path(self.out)
        self.state = self.out / STATE
        self.tokenizer = self.find_tokenizer()
        self.model = self.make_model()
        require_rows(self.model.config, self.tokenizer, self.source)
        longest = self.model.config.max_position_embeddings
        self.max_length = min(128, longest) if self.max_length is None else self.max_length
        if self.max_length > longest:
            raise InputError(f"max_length is {self.max_length}; the model has {longest} positions")
        examples = self.examples(self.corpus.train, shuffle=True)
        self.pieces = sum(len(sentence) for document in examples.documents for sentence in document)
        self.held_out = self.held_out_batches()
        self.objective: PretrainingObjective = OBJECTIVES[self.kind](self.ops)
        if self.compile:
            compile_parts(self.model, self.objective)
        self.validate = HeldOut(self)
        self.interrupt = StopOnInterrupt()
        callbacks = [
            ProgressBar("pretraining"),
            self.interrupt,
            self.validate,
            JsonLog(self.out / LOG, self.validate),
            KeepState(self.state, self.validate, self.about(), self.keep_every),
            *self.callbacks,
        ]
        stream = Stream(examples, self.steps, round_length)
        self.trainer = Trainer(self.model, self.objective, stream, self.settings, self.device, callbacks)
        self.trainer.total_steps = self.steps  # the last round may be shorter
        if goes_on(self.state, self.about(), self.resume):
            restore(self.trainer, self.validate, self.state)

    def find_tokenizer(self) -> Tokenizer:
        """The model's tokenizer, or a new one trained on the corpus."""
        if self.resume and self.state.exists():
            return Tokenizer.from_folder(self.out)
        if self.source:
            return Tokenizer.from_folder(locate(self.source))
        size, texts = self.shape.vocabulary_size, (text for document in self.corpus.train for text in document)
        return train_vocabulary(texts, size or LARGEST_VOCABULARY, exact=size is not None)

    def make_model(self) -> BertForPretraining | PermutationBert:
        """The model to begin with; new weights are drawn from the seed.

        The configuration that is saved keeps its own dropout: that is for fine-tuning.
        """
        kind = BertForPretraining if self.kind.startswith("mlm") else PermutationBert
        dropout = {"hidden_dropout_prob": self.dropout, "attention_probs_dropout_prob": self.dropout}
        torch.manual_seed(self.settings.seed)
        if self.source:
            model = kind.from_pretrained(self.source, self.ops, **dropout)
            model.config = BertConfig.from_dict(read_config(locate(self.source)))
            return model
        shape = self.shape
        config = BertConfig(
            vocab_size=len(self.tokenizer.vocabulary),
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=4 * shape.width,
            max_position_embeddings=max(shape.positions, self.max_length or 0),
            # BERT's 0.02 goes with its width of 768. A narrow model that begins so small learns words at the same pace,
            # but the next sentence only after twice as many updates.
            initializer_range=round(0.02 * math.sqrt(768 / shape.width), 3),
        )
        model = kind(dataclasses.replace(config, **dropout), self.ops)
        model.config = config
        return model

    def examples(self, documents: list[list[str]], shuffle: bool = False) -> Examples:
        """Documents, encoded; what is measured on is drawn from seed 0 in every run."""
        return Examples(
            encode_documents(documents, self.tokenizer), self.tokenizer, self.kind, self.settings.batch_size,
            self.max_length, self.settings.seed if shuffle else 0, shuffle, self.whole_words,
            multiple_of=length_multiple(self.device),
        )  # fmt: skip

    def held_out_batches(self) -> list:
        """The held-out text, masked or ordered once for all; where it is long, batches from all over it."""
        try:
            batches = list(self.examples(self.corpus.held_out).epoch(0))
        except InputError as error:
            raise InputError(f"held-out text: {error}") from None
        return batches[:: math.ceil(len(batches) * self.settings.batch_size / MEASURED)]

    def about(self) -> dict[str, Any]:
        """What decides the result: kept with the state, and compared when a run is resumed."""
        own = {
            "documents": len(self.corpus.train), "objective": self.kind,
            "model": str(self.source) if self.source else None, "steps": self.steps, "max_length": self.max_length,
            "whole_words": self.whole_words, "dropout": self.dropout,
        }  # fmt: skip
        return {**self.corpus.about, **own, **dataclasses.asdict(self.shape), **dataclasses.asdict(self.settings)}

    def train(self) -> bool:
        """Fit, and load the weights that were best on held-out text. False where the run was stopped."""
        main = self.trainer.group.is_main
        if main and self.trainer.step == 0:
            begin(self.out, self.state, self.tokenizer, self.model.config)
        self.trainer.fit()
        if self.trainer.epoch < self.settings.epochs:
            return False
        if main:
            best = type(self.model).from_pretrained(self.out, self.ops)
            self.model.load_state_dict(best.state_dict())
        self.trainer.group.same(self.model)
        return True

    def measure(self) -> dict[str, float]:
        """The model as it is, on held-out text; uncompiled, as compiling that too takes longer than it gains."""
        with torch.compiler.set_stance("force_eager") if self.compile else contextlib.nullcontext():
            return measure(self.model, self.objective, self.held_out, self.trainer.device, self.settings.precision)


class HeldOut(Validate):
    """Measure on held-out text after each round, and keep the model with the lowest loss."""

    def __init__(self, run: Pretraining) -> None:
        self.run, self.metric, self.folder, self.patience = run, "loss", run.out, None
        self.history = []

    def on_epoch(self, trainer: Trainer) -> None:
        found = self.run.measure()
        require_finite(found["loss"], trainer)
        self.history.append({"step": trainer.step, "epoch": trainer.epoch, **found})
        if self.best_epoch() == trainer.epoch and trainer.group.is_main:
            trainer.model.save_pretrained(self.folder)


@torch.no_grad()
def measure(
    model: nn.Module,
    objective: PretrainingObjective,
    batches: list,
    device: torch.device,
    precision_name: str = "fp32",
) -> dict[str, float]:
    """The scores of a model, without dropout.

    For each part of the objective (mlm, nsp, plm) its loss in nats an item, the share of items guessed right and, for
    words, the perplexity exp(loss); as `loss` the sum of the parts' losses. Where there are several processes, all must
    call it: they share the batches.
    """
    group = process_group()
    was_training = model.training
    model.eval()
    sums: dict[str, Tensor] = {}  # for each part: loss, right guesses, items
    for batch in group.every(batches):
        with precision(device, precision_name):
            outputs = objective.outputs(model, batch.to(device))
        for name, (logits, labels) in outputs.items():
            right = (logits.argmax(-1) == labels).sum()
            counted = (objective.loss(logits, labels), right, torch.full_like(right, len(labels)))
            sums[name] = sums.get(name, 0) + torch.stack([number.double() for number in counted])
    model.train(was_training)
    parts = group.gather({name: found.tolist() for name, found in sums.items()})
    scores = {"loss": 0.0}
    for name in parts[0]:
        total, right, items = (sum(numbers) for numbers in zip(*(part[name] for part in parts if part), strict=True))
        loss = total / max(1.0, items)
        scores["loss"] += loss
        scores |= {f"{name}_loss": loss, f"{name}_accuracy": right / max(1.0, items)}
        if name != "nsp":
            scores[f"{name}_perplexity"] = math.exp(min(loss, 700.0))  # exp(710) is more than a float holds
    return scores
