"""A model's loss, outputs and scores on a split."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from minisft.data import Batches
from minisft.objectives import Objective
from minisft.training.trainer import precision


@dataclass(frozen=True)
class Evaluation:
    """The loss averaged over items (not over batches), and the outputs in the order of the rows."""

    loss: float
    outputs: Tensor  # N C
    labels: list[int] | list[float]

    def predictions(self) -> list[int] | list[float]:
        """The class with the highest logit, or the number."""
        single = self.outputs.shape[1] == 1
        return (self.outputs[:, 0] if single else self.outputs.argmax(-1)).tolist()

    def scores(self) -> dict[str, float]:
        """Accuracy and F1, or correlations, and the loss. See `score`."""
        return score(self.labels, self.predictions(), regression=self.outputs.shape[1] == 1) | {"loss": self.loss}


@torch.no_grad()
def evaluate(
    model: nn.Module, objective: Objective, batches: Batches, device: torch.device, precision_name: str = "fp32"
) -> Evaluation:
    """Run the model over a split, without dropout."""
    was_training = model.training
    model.eval()
    total, items, rows, outputs = torch.zeros((), device=device), 0, [], []
    for batch in batches:
        with precision(device, precision_name):
            loss, output = objective(model, batch.to(device))
        total += loss
        items += objective.items(batch)
        rows += batch.rows
        outputs.append(output.float())
    model.train(was_training)
    in_order = torch.cat(outputs)[torch.tensor(rows, device=device).argsort()]
    return Evaluation(total.item() / max(1, items), in_order.cpu(), batches.labels)


def score(labels: list, predictions: list, regression: bool) -> dict[str, float]:
    """Accuracy and F1 (of class 1 where there are two classes, else the mean over classes); or, for a regression,
    the correlations of Pearson and Spearman and the mean squared error."""
    if regression:
        from scipy.stats import pearsonr, spearmanr
        from sklearn.metrics import mean_squared_error

        flat = len(set(predictions)) == 1  # no correlation is defined with a constant
        return {
            "pearson": 0.0 if flat else float(pearsonr(labels, predictions).statistic),
            "spearman": 0.0 if flat else float(spearmanr(labels, predictions).statistic),
            "mean_squared_error": float(mean_squared_error(labels, predictions)),
        }
    from sklearn.metrics import accuracy_score, f1_score

    average = "binary" if set(labels) | set(predictions) <= {0, 1} else "macro"
    return {
        "accuracy": float(accuracy_score(labels, predictions)),
        "f1": float(f1_score(labels, predictions, average=average, zero_division=0.0)),
    }
