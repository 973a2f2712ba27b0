"""Pretraining learns, goes on as if nothing had been after a kill, and refuses what does not fit."""

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from minisft.data import load_task
from minisft.data.corpus import Corpus
from minisft.errors import InputError
from minisft.models import BertForPretraining, PermutationBert
from minisft.objectives import OBJECTIVES
from minisft.training import FineTuning, Pretraining, Settings, Shape, read_log, read_progress
from minisft.training.pretraining import DEFAULTS, measure
from minisft.training.settings import length_multiple
from tests.training.interruptions import StopAt, assert_same_weights

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
SHAPE = Shape(layers=2, width=24, heads=3, positions=32)
FAST = replace(DEFAULTS, batch_size=8, learning_rate=5e-3)
NOUNS = ["ferry", "market", "school", "bakery", "harbour", "library", "mill", "bridge"]
VERBS = ["opens", "closes", "waits", "burns", "stands", "sleeps", "moves", "sings"]


def corpus(documents: int = 120, seed: int = 0) -> Corpus:
    """Each document has a noun and a verb that all its sentences use: both words and continuations can be guessed."""
    draw = random.Random(seed)

    def document() -> list[str]:
        noun, verb = draw.choice(NOUNS), draw.choice(VERBS)
        return [f"the {noun} {verb} at {draw.choice(['one', 'two', 'three'])} ." for _ in range(draw.randint(3, 6))]

    texts = [document() for _ in range(documents)]
    return Corpus("made up", texts[:-20], texts[-20:], {"corpus": ["made up"]})


def make(out: Path, kind: str = "mlm+nsp", **options) -> Pretraining:
    options = {"shape": SHAPE, "settings": FAST, "steps": 200, "max_length": 24, "device": "cpu", **options}
    return Pretraining(options.pop("corpus", None) or corpus(), kind, out=out, **options)


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_held_out_text_is_guessed_better(kind, tmp_path) -> None:
    run = make(tmp_path, kind)
    words = "mlm" if kind.startswith("mlm") else "plm"
    before = run.measure()
    assert before[f"{words}_perplexity"] > 0.7 * len(run.tokenizer.vocabulary)  # it knows nothing yet
    assert run.train()
    after = run.measure()
    assert after[f"{words}_perplexity"] < 0.35 * before[f"{words}_perplexity"]
    assert after[f"{words}_perplexity"] == pytest.approx(math.exp(after[f"{words}_loss"]))
    parts = {"mlm+nsp": ("mlm", "nsp"), "mlm": ("mlm",)}.get(kind, ("plm",))
    wanted = {f"{part}_{score}" for part in parts for score in ("loss", "accuracy")} | {f"{parts[0]}_perplexity"}
    assert set(after) == wanted | {"loss"}  # a perplexity is of words, not of next sentences
    assert after["loss"] == pytest.approx(sum(value for name, value in after.items() if name.endswith("_loss")))
    best = run.validate.history[run.validate.best_epoch() - 1]
    assert after == pytest.approx({name: best[name] for name in after})
    loaded = type(run.model).from_pretrained(tmp_path)
    assert isinstance(loaded, BertForPretraining if words == "mlm" else PermutationBert)
    again = measure(loaded, run.objective, run.held_out, torch.device("cpu"))
    assert again == pytest.approx(after)
    assert len([r for r in read_log(tmp_path / "log.jsonl") if "validation" not in r]) == 200


def test_of_much_held_out_text_some_of_everywhere_is_measured(tmp_path, monkeypatch) -> None:
    everything = make(tmp_path / "all", "mlm").held_out
    rows = [batch.rows for batch in everything]
    assert len(rows) >= 4
    monkeypatch.setattr("minisft.training.pretraining.MEASURED", 24)  # rows; a batch has eight
    run = make(tmp_path / "some", "mlm", settings=replace(FAST, seed=5))
    some = [batch.rows for batch in run.held_out]
    step = -(-8 * len(rows) // 24)
    assert some == rows[::step]  # the same rows in the same order, whatever the run's seed
    assert sum(map(len, some)) <= 24 < sum(map(len, rows))
    assert torch.equal(run.held_out[0].input_ids, everything[0].input_ids)


def test_on_a_gpu_lengths_are_multiples_of_eight(tmp_path, monkeypatch) -> None:
    assert length_multiple("cpu") == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert length_multiple("cuda") == 8
    monkeypatch.setattr("minisft.training.pretraining.length_multiple", {"cpu": 8}.get)
    run = make(tmp_path, max_length=30)
    first = next(run.trainer.batches.epoch(0))
    assert {batch.input_ids.shape[1] for batch in [*run.held_out, first]} <= {8, 16, 24, 30}


@pytest.mark.usefixtures("unchecked")
def test_the_next_sentence_is_learnt(tmp_path) -> None:
    """Which takes a comparison of the two segments. Chance is a half; 1 in 16 random ones fits by accident."""
    shape, settings = Shape(2, 32, 2, positions=32), replace(FAST, batch_size=32, learning_rate=2e-3)
    run = make(tmp_path, corpus=corpus(600), steps=800, shape=shape, settings=settings)
    run.train()
    assert run.measure()["nsp_accuracy"] > 0.78


@pytest.mark.parametrize("kind", ["mlm+nsp", "plm"])
@pytest.mark.parametrize(
    ("device", "precision", "tolerance"),
    [
        ("cpu", "bf16", 5e-2),
        pytest.param("cuda", "fp32", 1e-3, marks=NEEDS_GPU),
        pytest.param("cuda", "bf16", 5e-2, marks=NEEDS_GPU),
    ],
)
def test_other_devices_and_precisions_agree_with_the_cpu_in_fp32(kind, device, precision, tolerance, tmp_path) -> None:
    curves = []
    for where, settings in (("cpu", FAST), (device, replace(FAST, precision=precision))):
        run = make(tmp_path / f"{where} {settings.precision}", kind, steps=15, device=where, settings=settings)
        assert run.train()
        curves.append([record["loss"] for record in read_log(run.out / "log.jsonl")])
    assert curves[0] == pytest.approx(curves[1], rel=tolerance)
    assert curves[0] != curves[1]


@pytest.mark.parametrize("kind", ["mlm+nsp", "plm"])
@pytest.mark.parametrize(("step", "kept", "crash"), [(23, 20, True), (23, 23, False), (51, 50, True)])
def test_resumed_weights_and_log_are_bit_for_bit_the_same(kind, step, kept, crash, tmp_path) -> None:
    options = {"steps": 60, "keep_every": 5}  # one round, and several epochs of the corpus
    make(tmp_path / "whole", kind, **options).train()
    first = make(tmp_path / "cut", kind, callbacks=(StopAt(step, crash),), **options)
    if crash:
        with pytest.raises(RuntimeError, match="crash"):
            first.train()
    else:
        assert not first.train()
    second = make(tmp_path / "cut", kind, resume=True, **options)
    assert second.trainer.step == kept
    assert second.train()
    assert_same_weights(tmp_path / "cut", tmp_path / "whole")
    timeless = [[{k: v for k, v in r.items() if k != "seconds"} for r in read_log(tmp_path / f / "log.jsonl")]
                for f in ("cut", "whole")]  # fmt: skip
    assert timeless[0] == timeless[1]
    assert read_progress(tmp_path / "cut" / "training.safetensors")["finished"]


@pytest.mark.usefixtures("unchecked")
def test_steps_are_kept_to_and_measured_on_the_way(tmp_path) -> None:
    run = make(tmp_path, steps=430, shape=Shape(1, 16, 2, positions=32))
    assert run.train()
    assert run.trainer.step == 430
    assert [record["step"] for record in run.validate.history] == [108, 216, 324, 430]
    rates = [record["learning_rate"] for record in read_log(tmp_path / "log.jsonl") if "validation" not in record]
    assert rates.index(max(rates)) == 43  # a tenth of all updates is the warm-up
    assert rates[-1] == pytest.approx(FAST.learning_rate / 387)


def test_going_on_from_a_model_and_fine_tuning_it(tmp_path, reviews, tiny) -> None:
    make(tmp_path / "one", steps=20).train()
    again = make(tmp_path / "two", steps=5, source=str(tmp_path / "one"))
    assert again.tokenizer.vocabulary == make(tmp_path / "three", steps=5).tokenizer.vocabulary
    for name, tensor in load_file(tmp_path / "one" / "model.safetensors").items():
        assert name.startswith(("bert.", "cls.")), name
        assert tensor.isfinite().all()
    before = BertForPretraining.from_pretrained(tmp_path / "one").state_dict()
    assert all(torch.equal(tensor, before[name]) for name, tensor in again.model.state_dict().items())
    plm = make(tmp_path / "four", "plm", steps=5)
    assert plm.tokenizer.vocabulary == again.tokenizer.vocabulary
    plm.train()
    for source in (tmp_path / "one", tmp_path / "four"):
        run = FineTuning(load_task(reviews), str(source), Settings(epochs=1), tmp_path / "tuned", 32, "cpu")
        assert torch.equal(
            run.model.bert.embeddings.word.weight,
            load_file(source / "model.safetensors")["bert.embeddings.word_embeddings.weight"],
        )


def test_the_loss_weighs_the_two_heads_as_bert_does(tmp_path) -> None:
    """The first update's loss is the mean over hidden words plus the mean over rows."""
    still = make(tmp_path, steps=1)
    (batch,) = still.trainer.batches.epoch(0)
    words, following = still.model(batch.input_ids, batch.attention_mask, batch.token_type_ids)
    expected = torch.nn.functional.cross_entropy(words, batch.labels.flatten())
    expected = expected + torch.nn.functional.cross_entropy(following, batch.next_labels)
    still.train()
    assert read_log(tmp_path / "log.jsonl")[0]["loss"] == pytest.approx(expected.item(), rel=1e-5)


def test_dropout_is_for_pretraining_and_the_saved_one_for_fine_tuning(tmp_path) -> None:
    def probabilities(run: Pretraining) -> set[float]:
        return {layer.p for layer in run.model.bert.layers} | {
            layer.attention.dropout for layer in run.model.bert.layers
        }

    first = make(tmp_path / "one", steps=1)
    assert probabilities(first) == {0.0}
    first.train()
    assert BertForPretraining.from_pretrained(tmp_path / "one").config.hidden_dropout_prob == 0.1
    again = make(tmp_path / "two", steps=1, source=str(tmp_path / "one"), dropout=0.3)
    assert probabilities(again) == {0.3}
    again.train()
    assert BertForPretraining.from_pretrained(tmp_path / "two").config.hidden_dropout_prob == 0.1


@pytest.mark.usefixtures("unchecked")
def test_the_best_round_is_kept_and_not_the_last(tmp_path, monkeypatch) -> None:
    run, losses, kept = make(tmp_path, steps=200), iter([1.0, 2.0]), []

    def pretend() -> dict[str, float]:
        kept.append({name: tensor.clone() for name, tensor in run.model.state_dict().items()})
        return {"loss": next(losses)}

    monkeypatch.setattr(run, "measure", pretend)
    assert run.train()
    assert len(kept) == 2
    assert all(torch.equal(tensor, kept[0][name]) for name, tensor in run.model.state_dict().items())


def test_held_out_text_is_measured_without_dropout(tmp_path) -> None:
    run = make(tmp_path, dropout=0.5, steps=1)
    run.model.train()
    assert run.measure() == run.measure()
    assert run.model.training


def test_what_does_not_fit_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="at least 2 documents, and there are 1"):
        make(tmp_path, corpus=replace(corpus(), train=corpus().train[:1]))
    with pytest.raises(InputError, match="held-out text: the next sentence needs at least 2 documents"):
        make(tmp_path, corpus=replace(corpus(), held_out=[["the ferry opens ."]]))
    with pytest.raises(InputError, match="held-out text: the corpus is empty"):
        make(tmp_path, corpus=replace(corpus(), held_out=[]))
    with pytest.raises(InputError, match=r"the corpus gives .* not 3000"):
        make(tmp_path, shape=replace(SHAPE, vocabulary_size=3000))
    with pytest.raises(InputError, match="steps is 0"):
        make(tmp_path, steps=0)
    with pytest.raises(InputError, match="accumulation is 2; pretraining takes 1"):
        make(tmp_path, settings=Settings(accumulation=2))
    with pytest.raises(InputError, match=r"dropout is 1\.0"):
        make(tmp_path, dropout=1.0)
    with pytest.raises(InputError, match="heads is 0"):
        Shape(heads=0)
    make(tmp_path / "first", callbacks=(StopAt(5, crash=False),)).train()
    with pytest.raises(InputError, match="holds a run that stopped at update 5; add --resume"):
        make(tmp_path / "first")
    with pytest.raises(InputError, match="was started with steps 200, not 300"):
        make(tmp_path / "first", steps=300, resume=True)
    with pytest.raises(InputError, match=r"was started with objective 'mlm\+nsp', not 'mlm'"):
        make(tmp_path / "first", "mlm", resume=True)
    make(tmp_path / "short", steps=1).train()
    with pytest.raises(InputError, match="max_length is 64; the model has 32 positions"):
        make(tmp_path / "other", source=str(tmp_path / "short"), max_length=64)
