"""The loop does what one would write by hand: the same losses as Hugging Face's model and torch's AdamW."""

import math
from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

from minisft.data import Batches
from minisft.errors import InputError
from minisft.models import SequenceClassifier
from minisft.objectives import Classification, Regression
from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops
from minisft.text import Encodings, Tokenizer
from minisft.training import AdamW, Callback, Settings, Trainer, evaluate, optimizer, parameter_groups
from minisft.training.callbacks import ProgressBar, StopOnInterrupt
from minisft.training.trainer import Record
from tests.conftest import SMALL

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
STILL = replace(SMALL, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


class Records(Callback):
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.all: list[Record] = []

    def on_log(self, trainer: Trainer, records: list[Record]) -> None:
        self.all += records


def made_up(rows: int = 23, batch_size: int = 4, regression: bool = False, shuffle: bool = True) -> Batches:
    """Rows of unlike length for the small model; the first token, one of two, decides the label."""
    generator = torch.Generator().manual_seed(0)
    ids = [torch.randint(5, 97, (3 + row % 7,), generator=generator).tolist() for row in range(rows)]
    for row in ids:
        row[0] = 20 + 60 * (row[0] > 50)
    labels = [row[0] / 97 if regression else int(row[0] > 50) for row in ids]
    return Batches(Encodings(ids, [[0] * len(row) for row in ids], 0), labels, batch_size, 0, shuffle=shuffle)


def small(ops: Ops = FUSED, labels: int = 2) -> SequenceClassifier:
    torch.manual_seed(1)
    return SequenceClassifier(STILL, [f"{i}" for i in range(labels)], ops)


@BOTH
def test_losses_of_a_real_bert_equal_hugging_face_with_torchs_adamw(ops: Ops, minilm, tmp_path) -> None:
    reasons = ("fog", "the storm in the bay", "a strike", "repairs to the old quay", "rain", "a wedding on the island")
    texts = [f"The ferry {verb} because of {reason}." for verb in ("sailed", "stayed in port") for reason in reasons]
    encodings = Tokenizer.from_folder(minilm).encode(texts, texts[::-1])
    batches = Batches(encodings, [row // 6 for row in range(len(texts))], 5, 0, shuffle=True)
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    torch.manual_seed(0)
    ours = SequenceClassifier.from_pretrained("minilm", ["no", "yes"], ops, **still)
    ours.save_pretrained(tmp_path)
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path).train()
    records = Records()
    settings = Settings(epochs=3, learning_rate=5e-4, warmup=0.2)
    trainer = Trainer(ours, Classification(ops), batches, settings, "cpu", [records])
    trainer.fit()

    decay = [p for n, p in theirs.named_parameters() if "LayerNorm" not in n and not n.endswith("bias")]
    plain = [p for n, p in theirs.named_parameters() if "LayerNorm" in n or n.endswith("bias")]
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=5e-4)
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(0.2 * 9), 9)
    expected = []
    for batch in (batch for epoch in range(3) for batch in batches.epoch(epoch)):
        optimizer.zero_grad()
        loss = theirs(batch.input_ids, batch.attention_mask, batch.token_type_ids, labels=batch.labels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
        expected.append((loss.item(), norm.item(), schedule.get_last_lr()[0]))
        optimizer.step()
        schedule.step()
    assert len(records.all) == 9
    for record, (loss, norm, rate) in zip(records.all, expected, strict=True):
        assert record["loss"] == pytest.approx(loss, rel=1e-4)
        assert record["gradient_norm"] == pytest.approx(norm, rel=1e-3)
        assert record["learning_rate"] == pytest.approx(rate, abs=1e-15)
    assert expected[-1][0] < expected[0][0] - 0.02  # it moved: equal curves of a model that stands still prove nothing


def test_20_steps_with_a_learners_own_attention() -> None:
    calls = []

    def my_attention(query, key, value, mask=None, dropout=0.0):
        """Loops over the queries, as a learner might write it first."""
        calls.append(mask)
        rows = []
        for position in range(query.shape[-2]):
            scores = (query[..., position : position + 1, :] * key).sum(-1) / query.shape[-1] ** 0.5  # B H T
            if mask is not None:
                scores = scores + (~mask[..., 0, :]) * -1e9
            shares = scores.exp() / scores.exp().sum(-1, keepdim=True)
            rows.append((shares[..., None] * value).sum(-2))
        return torch.stack(rows, dim=-2)

    curves = []
    for ops in (TEXTBOOK.replace(attention=my_attention), TEXTBOOK):
        records = Records()
        settings = Settings(epochs=4, learning_rate=2e-2, warmup=0.0)
        Trainer(small(ops), Classification(ops), made_up(20), settings, "cpu", [records]).fit()
        curves.append([record["loss"] for record in records.all])
    assert len(calls) == 20 * STILL.num_hidden_layers
    assert len(curves[0]) == 20
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)
    assert sum(curves[0][-5:]) < 0.9 * sum(curves[0][:5])


def test_a_wrong_op_shows() -> None:
    """The other side of the test above: an attention without the scale gives other losses."""

    def no_scale(query, key, value, mask=None, dropout=0.0):
        return TEXTBOOK.attention(query * query.shape[-1] ** 0.5, key, value, mask, dropout)

    def scores(ops: Ops) -> torch.Tensor:
        model = small(ops)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(10)
        return model(torch.arange(5, 15)[None])

    difference = (scores(TEXTBOOK.replace(attention=no_scale)) - scores(TEXTBOOK)).abs().max()
    assert difference > 1e-3


def test_the_next_batch_is_ready_before_losses_are_read() -> None:
    """A GPU is waited for there: what comes next must not begin to be prepared only then."""
    happened: list[str] = []

    class Watched(Batches):
        def collate(self, rows: list[int]):
            happened.append("batch")
            return super().collate(rows)

    class Reading(Callback):
        def on_log(self, trainer: Trainer, records: list[Record]) -> None:
            happened.append(f"{records[0]['step']} to {records[-1]['step']}")

    Trainer(small(), Classification(), Watched(**vars(made_up(100))), Settings(epochs=1), "cpu", [Reading()]).fit()
    ten = ["batch"] * 10
    assert happened == [*ten, "batch", "1 to 10", *ten[1:], "batch", "11 to 20", *ten[:4], "21 to 25"]


@BOTH
def test_a_model_with_weights_in_bf16_is_evaluated(ops: Ops) -> None:
    """It says nearly the same, without autocast, which casts the weights in every call."""
    model, cpu = small(ops), torch.device("cpu")
    exact = evaluate(model, Classification(ops), made_up(), cpu)
    found = evaluate(model.to(torch.bfloat16), Classification(ops), made_up(), cpu)
    assert {output.dtype for output in found.outputs} == {torch.float32}
    assert found.loss == pytest.approx(exact.loss, rel=0.01)
    distance = (torch.stack(found.outputs) - torch.stack(exact.outputs)).norm()
    assert 0 < distance < 0.02 * torch.stack(exact.outputs).norm()


@BOTH
@pytest.mark.parametrize("regression", [False, True])
def test_accumulated_batches_equal_one_big_batch(ops: Ops, regression) -> None:
    """Also where the batches have unlike numbers of valid labels, and the last window is short."""
    weights = []
    for size, accumulation in ((8, 1), (2, 4)):
        batches = made_up(22, size, regression, shuffle=False)
        if not regression:
            batches.labels[3] = batches.labels[4] = batches.labels[10] = IGNORED
        objective = Regression(ops) if regression else Classification(ops)
        # One epoch from short to long: the rows of an update are the same for both sizes.
        settings = Settings(epochs=2, accumulation=accumulation, learning_rate=1e-2, warmup=0.0)
        model = small(ops, labels=1 if regression else 2).double()
        batches = replace(batches, labels=[float(label) for label in batches.labels]) if regression else batches
        trainer = Trainer(model, objective, batches, settings, "cpu")
        trainer.fit()
        assert trainer.step == trainer.total_steps == 6
        weights.append(model.state_dict())
    for name, tensor in weights[0].items():
        torch.testing.assert_close(tensor, weights[1][name], rtol=1e-5, atol=1e-7, msg=name)


def test_gradients_are_clipped_once_for_the_whole_update() -> None:
    seen = []

    def watch(gradients, max_norm):
        clipped, norm = TEXTBOOK.clip_gradients(gradients, max_norm)
        seen.append((norm.item(), torch.stack([(g * g).sum() for g in clipped]).sum().sqrt().item()))
        return clipped, norm

    ops = TEXTBOOK.replace(clip_gradients=watch)
    settings = Settings(epochs=1, accumulation=3, max_gradient_norm=0.01)
    Trainer(small(ops), Classification(ops), made_up(24, 4), settings, "cpu").fit()
    assert len(seen) == 2
    assert all(before > 0.01 and after == pytest.approx(0.01, rel=1e-3) for before, after in seen)


def test_biases_and_layer_norms_do_not_decay() -> None:
    model = small()
    decaying, plain = parameter_groups(model, 0.3)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert {names[id(p)] for p in plain["params"]} == {n for n in names.values() if n.endswith("bias") or "norm" in n}
    assert len(decaying["params"]) + len(plain["params"]) == len(names)
    assert (decaying["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    model.bert.requires_grad_(False)
    assert sum(len(group["params"]) for group in parameter_groups(model, 0.3)) == 2


@BOTH
def test_optimizer_counts_steps_for_each_parameter(ops: Ops) -> None:
    one, two = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    optimizer = AdamW([one, two], lr=0.1, update=ops.adamw_update)
    for gradients in ((1.0, None), (1.0, 1.0)):
        for parameter, gradient in zip((one, two), gradients, strict=True):
            parameter.grad = None if gradient is None else torch.full((2,), gradient)
        optimizer.step()
    assert (optimizer.state[one]["step"], optimizer.state[two]["step"]) == (2, 1)
    torch.testing.assert_close(two.detach(), torch.full((2,), 0.9))  # its first step, bias corrected


def test_optimizer_asks_a_closure_for_the_gradients() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = AdamW([parameter], lr=0.1)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (3 * parameter).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 6.0
    torch.testing.assert_close(parameter.detach(), torch.full((2,), 0.9))


@BOTH
@pytest.mark.parametrize("decay", ["decoupled", "document"])
def test_optimizer_equals_torchs_also_in_pieces(ops: Ops, decay, monkeypatch) -> None:
    """Tensors of every number of dimensions; pieces of 8 numbers cut none, the last or all of them."""
    monkeypatch.setattr(optimizer, "PIECE", 8)
    generator = torch.Generator().manual_seed(0)
    shapes = [(), (7,), (8,), (19,), (5, 3), (3, 11), (2, 3, 4)]
    start = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    ours, theirs = ([torch.nn.Parameter(value.clone()) for value in start] for _ in range(2))
    mine = AdamW(ours, lr=0.02, weight_decay=0.1, decay=decay, update=ops.adamw_update)
    rate = 0.1 if decay == "decoupled" else 0.1 / 0.02
    reference = torch.optim.AdamW(theirs, lr=0.02, weight_decay=rate, foreach=False, fused=False)
    for step in range(5):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            gradient = torch.randn(shapes[number], generator=generator, dtype=torch.float64)
            for parameter in pair:  # one tensor starts later than the others
                parameter.grad = gradient.clone() if number != 3 or step > 1 else None
        mine.step()
        reference.step()
    for parameter, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(parameter, expected, rtol=1e-12, atol=1e-14)


def test_an_op_gets_the_rows_of_a_large_tensor_in_turn(monkeypatch) -> None:
    monkeypatch.setattr(optimizer, "PIECE", 8)
    seen = []

    def watch(parameter, gradient, *rest, **settings):
        seen.append(tuple(parameter.shape))
        return TEXTBOOK.adamw_update(parameter, gradient, *rest, **settings)

    parameter = torch.nn.Parameter(torch.ones(5, 3))
    parameter.grad = torch.ones(5, 3)
    AdamW([parameter], lr=0.1, update=watch).step()
    assert seen == [(2, 3), (2, 3), (1, 3)]
    torch.testing.assert_close(parameter.detach(), torch.full((5, 3), 0.9))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    def train(seed: int, before: bool = True) -> torch.Tensor:
        torch.manual_seed(9)
        model = SequenceClassifier(SMALL, ["no", "yes"]).train(before)  # with dropout
        Trainer(model, Classification(), made_up(), Settings(epochs=1, seed=seed), "cpu").fit()
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(train(1), train(1, before=False))  # who has tried the model trains with dropout all the same
    assert not torch.equal(train(1), train(2))


def test_an_error_at_the_start_is_not_hidden_by_the_end() -> None:
    class Failing(Callback):
        def on_start(self, trainer: Trainer) -> None:
            raise FileExistsError("log.jsonl")

    callbacks = [Failing(), ProgressBar(), StopOnInterrupt()]
    with pytest.raises(FileExistsError, match=r"log\.jsonl"):
        Trainer(small(), Classification(), made_up(), Settings(epochs=1), "cpu", callbacks).fit()


def test_bf16_keeps_float_weights_and_learns() -> None:
    records = Records()
    model = small()
    settings = Settings(epochs=12, learning_rate=3e-3, precision="bf16")
    Trainer(model, Classification(), made_up(), settings, "cpu", [records]).fit()
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert records.all[-1]["loss"] < 0.7 * records.all[0]["loss"]


def test_evaluation_averages_by_items_and_keeps_the_order() -> None:
    batches = made_up(23, 5, shuffle=False)  # the last batch has 3 rows
    batches.labels[7] = IGNORED
    model = small().train()
    result = evaluate(model, Classification(), batches, torch.device("cpu"))
    assert model.training
    assert not any(output.requires_grad for output in result.outputs)  # else each keeps what its batch computed
    whole = batches.collate(list(range(23)))
    logits = model.eval()(whole.input_ids, whole.attention_mask, whole.token_type_ids)
    torch.testing.assert_close(torch.stack(result.outputs), logits.detach())
    assert result.loss == pytest.approx(torch.nn.functional.cross_entropy(logits, whole.labels).item(), rel=1e-5)


def test_a_gradient_that_is_no_number_stops_a_run_with_a_good_loss() -> None:
    def overflow(gradients: list[torch.Tensor], max_norm: float) -> tuple[list[torch.Tensor], torch.Tensor]:
        gradients[0].fill_(math.inf)
        return FUSED.clip_gradients(gradients, max_norm)

    model = small(FUSED.replace(clip_gradients=overflow))
    with pytest.raises(InputError, match=r"update 1 has loss 0\.\d+ and gradient norm inf"):
        Trainer(model, Classification(), made_up(), Settings(epochs=1), "cpu").fit()


def test_an_update_without_a_label_changes_nothing_and_ends_nothing() -> None:
    batches, records = made_up(), Records()
    batches.labels[:] = [IGNORED] * len(batches.labels)
    Trainer(small(), Classification(), batches, Settings(epochs=1), "cpu", [records]).fit()
    assert {record["loss"] for record in records.all} == {0.0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"epochs": 2.5}, "epochs is 2.5; expected at least 1, a whole"), ({"batch_size": 4.0}, "batch_size is 4.0"),
     ({"accumulation": 2.0}, "accumulation is 2.0"), ({"seed": 1.5}, "seed is 1.5"),
     ({"epochs": True}, "epochs is True")],
)  # fmt: skip
def test_what_is_counted_is_a_whole_number(unchecked, settings, message) -> None:
    with pytest.raises(InputError, match=message):
        Settings(**settings)


def test_a_warm_up_of_one_update_is_one_update() -> None:
    assert [Settings(warmup=warmup).warmup_steps(690) for warmup in (0, 0.1, 0.999, 1, 7)] == [0, 69, 690, 1, 7]


def test_a_loss_that_is_no_number_stops_with_its_step_and_keeps_the_records_before() -> None:
    poisoned = []

    def poison(logits, labels, reduction):
        poisoned.append(1)
        return TEXTBOOK.cross_entropy(logits, labels, reduction) * (math.nan if len(poisoned) == 7 else 1.0)

    records = Records()
    trainer = Trainer(
        small(), Classification(TEXTBOOK.replace(cross_entropy=poison)), made_up(), Settings(epochs=5), "cpu", [records]
    )
    with pytest.raises(InputError, match="update 7 has loss nan"):
        trainer.fit()
    assert [record["step"] for record in records.all] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs is 0; expected at least 1"),
        ({"learning_rate": -1.0}, r"learning_rate is -1.0; expected above 0"),
        ({"learning_rate": math.nan}, "learning_rate is nan"),
        ({"warmup": -0.1}, "warmup is -0.1"),
        ({"seed": 2**64}, "seed is 18446744073709551616; expected 0 or more"),
        ({"schedule": "step"}, "schedule is 'step'; expected linear or constant or cosine"),
    ],
)
def test_settings_out_of_range(change, message) -> None:
    with pytest.raises(InputError, match=message):
        Settings(**change)
    assert Settings(warmup=0.1).warmup_steps(690) == 69
    assert Settings(warmup=500).warmup_steps(690) == 500
