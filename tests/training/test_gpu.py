"""The same code on a GPU, where there is one, gives what it gives on the CPU."""

import pytest
import torch

from minisft.models import SequenceClassifier
from minisft.objectives import Classification
from minisft.ops import FUSED, TEXTBOOK
from minisft.training import Settings, Trainer, evaluate
from tests.training.test_trainer import Records, made_up, small

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


@pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_on_the_gpu_agrees_with_the_cpu(ops, precision) -> None:
    curves, outputs = [], []
    for device in ("cpu", "cuda"):
        records, model = Records(), small(ops)
        settings = Settings(epochs=3, learning_rate=1e-2, precision=precision)
        Trainer(model, Classification(ops), made_up(), settings, device, [records]).fit()
        curves.append([record["loss"] for record in records.all])
        batches = made_up(shuffle=False)
        outputs.append(evaluate(model, Classification(ops), batches, torch.device(device), precision).outputs)
    assert curves[0] == pytest.approx(curves[1], rel=1e-3 if precision == "fp32" else 5e-2)
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=1e-3 if precision == "fp32" else 5e-2)


def test_a_real_bert_on_the_gpu() -> None:
    model = SequenceClassifier.from_pretrained("minilm", ["no", "yes"]).eval()
    ids = torch.randint(1000, 2000, (3, 17))
    with torch.no_grad():
        expected = model(ids)
        torch.testing.assert_close(model.cuda()(ids.cuda()).cpu(), expected, rtol=0, atol=1e-4)
