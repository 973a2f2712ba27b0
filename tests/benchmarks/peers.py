"""The same training in Hugging Face's Trainer: the peer of the benchmarks."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from measuring import Clock
from torch.nn.functional import cross_entropy
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from workloads import HIDDEN, Workload, load, model_folder, text_to_learn

from minisft.data import Task
from minisft.ops import IGNORED
from minisft.training.metrics import score_classes


def tokenize(split: Dataset, task: Task, tokenizer: Any, padding: str | bool) -> Dataset:
    """Word pieces of a split; `padding="max_length"` is the document's recipe (section 5.1.2)."""

    def encode(rows: dict) -> dict:
        texts = [rows[column] for column in task.columns]
        return tokenizer(*texts, truncation=True, max_length=128, padding=padding)

    return split.map(encode, batched=True)


def arguments_for(out: Path, **arguments: Any) -> TrainingArguments:
    """A silent Trainer's arguments."""
    return TrainingArguments(
        output_dir=str(out),
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=not arguments.get("use_cpu"),
        logging_nan_inf_filter=False,  # on a GPU it waits for every loss
        **arguments,
    )


def make_trainer(
    task: Task,
    model_folder: Path,
    out: Path,
    padding: str | bool,
    callbacks: list | None = None,
    attention: str = "sdpa",
    **arguments: Any,
) -> Trainer:
    """Hugging Face's Trainer on a task, from the same pretrained weights."""
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForSequenceClassification.from_pretrained(
        model_folder, num_labels=len(task.labels), attn_implementation=attention
    )
    return Trainer(
        model=model,
        args=arguments_for(out, **arguments),
        train_dataset=tokenize(task.train, task, tokenizer, padding),
        eval_dataset=tokenize(task.validation, task, tokenizer, padding),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=lambda given: score_classes(
            given.label_ids.tolist(), given.predictions.argmax(-1).tolist(), task.labels
        ),
        callbacks=callbacks,
    )


def attention_for(workload: Workload) -> str:
    """The faster of transformers' ways: on a CPU torch has no fused attention with dropout, and its steps cost bf16."""
    return "eager" if (workload.device, workload.precision) == ("cpu", "bf16") else "sdpa"


class HiddenWordsTrainer(Trainer):
    """The Trainer with the head at the hidden words alone, which `BertForMaskedLM` computes for every token."""

    def compute_loss(self, model: Any, inputs: dict, return_outputs: bool = False, **_: Any) -> Any:
        labels = inputs.pop("labels")
        asked = labels != IGNORED
        with self.accelerator.autocast():  # which otherwise comes with the model's own forward
            logits = model.cls(model.bert(**inputs).last_hidden_state[asked])
        loss = cross_entropy(logits.float(), labels[asked])
        return (loss, {"logits": logits}) if return_outputs else loss


def make_pretrainer(
    workload: Workload, folder: Path, out: Path, callbacks: list, kind: type[Trainer] = Trainer, **arguments: Any
) -> Trainer:
    """The same for masked words, on the same rows as this code's."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = text_to_learn(workload).rows(0).encodings.input_ids
    special = [[int(i in tokenizer.all_special_ids) for i in row] for row in rows]  # or the collator asks for each row
    return kind(
        model=AutoModelForMaskedLM.from_pretrained(folder, attn_implementation=attention_for(workload)),
        args=arguments_for(out, remove_unused_columns=False, **arguments),
        train_dataset=Dataset.from_dict({"input_ids": rows, "special_tokens_mask": special}),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=HIDDEN),
        callbacks=callbacks,
    )


def hardware(workload: Workload) -> dict[str, Any]:
    """Where, and how precisely."""
    return {
        "use_cpu": workload.device == "cpu",
        "bf16": workload.precision == "bf16",
        "tf32": workload.precision == "tf32" or None,
    }


def timed(workload: Workload, way: str) -> Clock:
    """Updates of the Trainer: by the document's `recipe`, or at its best: length groups, no needless padding.

    `narrow` gives it the head at the hidden words alone, which it does not bring.
    """
    recipe = way == "recipe"
    clock, tokens = Clock(workload.device, workload.steps, workload.skipped), []

    class Ticks(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs) -> None:
            clock.update(tokens[clock.count])

    padding, sampling = ("max_length", "random") if recipe else (False, "group_by_length")
    settings = {
        "max_steps": workload.steps, "per_device_train_batch_size": workload.rows, "weight_decay": 0.01,
        "seed": workload.seed, "train_sampling_strategy": sampling, "save_strategy": "no",
        **hardware(workload),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as out, model_folder(workload.model) as folder:
        if workload.kind == "finetune":
            attention = "sdpa" if recipe else attention_for(workload)
            trainer = make_trainer(load(), folder, Path(out), padding, [Ticks()], attention, **settings)
        else:
            settings["train_sampling_strategy"] = "random"  # all rows are full
            kind = HiddenWordsTrainer if way == "narrow" else Trainer
            trainer = make_pretrainer(workload, folder, Path(out), [Ticks()], kind, **settings)
        collate = trainer.data_collator

        def count(features: list[dict]) -> Any:
            tokens.append(sum(sum(f.get("attention_mask", [1] * len(f["input_ids"]))) for f in features))
            return collate(features)

        trainer.data_collator = count
        torch.manual_seed(workload.seed)
        trainer.train()
    return clock


def scores_on_test(trainer: Trainer, task: Task, padding: str | bool) -> dict[str, float]:
    """Accuracy and F1 on the test split."""
    # With length groups the Trainer also predicts in another order than the rows': only its own labels fit.
    given = trainer.predict(tokenize(task.test, task, trainer.data_collator.tokenizer, padding))
    return score_classes(given.label_ids.tolist(), given.predictions.argmax(-1).tolist(), task.labels)
