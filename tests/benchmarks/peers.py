"""The same fine-tuning in Hugging Face's Trainer: the peer of both benchmarks."""

from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from minisft.data import Task
from minisft.training.metrics import score_classes


def tokenize(split: Dataset, task: Task, tokenizer: Any, padding: str | bool) -> Dataset:
    """Word pieces of a split; `padding="max_length"` is the document's recipe (section 5.1.2)."""

    def encode(rows: dict) -> dict:
        texts = [rows[column] for column in task.columns]
        return tokenizer(*texts, truncation=True, max_length=128, padding=padding)

    return split.map(encode, batched=True)


def make_trainer(
    task: Task, model_folder: Path, out: Path, padding: str | bool, callbacks: list | None = None, **arguments: Any
) -> Trainer:
    """Hugging Face's Trainer on a task, from the same pretrained weights."""
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForSequenceClassification.from_pretrained(model_folder, num_labels=len(task.labels))
    settings = TrainingArguments(
        output_dir=str(out), report_to="none", disable_tqdm=True, dataloader_pin_memory=False, **arguments
    )
    return Trainer(
        model=model,
        args=settings,
        train_dataset=tokenize(task.train, task, tokenizer, padding),
        eval_dataset=tokenize(task.validation, task, tokenizer, padding),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=lambda given: score_classes(
            given.label_ids.tolist(), given.predictions.argmax(-1).tolist(), task.labels
        ),
        callbacks=callbacks,
    )


def scores_on_test(trainer: Trainer, task: Task, padding: str | bool) -> dict[str, float]:
    """Accuracy and F1 on the test split."""
    # With length groups the Trainer also predicts in another order than the rows': only its own labels fit.
    given = trainer.predict(tokenize(task.test, task, trainer.data_collator.tokenizer, padding))
    return score_classes(given.label_ids.tolist(), given.predictions.argmax(-1).tolist(), task.labels)
