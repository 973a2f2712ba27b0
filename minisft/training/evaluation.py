"""A model's loss, outputs and scores on a split."""

from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from minisft.data import Batches
from minisft.objectives import Objective
from minisft.training.distributed import process_group
from minisft.training.kinds import KINDS
from minisft.training.metrics import Scores
from minisft.training.trainer import precision


@dataclass(frozen=True)
class Evaluation:
    """The loss averaged over items (not over batches), and the output for each encoded row, in their order."""

    loss: float
    outputs: list[Tensor]
    batches: Batches
    labels: list[str]

    @property
    def gold(self) -> list:
        """What is to be found in each row of the split."""
        return self.batches.gold or self.batches.labels

    def predictions(self) -> list:
        """What the model says of each row: a class, a number, labels, tags or an `Answer`. See `KINDS`."""
        return KINDS[self.batches.kind].answers(self.outputs, self.batches, self.labels)

    def scores(self) -> Scores:
        """The scores of its kind of task (see `metrics`), and the loss."""
        return KINDS[self.batches.kind].score(self.gold, self.predictions(), self.labels) | {"loss": self.loss}


@torch.no_grad()
def evaluate(
    model: nn.Module, objective: Objective, batches: Batches, device: torch.device, precision_name: str = "fp32"
) -> Evaluation:
    """Run the model over a split, without dropout. Where there are several processes, all must call it: they share.

    Of a model whose weights are bf16 themselves, which is the faster way to use it, the precision is left as it is.
    """
    group = process_group()
    was_training = model.training
    model.eval()
    total, items, rows, outputs = torch.zeros((), device=device), 0, [], []
    with precision(device, precision_name):  # for all batches: the weights are cast once
        for batch in group.every(batches):
            loss, output = objective(model, batch.to(device))
            total += loss
            items += objective.items(batch)
            rows += batch.rows
            outputs.append(output.float())
    model.train(was_training)
    # Whole tensors: what is sent of a row alone is its batch's storage.
    parts = group.gather((total.item(), items, rows, [output.cpu() for output in outputs]))
    totals, counts, numbers, found = zip(*parts, strict=True)
    by_row = dict(zip(chain(*numbers), (row for output in chain(*found) for row in output), strict=True))
    in_order = [by_row[row] for row in sorted(by_row)]
    return Evaluation(sum(totals) / max(1, sum(counts)), in_order, batches, model.labels)
