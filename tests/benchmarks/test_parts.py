"""Each part of the bench measures something, on a model too small to tell anything; and reports what there is."""

import json
from argparse import Namespace
from unittest import mock

import changes
import growth
import inference
import optimizers
import peers
import profile_step
import pytest
import step
import torch
from bench import PARTS
from measuring import RESULTS, Results
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForMaskedLM, Trainer
from workloads import Workload, model_folder, sized

from minisft.models import SequenceClassifier

TINY, ROWS = "2x64", 2
FILES = sorted(RESULTS.glob("bench-*.json"))


@pytest.fixture(autouse=True)
def few(monkeypatch, unchecked) -> None:
    """The town's texts, and little of everything."""
    monkeypatch.delenv("MINISFT_DATA", raising=False)
    monkeypatch.setattr("workloads.CORPUS", (2000, 2000))
    for module, name, value in (
        (changes, "UPDATES", 1), (changes, "SKIPPED", 1), (growth, "STEPS", 2), (growth, "WARM", 1),
        (growth, "WHOLE_ROWS", 4), (inference, "SENTENCES", 4),
        (inference, "ALONE", 2), (inference, "PASSES", 1), (profile_step, "UPDATES", 1), (profile_step, "SKIPPED", 1),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)


def asked(kind: str, precision: str = "fp32") -> dict:
    return {"kind": kind, "model": TINY, "length": 16, "rows": ROWS, "precision": precision, "device": "cpu",
            "skipped": 1, "steps": 3}  # fmt: skip


@pytest.mark.parametrize(
    ("system", "kind"),
    [(s, "finetune") for s in ("recipe", "trainer", "lightning", "ours", "textbook")]
    + [(s, "pretrain") for s in ("trainer", "narrow", "ours")],
)
def test_updates(system, kind) -> None:
    found = step.measure(system, 0, **asked(kind))
    assert found["updates"] == 2
    assert found["seconds"] > 0
    assert found["peak_mb"] > 0
    assert (2 * ROWS * 16 if kind == "pretrain" else 2 * ROWS * 9) <= found["tokens"] <= 2 * ROWS * 128


def test_changes_are_made(monkeypatch) -> None:
    called = {}
    for name, variant in list(changes.VARIANTS.items()):
        patches = []
        for owner, attribute, function in variant.patches:
            called[name, attribute] = watched = mock.Mock(side_effect=function)
            patches.append((owner, attribute, lambda *given, watched=watched, **named: watched(*given, **named)))
        monkeypatch.setitem(changes.VARIANTS, name, changes.Variant(variant.ops, tuple(patches), variant.rows))
    found = changes.measure(0, TINY, "fp32", "cpu", ROWS)["variants"]
    assert found.keys() == changes.VARIANTS.keys()
    assert all(run["seconds"] > 0 < run["tokens"] for run in found.values())
    assert len(called) >= 5
    assert [key for key, function in called.items() if not function.called] == []


def test_optimizers() -> None:
    found = optimizers.measure(0, TINY, "cpu")
    assert found["numbers"] == sum(p.numel() for p in SequenceClassifier(sized(TINY), ["no", "yes"]).parameters())
    assert all(seconds > 0 for seconds in found["seconds"].values())


@pytest.mark.parametrize("system", inference.SYSTEMS)
def test_inference(system) -> None:
    found = inference.measure(system, 0, TINY, "fp32", "cpu")
    assert found["batches"] > 0 < found["alone"]


@pytest.mark.parametrize("system", growth.SYSTEMS)
def test_growth(system, monkeypatch) -> None:
    monkeypatch.setattr(growth, "AXES", {"length": [8, 16]})
    points = growth.measure(system, "length", 0, TINY, "fp32", "cpu")["points"]
    assert points.keys() == {"8", "16"}
    stages = growth.measure(system, "whole", 0, TINY, "fp32", "cpu")["points"]
    assert list(stages) == list(growth.STAGES)
    assert all(seconds > 0 for seconds in (*points.values(), *stages.values()))


@pytest.mark.parametrize("profiled", [profile_step.profile_ours, profile_step.profile_trainer])
def test_a_profile(profiled) -> None:
    profiler, seconds = profiled(Workload(model=TINY, rows=ROWS))
    parts = profile_step.parts_of(profiler.events(), seconds)
    assert {"attention", "feed-forward", "AdamW"} <= parts.keys()
    assert sum(parts.values()) > 0


def test_the_peers_are_at_their_best() -> None:
    """On a CPU transformers is faster in bf16 with its plain attention. Of the GPU all systems skip as much."""
    ways = {(w.device, w.precision): peers.attention_for(w) for w in (
        Workload(), Workload(precision="bf16"), Workload(precision="bf16", device="cuda"))}  # fmt: skip
    assert ways == {("cpu", "fp32"): "sdpa", ("cpu", "bf16"): "eager", ("cuda", "bf16"): "sdpa"}
    for device in ("cpu", "cuda"):
        options = Namespace(rounds=1, precisions=["bf16"], device=device, model=TINY, rows=4, lengths=[128],
                            pretraining_tokens=1024, systems=list(step.SYSTEMS))  # fmt: skip
        planned = [one for one in step.plan(options) if one["system"] != "peak"]
        for kind, systems in (("finetune", step.FINE_TUNING), ("pretrain", step.PRETRAINING)):
            of_kind = [one for one in planned if one["kind"] == kind]
            assert [one["system"] for one in of_kind] == [name for name in step.SYSTEMS if name in systems]
            assert len({one["skipped"] for one in of_kind}) == 1


def test_the_head_at_the_hidden_words_alone_is_the_same_loss_and_less_work(tmp_path) -> None:
    with model_folder(TINY) as folder:
        model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    ids, generator = torch.randint(5, 999, (4, 32)), torch.Generator().manual_seed(0)
    labels = torch.where(torch.rand(4, 32, generator=generator) < 0.15, ids, -100)
    work, losses = [], []
    for kind in (Trainer, peers.HiddenWordsTrainer):
        trainer = kind(model, peers.arguments_for(tmp_path, use_cpu=True))
        with FlopCounterMode(display=False) as counter:
            losses.append(trainer.compute_loss(model, {"input_ids": ids, "labels": labels.clone()}).item())
        work.append(counter.get_total_flops())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert work[1] < 0.3 * work[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("part", PARTS)
def test_whatever_has_been_measured_is_reported(part, file, tmp_path, capsys) -> None:
    """All of a file, also an older one, and what there was of it when a bench was cut off."""
    results = Results("cpu", tmp_path)
    content = json.loads(file.read_text(encoding="utf-8"))
    entries = content["parts"].get(part, [])
    for count in {1, 2, len(entries) // 2, len(entries)} - {0}:
        results.content = {"machine": "some machine", "parts": {part: entries[:count]}}
        if results.of(part):
            PARTS[part].report(results)
            assert capsys.readouterr().out.strip() or count < len(entries)
