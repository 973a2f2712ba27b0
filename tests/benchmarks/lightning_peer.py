"""The same fine-tuning in PyTorch Lightning: Hugging Face's model, torch's AdamW, every mend of section 5.2."""

import math
import warnings
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from measuring import Clock
from peers import attention_for, tokenize
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding
from workloads import Workload, load, model_folder, pairs_to_learn

from minisft.checkpoints import locate
from minisft.data import Batches, Task, make_batches
from minisft.text import Tokenizer
from minisft.training.metrics import score_classes

BATCH, EVALUATED_AT_ONCE, EPOCHS, RATE, DECAY, WARMUP = 16, 32, 3, 1e-4, 0.01, 0.1


class LengthGroups:
    """The rows of each batch, of like length as in this code's `Batches`; another order in each epoch."""

    def __init__(self, batches: Batches, module: pl.LightningModule) -> None:
        self.batches, self.module = batches, module

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches.order(self.module.current_epoch))


class Module(pl.LightningModule):
    """Hugging Face's BERT with a classifier, and what happens to one batch."""

    def __init__(self, labels: list[str], folder: Path, attention: str = "sdpa") -> None:
        super().__init__()
        self.model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=len(labels), attn_implementation=attention
        )
        self.model.train()  # from_pretrained leaves dropout off, and Lightning keeps what it finds
        self.labels = labels
        self.found: list[tuple[list[int], list[int]]] = []

    def training_step(self, batch: Any, number: int) -> torch.Tensor:
        return self.model(**batch).loss

    def validation_step(self, batch: Any, number: int) -> None:
        logits = self.model(**batch).logits
        self.log("val_accuracy", (logits.argmax(-1) == batch["labels"]).float().mean(), batch_size=len(logits))
        self.log("val_loss", cross_entropy(logits, batch["labels"]), batch_size=len(logits))

    def test_step(self, batch: Any, number: int) -> None:
        self.found.append((batch["labels"].tolist(), self.model(**batch).logits.argmax(-1).tolist()))

    def scores(self) -> dict[str, float]:
        """Accuracy and F1 over everything that was tested."""
        gold, said = (list(chain.from_iterable(values)) for values in zip(*self.found, strict=True))
        return score_classes(gold, said, self.labels)

    def configure_optimizers(self) -> tuple[list, list]:
        named = list(self.model.named_parameters())
        groups = [
            {"params": [p for name, p in named if p.ndim > 1], "weight_decay": DECAY},
            {"params": [p for name, p in named if p.ndim < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=RATE, fused=True)
        total = self.trainer.estimated_stepping_batches
        warmup = math.ceil(WARMUP * total)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: step / warmup if step < warmup else (total - step) / (total - warmup)
        )
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    def configure_gradient_clipping(self, optimizer: Any, gradient_clip_val: float, **options: Any) -> None:
        # Lightning refuses to clip for a fused optimiser in bf16; without a scaler there is no reason to.
        torch.nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)


def timed(workload: Workload) -> Clock:
    """Updates of Lightning at its best: length groups, fused AdamW, no log and no file."""
    warnings.filterwarnings("ignore")
    clock, tokens = Clock(workload.device, workload.steps, workload.skipped), []

    class Ticks(Callback):
        def on_train_batch_end(self, *arguments: Any) -> None:
            clock.update(tokens[clock.count])

    with model_folder(workload.model) as folder:
        task, tokenizer = load(), AutoTokenizer.from_pretrained(folder)
        module = Module(task.labels, folder, attention_for(workload))
        columns = ["input_ids", "token_type_ids", "attention_mask", "label"]
        rows = tokenize(task.train, task, tokenizer, padding=False).select_columns(columns)
        pad = DataCollatorWithPadding(tokenizer)

        def collate(features: list[dict]) -> Any:
            tokens.append(sum(sum(feature["attention_mask"]) for feature in features))
            return pad(features)

        groups = LengthGroups(pairs_to_learn(workload, task), module)
        loader = DataLoader(rows, batch_sampler=groups, collate_fn=collate, pin_memory=workload.device != "cpu")
        pl.Trainer(
            max_steps=workload.steps, gradient_clip_val=1.0, callbacks=[Ticks()], logger=False, devices=1,
            accelerator="cpu" if workload.device == "cpu" else "gpu",
            precision="bf16-mixed" if workload.precision == "bf16" else "32-true",
            enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
        ).fit(module, loader)  # fmt: skip
    return clock


def fine_tune(task: Task, seed: int, folder: Path) -> dict[str, float]:
    """Train, load the epoch that is best on the validation split, and score the test split."""
    warnings.filterwarnings("ignore")
    pl.seed_everything(seed, verbose=False)
    tokenizer, module = AutoTokenizer.from_pretrained(locate("minilm")), Module(task.labels, locate("minilm"))
    columns = ["input_ids", "token_type_ids", "attention_mask", "label"]
    train, validation, test = (
        tokenize(split, task, tokenizer, padding=False).select_columns(columns)
        for split in (task.train, task.validation, task.test)
    )
    collate = DataCollatorWithPadding(tokenizer)
    ours = Tokenizer.from_folder(locate("minilm"))
    groups = LengthGroups(make_batches(task, task.train, ours, BATCH, 128, shuffle=True, seed=seed), module)
    best = ModelCheckpoint(folder, monitor="val_accuracy", mode="max", save_weights_only=True)
    trainer = pl.Trainer(
        max_epochs=EPOCHS, gradient_clip_val=1.0, accelerator="cpu", devices=1, callbacks=[best], logger=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(
        module,
        DataLoader(train, batch_sampler=groups, collate_fn=collate),
        DataLoader(validation, batch_size=EVALUATED_AT_ONCE, collate_fn=collate),
    )
    trainer.test(module, DataLoader(test, EVALUATED_AT_ONCE, collate_fn=collate), ckpt_path="best", verbose=False)
    return module.scores()
