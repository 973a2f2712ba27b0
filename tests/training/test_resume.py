"""A run that is cut off anywhere goes on as if nothing had been."""

import json
import math
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from minisft.cli import main
from minisft.data import load_task
from minisft.errors import InputError
from minisft.models import SequenceClassifier
from minisft.text import Tokenizer
from minisft.training import Callback, FineTuning, Settings, Trainer, read_log, read_progress
from minisft.training.callbacks import StopOnInterrupt, Validate
from minisft.training.fine_tuning import STATE
from tests.training.interruptions import StopAt, assert_same_weights

pytestmark = pytest.mark.usefixtures("unchecked")
SETTINGS = Settings(epochs=3, batch_size=8, learning_rate=1e-3)


def make(reviews: Path, tiny: Path, out: Path, **options) -> FineTuning:
    options = {"settings": SETTINGS, "max_length": 32, "device": "cpu", "keep_every": 4, **options}
    return FineTuning(load_task(reviews), tiny, out=out, **options)


@pytest.fixture(scope="module")
def uninterrupted(reviews, tiny, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    assert make(reviews, tiny, out).train()
    return out


# An epoch has 30 updates; a state is kept after every fourth, and after each epoch.
@pytest.mark.parametrize(("step", "kept"), [(1, 0), (17, 16), (30, 28), (31, 30), (59, 56)])
@pytest.mark.parametrize("crash", [True, False])
def test_resumed_weights_and_log_are_bit_for_bit_the_same(
    reviews, tiny, uninterrupted, tmp_path, step, kept, crash
) -> None:
    first = make(reviews, tiny, tmp_path, callbacks=(StopAt(step, crash),))
    if crash:
        with pytest.raises(RuntimeError, match="crash"):
            first.train()
    else:
        first.train()
    second = make(reviews, tiny, tmp_path, resume=True)
    assert second.trainer.step == (kept if crash else step)
    assert second.train()
    assert_same_weights(tmp_path, uninterrupted)
    timeless = [[{k: v for k, v in r.items() if k != "seconds"} for r in read_log(f / "log.jsonl")]
                for f in (tmp_path, uninterrupted)]  # fmt: skip
    assert timeless[0] == timeless[1]
    assert second.validate.history == read_progress(uninterrupted / "training.safetensors")["history"]


def arguments(reviews: Path, tiny: Path, out: Path) -> list[str]:
    return [
        "finetune", "--data", str(reviews), "--model", str(tiny), "--out", str(out), "--epochs", "6", "--batch-size",
        "4", "--lr", "1e-3", "--max-length", "32", "--device", "cpu", "--keep-every", "5",
    ]  # fmt: skip


def start(*words: str) -> subprocess.Popen:
    """The command, in a process of its own."""
    command = [sys.executable, "-m", "minisft", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_kill_at_a_random_step_then_resume(reviews, tiny, tmp_path, capsys) -> None:
    """A real `kill -9` of a real process, at a moment that nobody chose."""
    assert main(arguments(reviews, tiny, tmp_path / "whole")) == 0
    cut = tmp_path / "cut"
    process = start(*arguments(reviews, tiny, cut))
    while not (cut / "training.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.001)
    time.sleep(random.uniform(0, 1.0))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    stopped = read_progress(cut / "training.safetensors")  # a state that loads, however the kill fell
    assert not stopped["finished"]
    assert main([*arguments(reviews, tiny, cut), "--resume"]) == 0
    assert f"at update {stopped['step']} of 360" in capsys.readouterr().out
    assert_same_weights(cut, tmp_path / "whole")


def test_ctrl_c_saves_and_says_how_to_go_on(reviews, tiny, tmp_path, capsys) -> None:
    process = start(*arguments(reviews, tiny, tmp_path))
    while len(read_log(tmp_path / "log.jsonl")) < 10:
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    step = read_progress(tmp_path / "training.safetensors")["step"]
    assert f"stopped    at update {step} of 360; nothing is lost" in output
    assert f"python -m minisft finetune --out {tmp_path} --resume" in output
    # That very command works: the rest is taken from when the run was started.
    assert main(["finetune", "--out", str(tmp_path), "--resume"]) == 0
    assert f"resumed    at update {step} of 360" in capsys.readouterr().out


def test_a_full_disk_keeps_the_state_before(reviews, tiny, tmp_path) -> None:
    """The limit on a file's size stands in for a full disk: the write fails half-way in the same manner."""
    make(reviews, tiny, tmp_path, callbacks=(StopAt(12, crash=False),)).train()
    before = (tmp_path / "training.safetensors").read_bytes()

    class FillTheDisk(Callback):
        def on_update(self, trainer: Trainer) -> None:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    run = make(reviews, tiny, tmp_path, resume=True, callbacks=(FillTheDisk(),))
    try:
        with pytest.raises(
            InputError, match=r"could not write .*training.safetensors.*what was there before is unharmed"
        ):
            run.train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (tmp_path / "training.safetensors").read_bytes() == before
    assert make(reviews, tiny, tmp_path, resume=True).trainer.step == 12


def test_what_does_not_belong_together_is_refused(reviews, tiny, tmp_path) -> None:
    make(reviews, tiny, tmp_path, callbacks=(StopAt(5, crash=False),)).train()
    with pytest.raises(InputError, match="holds a run that stopped at update 5; add --resume"):
        make(reviews, tiny, tmp_path)
    with pytest.raises(InputError, match=r"was started with learning_rate 0.001, not 0.002"):
        make(reviews, tiny, tmp_path, resume=True, settings=Settings(epochs=3, batch_size=8, learning_rate=2e-3))
    state = tmp_path / "training.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(InputError, match="is not the state of a run"):
        make(reviews, tiny, tmp_path, resume=True)


def test_best_epoch_is_kept_and_patience_ends_the_run(reviews, tiny, tmp_path, monkeypatch) -> None:
    run = make(reviews, tiny, tmp_path, patience=2, settings=Settings(epochs=30, batch_size=8, learning_rate=3e-3))
    accuracies, weights = iter([0.5, 0.9, 0.7, 0.9, 0.95]), []

    def pretend(model, *_) -> SimpleNamespace:
        weights.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return SimpleNamespace(loss=1.0, scores=lambda: {"accuracy": next(accuracies), "loss": 1.0})

    monkeypatch.setattr("minisft.training.callbacks.evaluate", pretend)
    assert run.train()
    assert run.trainer.epoch == 4  # two epochs without anything better than 0.9
    kept = SequenceClassifier.from_pretrained(tmp_path).state_dict()
    for name, tensor in run.model.state_dict().items():
        assert torch.equal(tensor, weights[1][name]), name
        assert torch.equal(kept[name], weights[1][name]), name
    assert read_progress(tmp_path / STATE)["finished"]  # another run may begin there


def test_a_new_run_takes_the_old_ones_state_away(reviews, tiny, tmp_path) -> None:
    """Killed before its first state, it does not go on where the old one ended."""
    one = {"settings": replace(SETTINGS, epochs=1)}
    assert make(reviews, tiny, tmp_path, **one).train()
    with pytest.raises(RuntimeError, match="crash"):
        make(reviews, tiny, tmp_path, callbacks=(StopAt(1, crash=True),), **one).train()
    assert make(reviews, tiny, tmp_path, resume=True, **one).trainer.step == 0


def test_a_second_interrupt_ends_a_run_at_once_and_the_handler_goes_when_it_ends() -> None:
    before, callback, trainer = signal.getsignal(signal.SIGINT), StopOnInterrupt(), SimpleNamespace(stop=False)
    callback.on_start(trainer)
    try:
        signal.raise_signal(signal.SIGINT)
        assert trainer.stop
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        callback.on_end(trainer)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_log_whose_last_line_was_cut_off_is_read(tmp_path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"st')
    assert read_log(tmp_path / "log.jsonl") == [{"step": 1}]


@pytest.mark.parametrize(
    ("metric", "scores", "losses", "best"),
    [
        ("f1", [0.0, 0.0, 0.0], [2.0, 1.5, 1.8], 2),  # no entity found yet: the loss tells
        ("f1", [0.2, 0.5, 0.5], [1.0, 1.4, 1.4], 2),  # of equal ones the first
        ("f1", [0.2, 0.6, 0.5], [1.0, 3.0, 0.5], 2),  # more is better, whatever the loss
        ("loss", [0.9, 0.1, 0.5], [1.0, 0.7, 0.8], 2),
    ],
)
def test_which_epoch_is_the_best(metric, scores, losses, best, tmp_path) -> None:
    validate = Validate(None, metric, tmp_path)
    for epoch, (score, loss) in enumerate(zip(scores, losses, strict=True), 1):
        validate.history.append({"epoch": epoch, "step": epoch, "f1": score, "loss": loss})
    assert validate.best_epoch() == best


def test_a_model_that_gives_no_loss_any_more_is_not_kept(reviews, tiny, tmp_path, monkeypatch) -> None:
    run = make(reviews, tiny, tmp_path, settings=Settings(epochs=3, batch_size=8))
    losses = iter([1.0, math.nan])
    monkeypatch.setattr(
        "minisft.training.callbacks.evaluate",
        lambda *_: SimpleNamespace(loss=(loss := next(losses)), scores=lambda: {"accuracy": 0.5, "loss": loss}),
    )
    with pytest.raises(InputError, match="after epoch 2 the validation loss is nan; try a lower learning rate than"):
        run.train()
    assert len(run.validate.history) == 1


def test_what_a_model_reads_is_written_when_the_model_is(reviews, tiny, tmp_path) -> None:
    assert make(reviews, tiny, tmp_path).train()
    known = json.loads((tmp_path / "task.json").read_text())
    assert known == {"task": str(reviews), "language": "en", "domain": None, "columns": ["text"], "max_length": 32}
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("one,two,label\n" + "good,bad,0\nbad,bad,1\n" * 20)
    other = make(pairs, tiny, tmp_path, callbacks=(StopAt(1, crash=False),))
    assert not other.train()
    assert json.loads((tmp_path / "task.json").read_text()) == known  # of the model that is still there


def test_a_run_that_began_without_a_description_gets_one(reviews, tiny, tmp_path) -> None:
    assert not make(reviews, tiny, tmp_path, callbacks=(StopAt(31, crash=False),)).train()
    (tmp_path / "task.json").unlink()
    resumed = make(reviews, tiny, tmp_path, resume=True)
    resumed.validate.best_epoch = lambda: 1  # no later epoch is better
    assert resumed.train()
    assert (tmp_path / "task.json").exists()


def test_patience_is_kept_and_what_it_has_ended_stays_ended(reviews, tiny, tmp_path, monkeypatch) -> None:
    scores = iter([0.5, 0.9, 0.7, 0.6, 0.95])
    monkeypatch.setattr(
        "minisft.training.callbacks.evaluate",
        lambda *_: SimpleNamespace(loss=1.0, scores=lambda: {"accuracy": next(scores), "loss": 1.0}),
    )
    settings = Settings(epochs=30, batch_size=8, learning_rate=1e-3)
    make(reviews, tiny, tmp_path, patience=2, settings=settings, callbacks=(StopAt(70, crash=False),)).train()
    assert read_progress(tmp_path / STATE)["about"]["patience"] == 2
    with pytest.raises(InputError, match="was started with patience 2, not None"):
        make(reviews, tiny, tmp_path, settings=settings, resume=True)
    assert make(reviews, tiny, tmp_path, patience=2, settings=settings, resume=True).train()
    ended = make(reviews, tiny, tmp_path, patience=2, settings=settings, resume=True)  # killed in its final test
    assert ended.trainer.epoch == 4
    assert ended.train()
    assert ended.trainer.epoch == 4
    assert next(scores) == 0.95  # no fifth epoch was looked at


def test_ctrl_c_while_the_others_are_asked_is_not_lost(reviews, tiny, tmp_path) -> None:
    trainer = make(reviews, tiny, tmp_path).trainer

    def ask(stop: bool) -> bool:
        trainer.stop = True  # as the signal handler does, after all have answered that they go on
        return stop

    trainer.group = SimpleNamespace(stops=ask)
    assert not trainer.stopping()  # as all agreed
    assert trainer.stopping()


def test_a_new_vocabulary_never_stands_beside_old_weights(reviews, tiny, tmp_path) -> None:
    out = tmp_path / "out"
    assert make(reviews, tiny, out).train()
    make(reviews, tiny, out, callbacks=(StopAt(1, crash=False),), settings=replace(SETTINGS, seed=1)).train()
    assert (out / "model.safetensors").exists()  # the same pieces: what was there still fits
    (out / STATE).unlink()
    other = tmp_path / "other"
    shutil.copytree(tiny, other)
    pieces = Tokenizer.from_folder(tiny).vocabulary
    Tokenizer([*pieces[:5], *pieces[:4:-1]]).save(other)
    make(reviews, other, out, callbacks=(StopAt(1, crash=False),)).train()
    assert not (out / "model.safetensors").exists()


def test_other_rows_are_no_way_to_go_on(reviews, tiny, tmp_path) -> None:
    data = tmp_path / "reviews.csv"
    data.write_text(reviews.read_text())
    make(data, tiny, tmp_path / "out", callbacks=(StopAt(5, crash=False),)).train()
    with open(data, "a") as file:
        file.writelines(["the film was good,positive\n"] * 50)
    with pytest.raises(InputError, match=r"was started with training_rows \d+, not \d+"):
        make(data, tiny, tmp_path / "out", resume=True)


def test_a_folder_that_cannot_be_written_is_said(reviews, tiny, tmp_path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"could not write to .*file: File exists; choose another folder with --out"):
        make(reviews, tiny, tmp_path / "file").train()
    assert (tmp_path / "file").read_text() == "mine"


def test_pieces_that_the_model_has_no_row_for(reviews, tiny, tmp_path) -> None:
    folder = tmp_path / "grown"
    shutil.copytree(tiny, folder)
    Tokenizer([*Tokenizer.from_folder(tiny).vocabulary, "harbour"]).save(folder)
    with pytest.raises(InputError, match=r"has \d+ pieces and a model of \d+: they do not belong together"):
        make(reviews, folder, tmp_path / "out")


def test_transformers_is_told_where_the_model_ends(reviews, tiny, tmp_path) -> None:
    from transformers import AutoTokenizer

    assert make(reviews, tiny, tmp_path).train()
    ids = AutoTokenizer.from_pretrained(tmp_path)("very " * 100, truncation=True).input_ids
    assert len(ids) == 64  # the positions of `tiny`
