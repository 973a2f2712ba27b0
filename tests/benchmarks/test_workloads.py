"""The work that the benchmarks count is what torch counts, and the clock counts no update twice."""

import pytest
import torch
from measuring import Clock, Results, machine
from torch.utils.flop_counter import FlopCounterMode
from workloads import HIDDEN, Workload, flops_a_token, sized

from minisft.models import BertForPretraining, SequenceClassifier


@pytest.mark.parametrize(("rows", "tokens"), [(3, 40), (5, 16)])
def test_the_flops_of_an_update_are_torchs(rows, tokens) -> None:
    ids = torch.randint(5, 999, (rows, tokens))
    model = SequenceClassifier(sized("3x64"), ["no", "yes"])
    with FlopCounterMode(display=False) as counter:
        model(ids).sum().backward()
    counted = counter.get_total_flops() / ids.numel()
    assert flops_a_token(Workload(model="3x64"), tokens) == pytest.approx(counted, rel=1e-9)


def test_the_flops_of_pretraining_are_torchs() -> None:
    rows, tokens = 4, 40
    model, ids = BertForPretraining(sized("2x64")), torch.randint(5, 999, (rows, tokens))
    positions = torch.arange(round(HIDDEN * rows * tokens)) * 6
    with FlopCounterMode(display=False) as counter:
        model(ids, positions=positions)[0].sum().backward()
    counted = counter.get_total_flops() / ids.numel()
    # It also pools for the next sentence, which masked words alone do not need.
    assert flops_a_token(Workload("pretrain", "2x64", tokens), tokens) == pytest.approx(counted, rel=1e-3)


def test_the_clock_counts_from_the_end_of_the_last_skipped_update(monkeypatch) -> None:
    now = iter((100.0, 103.5))
    clock = Clock("cpu", steps=4, skipped=1)
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    for tokens in (1000, 10, 20, 30):
        assert not clock.done
        clock.update(tokens)
    assert clock.done
    found = clock.report()
    assert (found["updates"], found["tokens"]) == (3, 60)
    assert found["seconds"] == 3.5


def test_a_bench_goes_on_where_it_was(tmp_path) -> None:
    first = Results("cpu", tmp_path)
    for number, others in enumerate((0.01, 0.7)):
        first.keep("updates", {"system": "ours", "round": number}, {"seconds": 1.0, "others": others})
    again = Results("cpu", tmp_path)
    assert [again.has("updates", {"system": "ours", "round": number}) for number in range(3)] == [True, False, False]
    assert again.disturbed("updates") == 1
    again.keep("updates", {"system": "ours", "round": 1}, {"seconds": 2.0, "others": 0.0})
    assert [entry["found"]["seconds"] for entry in again.of("updates")] == [1.0, 2.0]
    assert again.disturbed("updates") == 0
    again.forget("updates")
    assert again.of("updates") == []


def test_other_libraries_or_texts_are_measured_again(tmp_path, monkeypatch) -> None:
    asked = {"system": "ours"}
    monkeypatch.delenv("MINISFT_DATA", raising=False)
    Results("cpu", tmp_path).keep("updates", asked, {"others": 0.0})
    assert Results("cpu", tmp_path).has("updates", asked)
    monkeypatch.setenv("MINISFT_DATA", "/data")
    today = Results("cpu", tmp_path)
    assert not today.has("updates", asked)
    today.keep("optimisers", asked, {"others": 0.0})
    town, mrpc = today.headings()
    assert town.startswith(f"{machine('cpu')}, torch {torch.__version__}, transformers ")
    assert town.endswith("texts the town's paraphrases")
    assert mrpc.endswith("texts MRPC")
    today.now = {**today.now, "torch": "1.0"}
    assert not today.has("optimisers", asked)


def test_what_cannot_be_kept_is_said_at_once(tmp_path) -> None:
    results = Results("cpu", tmp_path)
    results.keep("updates", {}, {"others": 0.0})
    results.path.write_text(results.path.read_text()[:30])
    with pytest.raises(SystemExit, match=r"\.json is damaged: delete it"):
        Results("cpu", tmp_path)
    with pytest.raises(SystemExit, match=r"no right to write in .*nowhere"):
        Results("cpu", tmp_path / "nowhere")
