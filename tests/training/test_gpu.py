"""The same code on a GPU, where there is one, gives what it gives on the CPU."""

from dataclasses import replace

import pytest
import torch

from minisft.data import Batches
from minisft.models import SequenceClassifier
from minisft.objectives import Classification
from minisft.ops import FUSED, IGNORED, TEXTBOOK
from minisft.training import Settings, Trainer, evaluate, read_log
from tests.conftest import SMALL
from tests.training.shared_runs import RUNS, run
from tests.training.test_distributed import finish, torchrun
from tests.training.test_pretraining import make
from tests.training.test_trainer import Records, made_up, small

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


@pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_on_the_gpu_agrees_with_the_cpu(ops, precision) -> None:
    curves, norms, outputs = [], [], []
    for device in ("cpu", "cuda"):
        records, model = Records(), small(ops)
        settings = Settings(epochs=3, learning_rate=1e-2, precision=precision)
        rows = made_up()
        rows.labels[1::4] = [IGNORED] * len(rows.labels[1::4])
        assert replayed_with_other_items(rows, settings.epochs)
        trainer = Trainer(model, Classification(ops), rows, settings, device, [records])
        trainer.fit()
        assert (device == "cuda" and ops is FUSED) == bool(trainer.graphs and trainer.graphs.recorded)
        curves.append([record["loss"] for record in records.all])
        norms.append([record["gradient_norm"] for record in records.all])
        batches = made_up(shuffle=False)
        outputs.append(evaluate(model, Classification(ops), batches, torch.device(device), precision).outputs)
    assert curves[0] == pytest.approx(curves[1], rel=1e-3 if precision == "fp32" else 5e-2)
    assert norms[0] == pytest.approx(norms[1], rel=1e-2 if precision == "fp32" else 0.25)
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=1e-3 if precision == "fp32" else 5e-2)


def replayed_with_other_items(rows: Batches, epochs: int) -> bool:
    """Whether a shape has other items after the second time, when it is recorded."""
    items: dict[torch.Size, list[int]] = {}
    for batch in (batch for epoch in range(epochs) for batch in rows.epoch(epoch)):
        items.setdefault(batch.input_ids.shape, []).append(Classification().items(batch))
    return any(len(set(numbers[1:])) > 1 for numbers in items.values())


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="no two GPUs")
def test_two_processes_with_a_gpu_each_agree_with_one_on_the_cpu(tmp_path) -> None:
    process = torchrun(2, "tests.training.shared_runs", "on_gpus", tmp_path)
    _, errors = finish(process)
    assert process.returncode == 0, errors
    for found in (torch.load(tmp_path / f"{rank}.pt", map_location="cpu") for rank in (0, 1)):
        for name in RUNS:
            expected = run(name, FUSED, kind=torch.float32)
            mine, theirs = found[name]["gradients"][0], expected.gradients[0]
            assert (mine - theirs).norm() < 1e-4 * theirs.norm(), name
            losses = [[record["loss"] for record in records] for records in (found[name]["records"], expected.records)]
            assert losses[0] == pytest.approx(losses[1], rel=1e-3), name


def test_graphs_follow_what_is_trained() -> None:
    """A layer that is frozen stays as it is until it no longer is, though the batch's shape is known."""
    model = small(FUSED)
    trainer = Trainer(model, Classification(), made_up(), Settings(learning_rate=1e-2, warmup=0), "cuda")
    batch = next(trainer.batches.epoch(0)).to(trainer.device)  # where a loader may have put it already
    ids = batch.input_ids.clone()
    other = replace(batch, input_ids=ids.flip(0))
    frozen = model.bert.layers[0].feed_forward.widen.weight
    for number in range(10):
        before = frozen.detach().clone()
        frozen.requires_grad_(3 <= number < 6)  # it is new to the graphs when it is trained
        trainer.update([other if number % 2 else batch])
        assert torch.equal(before, frozen) == (not 3 <= number < 6), number
        assert len(trainer.graphs.recorded) == (number >= 1) + (number >= 4), number
    assert torch.equal(batch.input_ids, ids)
    assert torch.equal(other.input_ids, ids.flip(0))  # a graph reads a copy of what it was recorded with


def test_dropout_draws_anew_in_every_replay() -> None:
    torch.manual_seed(1)
    model = SequenceClassifier(SMALL, ["no", "yes"])
    trainer = Trainer(model, Classification(), made_up(), Settings(learning_rate=1e-30), "cuda")
    batch = next(trainer.batches.epoch(0))
    for _ in range(8):
        trainer.update([batch])
    assert len({loss.item() for loss, _, _ in trainer.unread}) == 8


def test_a_vocabulary_that_is_no_multiple_of_eight() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = (7, 70), (15_007, 70), (15_007,)
    inputs = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    found = []
    for device in ("cpu", "cuda"):
        leaves = [tensor.to(device).requires_grad_() for tensor in inputs]
        out = FUSED.linear(*leaves)
        weights = torch.linspace(-1, 1, out.numel(), dtype=torch.float64).to(device).view_as(out)
        found.append([out, *torch.autograd.grad((out * weights).sum(), leaves)])
    for expected, mine in zip(*found, strict=True):
        torch.testing.assert_close(mine.cpu(), expected)


@pytest.mark.usefixtures("unchecked")
def test_a_compiled_pretraining_agrees_with_the_cpu(tmp_path) -> None:
    """With the compiler itself: elsewhere models are only traced."""
    curves = []
    for device in ("cpu", "cuda"):
        run = make(tmp_path / device, steps=6, device=device, compile=device == "cuda")
        assert run.train()
        curves.append([record["loss"] for record in read_log(run.out / "log.jsonl") if "loss" in record])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


def test_a_real_bert_on_the_gpu() -> None:
    model = SequenceClassifier.from_pretrained("minilm", ["no", "yes"]).eval()
    ids = torch.randint(1000, 2000, (3, 17))
    with torch.no_grad():
        expected = model(ids)
        torch.testing.assert_close(model.cuda()(ids.cuda()).cpu(), expected, rtol=0, atol=1e-4)
