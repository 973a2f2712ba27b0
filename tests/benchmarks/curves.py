"""Update by update: the losses of this code and of Hugging Face's model with torch's AdamW, on the same batches.

    MINISFT_DATA=... python tests/benchmarks/curves.py [--steps 50]

Dropout 0, MRPC, 16 rows, warm-up then linear decay, clipping at 1. Prints the largest relative difference for the
textbook ops and for the fused ones.
"""

import argparse
import math

import torch
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup
from workloads import load_mrpc

from minisft.checkpoints import locate
from minisft.data import make_batches
from minisft.models import SequenceClassifier
from minisft.objectives import Classification
from minisft.ops import FUSED, TEXTBOOK, Ops
from minisft.text import Tokenizer
from minisft.training import Callback, Settings, Trainer

RATE = 1e-4
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def our_losses(ops: Ops, batches, labels: list[str], steps: int) -> list[float]:
    """The losses of the Trainer."""
    losses: list[float] = []

    class Keep(Callback):
        def on_log(self, trainer: Trainer, records: list) -> None:
            losses.extend(record["loss"] for record in records)

        def on_update(self, trainer: Trainer) -> None:
            trainer.stop = trainer.step == steps

    torch.manual_seed(0)
    model = SequenceClassifier.from_pretrained("minilm", labels, ops, **STILL)
    Trainer(model, Classification(ops), batches, Settings(epochs=1, learning_rate=RATE), "cpu", [Keep()]).fit()
    return losses


def their_losses(batches, labels: list[str], steps: int) -> list[float]:
    """The same written out with Hugging Face's model and torch's optimiser."""
    torch.manual_seed(0)
    head = SequenceClassifier.from_pretrained("minilm", labels).classifier
    model = AutoModelForSequenceClassification.from_pretrained(
        locate("minilm"), num_labels=len(labels), **STILL
    ).train()
    with torch.no_grad():
        model.classifier.weight.copy_(head.weight)
        model.classifier.bias.copy_(head.bias)
    plain = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    decaying = [p for n, p in model.named_parameters() if not (n.endswith("bias") or "LayerNorm" in n)]
    optimizer = torch.optim.AdamW(
        [{"params": decaying, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=RATE
    )
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(0.1 * len(batches)), len(batches))
    losses = []
    for batch, _ in zip(batches.epoch(0), range(steps), strict=False):
        optimizer.zero_grad()
        loss = model(batch.input_ids, batch.attention_mask, batch.token_type_ids, labels=batch.labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    """Print a line for each set of ops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=50)
    steps = parser.parse_args().steps
    task = load_mrpc()
    batches = make_batches(task, task.train, Tokenizer.from_folder(locate("minilm")), 16, 128, shuffle=True)
    theirs = their_losses(batches, task.labels, steps)
    for name, ops in (("textbook", TEXTBOOK), ("fused", FUSED)):
        ours = our_losses(ops, batches, task.labels, steps)
        largest = max(abs(a - b) / b for a, b in zip(ours, theirs, strict=True))
        ends = f"loss {ours[0]:.4f} to {ours[-1]:.4f}"
        print(f"{name:<9} {steps} updates, {ends}, largest relative difference {largest:.1e}")


if __name__ == "__main__":
    main()
