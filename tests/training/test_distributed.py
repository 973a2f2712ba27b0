"""Two processes, or three, do what one does: the same gradients, one set of files, and they take each other's place."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

import minisft
from minisft.errors import InputError
from minisft.models import BertForPretraining, SequenceClassifier
from minisft.objectives import MaskedAndNext, MaskedBatch
from minisft.text import Tokenizer
from minisft.training import choose_device, read_log, read_progress
from minisft.training.distributed import BUCKET, ProcessGroup, buckets
from minisft.training.resume import goes_on
from tests.training.shared_runs import CLASSES, RUNS, evaluated, examples, fine_tuning, measured, pretraining, rows, run

STATE = "training.safetensors"


def torchrun(processes: int, *arguments: object) -> subprocess.Popen:
    """Start `python -m arguments` so many times."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m",
         *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(minisft.__file__).parents[1],
    )  # fmt: skip


def finish(process: subprocess.Popen) -> tuple[str, str]:
    """What it printed; a run that hangs fails."""
    try:
        return process.communicate(timeout=150)
    except subprocess.TimeoutExpired:
        process.terminate()
        raise


def command(reviews: Path, model: Path, out: Path) -> list[object]:
    """`fine_tuning` of shared_runs on the command line."""
    return [
        "minisft", "finetune", "--data", reviews, "--model", model, "--out", out, "--epochs", 10, "--batch-size", 8,
        "--lr", 1e-3, "--max-length", 32, "--device", "cpu", "--keep-every", 4,
    ]  # fmt: skip


def wait_for(path: Path, process: subprocess.Popen) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)


@pytest.fixture(scope="module")
def still(tiny, tmp_path_factory) -> Path:
    """The tiny model without dropout, which is all that several processes do otherwise than one."""
    folder = tmp_path_factory.mktemp("still")
    no_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    SequenceClassifier.from_pretrained(tiny, **no_dropout).save_pretrained(folder)
    Tokenizer.from_folder(tiny).save(folder)
    return folder


@pytest.fixture(scope="module")
def alone(reviews, still, tmp_path_factory):
    """One process, from beginning to end."""
    done = fine_tuning(reviews, still, tmp_path_factory.mktemp("alone"))
    assert done.train()
    return done


@pytest.fixture(scope="module")
def together(reviews, tiny, still, tmp_path_factory) -> SimpleNamespace:
    """What two processes found, and one run that a single process began and did not live to end."""
    folder = tmp_path_factory.mktemp("together")
    arguments = [sys.executable, "-m", *map(str, command(reviews, still, folder / "of-one"))]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(folder / "of-one" / STATE, process)
    process.kill()
    process.wait()
    kept = read_progress(folder / "of-one" / STATE)
    assert not kept["finished"]
    process = torchrun(2, "tests.training.shared_runs", "everything", reviews, tiny, still, folder)
    printed, errors = finish(process)
    assert process.returncode == 0, errors
    found = [torch.load(folder / f"{rank}.pt") for rank in (0, 1)]
    return SimpleNamespace(found=found, folder=folder, printed=printed, errors=errors, step=kept["step"])


@pytest.mark.parametrize("name", RUNS)
def test_gradients_losses_and_weights_are_those_of_one_process(together, name) -> None:
    expected = run(name)
    for found in together.found:
        assert len(found[name]["gradients"]) == len(expected.gradients) > 1
        for mine, theirs in zip(found[name]["gradients"], expected.gradients, strict=True):
            assert (mine - theirs).norm() < 1e-6 * theirs.norm()
        for mine, theirs in zip(found[name]["records"], expected.records, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-6)
        for key, tensor in expected.weights.items():
            torch.testing.assert_close(found[name]["weights"][key], tensor, rtol=1e-5, atol=1e-7, msg=key)
            # and both processes have the very same
            assert torch.equal(found[name]["weights"][key], together.found[0][name]["weights"][key])


def test_the_runs_above_have_uneven_batches_and_one_smaller_than_the_group() -> None:
    last = {name: list(rows(*RUNS[name][2]).epoch(0)) for name in ("class", "accumulated", "number", "labels")}
    assert min(len(batch.rows) for batch in last["class"]) == 1
    assert min(len(batch.rows) for batch in last["number"]) == 3
    assert len(last["accumulated"]) == 7  # windows of four and three
    assert {len(batch.rows) for batch in examples("mlm+nsp").epoch(0)} > {5}


def test_shares_are_the_whole_batch_and_nothing_twice() -> None:
    for batch in [*examples("mlm+nsp").epoch(0), *examples("plm").epoch(0), *rows(CLASSES, 4).epoch(0)]:
        shares = [batch.share(rank, 3) for rank in range(3)]
        assert sorted(row for share in shares for row in share.rows) == sorted(batch.rows)
        for share in shares:
            for number, row in enumerate(share.rows):
                where = batch.rows.index(row)
                assert torch.equal(share.input_ids[number], batch.input_ids[where])
                assert torch.equal(share.labels[number], batch.labels[where])
            if hasattr(share, "positions"):
                assert (share.labels.flatten()[share.positions] != -100).all()
        if isinstance(batch, MaskedBatch):
            assert sum(len(share.positions) for share in shares) == len(batch.positions)
            assert {MaskedAndNext().items(batch) / len(batch.rows)} == {share.words_a_row for share in shares}


def test_lightning_agrees_except_where_the_shares_are_uneven(together) -> None:
    """It takes the mean of the processes' means: of three rows, the one weighs as much as the two others."""
    for found in (one["lightning"] for one in together.found):
        assert sorted(found["rows"]) == [3, *[4] * 6]
        uneven = found["rows"].index(3)
        # Up to there both have the same weights; after it they go ways of their own.
        assert uneven > 1
        for mine, theirs in zip(found["ours"][:uneven], found["lightning"][:uneven], strict=True):
            assert (mine - theirs).norm() < 1e-5 * mine.norm()
        mine, theirs = found["ours"][uneven], found["lightning"][uneven]
        assert (mine - theirs).norm() > 1e-2 * mine.norm()
    losses = [sum(pair) / 2 for pair in zip(*(one["lightning"]["losses"] for one in together.found), strict=True)]
    assert losses[:uneven] == pytest.approx(together.found[0]["lightning"]["loss"][:uneven], rel=1e-5)


def test_a_resumed_run_is_bit_for_bit_the_same_also_with_dropout(together) -> None:
    whole, cut = (load_file(together.folder / name / "model.safetensors") for name in ("whole", "cut"))
    assert all(torch.equal(tensor, cut[name]) for name, tensor in whole.items())
    for one, two in zip(*(read_log(together.folder / name / "log.jsonl") for name in ("whole", "cut")), strict=True):
        assert one | {"seconds": 0} == two | {"seconds": 0}


def test_each_process_drops_out_other_numbers(together) -> None:
    drawn = [tuple(numbers.tolist()) for found in together.found for numbers in found["draws"]]
    assert len(drawn) > 2 * 6  # updates
    assert len(set(drawn)) == len(drawn)


def test_one_writes(together) -> None:
    records = read_log(together.folder / "whole" / "log.jsonl")
    assert [record["step"] for record in records if "validation" not in record] == list(range(1, 61))
    assert [record["step"] for record in records if "validation" in record] == [30, 60]
    # A bar is drawn once before it has lasted a second and an update; who resumes does not begin at 0.
    assert len(re.findall(r"fine-tuning:   0%[^\r\n]* 0/\d+ \[00:00<\?", together.errors)) == 3  # whole, cut, forced


def test_two_go_on_where_one_was_killed(together, alone) -> None:
    for found in together.found:
        assert found["of-one"] == together.step
        assert found["tested"] == pytest.approx(alone.test().scores(), rel=1e-4)
    assert [found["calls"] for found in together.found] == [1, 0]  # of the one batch there is
    assert_same_run(together.folder / "of-one", alone.out)


def test_pretraining_is_measured_by_all(together, tmp_path) -> None:
    expected = pretraining(tmp_path)
    for found in together.found:
        assert found["pretrained"] == pytest.approx(expected, rel=1e-4)


def test_what_one_process_finds_counts_as_much_as_what_another_does(together) -> None:
    loss, outputs = evaluated()
    for found in together.found:
        assert found["evaluated"][0] == pytest.approx(loss, rel=1e-6)
        torch.testing.assert_close(found["evaluated"][1], outputs)
        assert found["measured"] == pytest.approx(measured(), rel=1e-6)


def test_all_go_back_to_the_best_epoch(together) -> None:
    for name, kind in (("forced", SequenceClassifier), ("held", BertForPretraining)):
        kept = kind.from_pretrained(together.folder / name).state_dict()
        for found in together.found:
            assert all(torch.equal(tensor, kept[key]) for key, tensor in found["best"][name].items()), name


def test_all_end_with_one_message(together) -> None:
    for found in together.found:
        assert found["poisoned"].startswith("update 3 has loss nan")
        assert found["status"] == 2
    assert together.errors.count("error: epochs is 0; expected at least 1") == 1
    assert together.printed == ""


def assert_same_run(one: Path, other: Path) -> None:
    """Up to the rounding of sums in another order."""
    mine, theirs = read_log(one / "log.jsonl"), read_log(other / "log.jsonl")
    assert [record["step"] for record in mine] == [record["step"] for record in theirs]
    for name in ("loss", "gradient_norm", "accuracy"):
        assert [r.get(name, 0) for r in mine] == pytest.approx([r.get(name, 0) for r in theirs], rel=1e-3), name
    ids = torch.arange(5, 25)[None]
    logits = [SequenceClassifier.from_pretrained(folder).eval()(ids) for folder in (one, other)]
    torch.testing.assert_close(*logits, rtol=0, atol=1e-4)


def test_two_are_killed_three_are_interrupted_and_one_ends_the_run(reviews, still, alone, tmp_path) -> None:
    out = tmp_path / "run"
    process = torchrun(2, *command(reviews, still, out))
    wait_for(out / STATE, process)
    time.sleep(random.uniform(0, 0.3))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    os.kill(int(random.choice(children.read_text().split())), signal.SIGKILL)
    printed, errors = finish(process)
    assert process.returncode != 0
    assert printed.count("rows       240 train") == printed.count("2 processes, each on cpu") == 1
    assert "after" not in printed
    assert errors.count("error: ") <= 1  # torchrun may end the other before it says that it was left alone
    killed = read_progress(out / STATE)
    assert not killed["finished"]

    process = torchrun(3, "minisft", "finetune", "--out", out, "--keep-every", 4, "--resume")
    while read_progress(out / STATE)["step"] == killed["step"]:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, errors = finish(process)
    assert f"resumed    at update {killed['step']} of 300" in printed
    interrupted = read_progress(out / STATE)
    assert killed["step"] < interrupted["step"] < 300
    assert printed.count(f"stopped    at update {interrupted['step']} of 300; nothing is lost") == 1
    assert "error: " not in errors

    last = fine_tuning(reviews, still, out, resume=True)
    assert last.trainer.step == interrupted["step"]
    assert last.train()
    assert_same_run(out, alone.out)


def test_gradients_are_summed_in_buckets_of_one_type() -> None:
    large, small, other = torch.zeros(BUCKET + 1), torch.zeros(2, 3), torch.zeros(4, dtype=torch.float64)
    half = torch.zeros(BUCKET // 2)
    found = list(buckets([small, small, large, small, other, half, half, small]))
    assert [[tensor.numel() for tensor in bucket] for bucket in found] == [
        [6, 6], [BUCKET + 1], [6], [4], [BUCKET // 2] * 2, [6],
    ]  # fmt: skip
    assert list(buckets([])) == []


def test_a_process_whose_launcher_is_gone_stops(monkeypatch) -> None:
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda found: None)
    assert not ProcessGroup(0, 2, launcher=os.getppid()).stops(False)
    assert ProcessGroup(0, 2, launcher=os.getppid()).stops(True)
    assert ProcessGroup(0, 2, launcher=os.getppid() + 1).stops(False)


def test_what_does_not_suit_several_processes(monkeypatch, tmp_path) -> None:
    group = ProcessGroup(1, 100, local_rank=99)
    monkeypatch.setattr("minisft.training.settings.process_group", lambda: group)
    with pytest.raises(InputError, match="cuda:0 is one GPU, and each of 100 processes needs its own; take cuda"):
        choose_device("cuda:0")
    with pytest.raises(InputError, match="torch sees no device cuda:99"):
        choose_device("cuda")
    shared = SimpleNamespace(gather=lambda found: [found, not found])
    monkeypatch.setattr("minisft.training.resume.process_group", lambda: shared)
    with pytest.raises(InputError, match="is there for some processes and not for all"):
        goes_on(tmp_path / STATE, {}, resume=True)


def test_a_lost_process_is_said_in_plain_words(monkeypatch) -> None:
    def lose(tensor: torch.Tensor, async_op: bool) -> None:
        raise RuntimeError("[tcp/pair.cc:534] Connection closed by peer")

    monkeypatch.setattr(torch.distributed, "all_reduce", lose)
    with pytest.raises(InputError, match="another process of this run has ended or does not answer"):
        ProcessGroup(0, 2).sum_([torch.ones(3)])
