"""The command `pretrain`, as a person meets it."""

import json
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, BertForPreTraining

from minisft.checkpoints import locate
from minisft.cli import main
from minisft.commands.resuming import keep_on
from minisft.errors import InputError
from minisft.models import Bert, BertForPretraining, PermutationBert
from minisft.training import Trainer, read_log, read_progress
from minisft.training.callbacks import StopOnInterrupt

LOCATE = sys.modules[locate.__module__]  # the module, which the function of the same name hides
SMALL = ["--layers", "2", "--width", "24", "--heads", "2", "--max-length", "32", "--batch-size", "8", "--lr", "3e-3"]


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    """A plain text file of 150 documents."""
    draw = random.Random(0)
    places = ["harbour", "market", "school", "library", "mill"]
    documents = []
    for _ in range(150):
        place, day = draw.choice(places), draw.choice(["monday", "sunday", "friday"])
        documents.append(
            f"The {place} opens on {day}. "
            + " ".join(
                f"On {day} the {place} has {draw.choice(['two', 'three', 'four'])} guests."
                for _ in range(draw.randint(2, 4))
            )
        )
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n\n".join(documents), encoding="utf-8")
    return path


def arguments(*more: object) -> list[str]:
    return ["pretrain", "--device", "cpu", *map(str, more)]


def command(*more: object) -> list[str]:
    """The same, for a process of its own."""
    return [sys.executable, "-m", "minisft", *arguments(*more)]


def test_a_compiled_model_is_pretrained(text, tmp_path, monkeypatch, unchecked) -> None:
    """Traced and not compiled, which takes half a minute. A run that is cut off says how to go on in the same way."""
    compiled, learning, plain = [], [], torch.compile

    def as_it_is(graph: torch.fx.GraphModule, _: list) -> Callable:
        learning.append(torch.is_grad_enabled())
        return graph

    def trace(part: Callable, backend: str) -> Callable:
        compiled.append(type(part.__self__).__name__)
        return plain(part, backend=as_it_is)

    monkeypatch.setattr(torch, "compile", trace)
    main(arguments("--corpus", text, "--steps", 6, *SMALL, "--out", tmp_path / "one", "--compile"))
    assert compiled == ["Embeddings", "EncoderLayer", "EncoderLayer", "WordHead", "MaskedAndNext"]
    main(arguments("--corpus", text, "--steps", 6, *SMALL, "--out", tmp_path / "two"))
    losses = [[r["loss"] for r in read_log(tmp_path / name / "log.jsonl") if "loss" in r] for name in ("one", "two")]
    assert len(losses[0]) >= 6
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert len(compiled) == 5
    assert all(learning)  # what is only measured is not compiled
    assert learning
    nothing = {"keep_every": None, "device": "auto", "json": None}
    assert keep_on(Namespace(**nothing)) == keep_on(Namespace(**nothing, compile=None)) == ""
    every = {"keep_every": 5, "compile": True, "device": "cpu", "json": Path("a b.json")}
    assert keep_on(Namespace(**every)) == " --keep-every 5 --compile --device cpu --json 'a b.json'"


@pytest.fixture(scope="module")
def trained(text, tmp_path_factory) -> tuple[Path, str]:
    """A finished run and what it printed."""
    out = tmp_path_factory.mktemp("trained")
    done = subprocess.run(
        command("--corpus", text, "--steps", 120, *SMALL, "--out", out, "--json", out / "results.json"),
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return out, done.stdout


def test_it_says_what_it_does_and_writes_everything(trained) -> None:
    out, printed = trained
    for start in (
        "corpus     text.txt: 142 documents,", "held out   8 documents,", "objective  mlm+nsp: hidden words",
        "model      new weights, ", "before     loss ", "after      loss ", "time       ", "written    ", "next       ",
    ):  # fmt: skip
        assert [line for line in printed.splitlines() if line.startswith(start)], printed
    names = {path.name for path in out.iterdir()}
    assert {"model.safetensors", "config.json", "vocab.txt", "log.jsonl", "curve.png"} <= names
    results = json.loads((out / "results.json").read_text())
    assert results["after"]["mlm_perplexity"] < 0.5 * results["before"]["mlm_perplexity"]
    assert f"mlm perplexity {results['after']['mlm_perplexity']:.1f}" in printed
    assert results["held_out"][0]["step"] == 120


def test_the_folder_opens_here_and_in_transformers(trained) -> None:
    out, _ = trained
    theirs, report = BertForPreTraining.from_pretrained(out, output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    inputs = AutoTokenizer.from_pretrained(out)("the harbour opens on [MASK].", return_tensors="pt")
    ours = BertForPretraining.from_pretrained(out).eval()
    with torch.no_grad():
        expected = theirs.eval()(**inputs).prediction_logits[0]
        words, _ = ours(inputs["input_ids"])
    torch.testing.assert_close(words, expected, rtol=1e-4, atol=1e-4)


def test_the_next_command_that_it_names_works(trained, tmp_path, reviews, capsys) -> None:
    suggestion = next(line for line in trained[1].splitlines() if line.startswith("next"))
    named = shlex.split(suggestion)[1:]
    assert named[:4] == ["python", "-m", "minisft", "finetune"]
    smaller = [*named[3 : named.index("--task")], "--data", str(reviews)]
    assert main([*smaller, "--epochs", "1", "--out", str(tmp_path)]) == 0
    assert "after" in capsys.readouterr().out


@pytest.mark.parametrize("objective", ["mlm", "plm", "ltr"])
def test_the_other_objectives_and_going_on_from_a_model(objective, trained, text, tmp_path, capsys) -> None:
    options = ["--corpus", str(text), "--held-out", str(text), "--steps", "3", "--max-length", "32", "--device", "cpu"]
    whole = ["--whole-word"] if objective == "mlm" else []
    model = ["--model", str(trained[0]), "--objective", objective, *whole]
    assert main(["pretrain", *model, *options, "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert f"objective  {objective}: " in printed
    assert ("whole words at a time" in printed) == (objective == "mlm")
    assert f"model      {trained[0]}: 2 layers, width 24" in printed
    (PermutationBert if objective in ("plm", "ltr") else BertForPretraining).from_pretrained(tmp_path)


def test_kill_at_a_random_step_then_resume(text, tmp_path, capsys, unchecked) -> None:
    """A real `kill -9` of a real process, at a moment that nobody chose; the rest needs no option but --resume."""
    options = ["--corpus", text, "--steps", 400, *SMALL, "--keep-every", 5]
    assert main(arguments(*options, "--out", tmp_path / "whole")) == 0
    cut = tmp_path / "cut"
    process = subprocess.Popen(
        command(*options, "--out", cut), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    while not (cut / "training.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.6))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    stopped = read_progress(cut / "training.safetensors")
    assert not stopped["finished"]
    assert main(arguments("--out", cut, "--resume")) == 0
    assert f"at update {stopped['step']} of 400" in capsys.readouterr().out
    mine, theirs = (load_file(tmp_path / name / "model.safetensors") for name in ("cut", "whole"))
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in mine.items())
    steps = [record["step"] for record in read_log(cut / "log.jsonl") if "validation" not in record]
    assert steps == list(range(1, 401))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpus", "nowhere.txt"], "there is no file nowhere.txt"),
        (["--corpus", "EMPTY"], "holds no text"),
        (["--corpus", "ONE"], "holds one document and nothing can be held out"),
        (["--corpus", "ONE", "--held-out", "TEXT"], "needs at least 2 documents, and there are 1"),
        (["--corpus", "TEXT", "--vocabulary-size", "3000"], "pieces that occur 2 times or more, not 3000"),
        (["--corpus", "TEXT", "--heads", "5"], "num_attention_heads 5 does not divide hidden_size 128"),
        (["--corpus", "TEXT", "--model", "TRAINED", "--layers", "3"], "--layers is for a new model"),
        (["--corpus", "TEXT", "--model", "TRAINED", "--max-length", "200"], "the model has 128 positions"),
        (["--corpus", "TEXT", "--objective", "plm", "--whole-word"], "plm masks nothing"),
        (["--corpus", "TEXT", "--out", "TRAINED", "--resume", "--steps", "5"], "was started with steps 120, not 5"),
        (["--corpus", "town", "--held-out", "TEXT"], "--held-out goes with files"),
        (["--corpus", "town", "--language", "de"], "the town does not speak 'de'"),
        (["--recipe", "town-mini", "--lr", "1"], "the recipe decides --lr"),
        (["--out", "NOWHERE", "--resume"], "NOWHERE holds no state to go on with; check --out"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(arguments, message, text, trained, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minisft.data.town.documents", None, raising=False)
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "one.txt").write_text("One sentence. Another one.")
    places = {"TEXT": text, "EMPTY": "empty.txt", "ONE": "one.txt", "TRAINED": trained[0]}
    assert main(["pretrain", *(str(places.get(argument, argument)) for argument in arguments)]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not (tmp_path / "runs").exists()


def town(split: str, language: str, seed: int = 0):
    """Stands in for the town."""
    draw = random.Random(f"{split} {language} {seed}")
    while True:
        day = draw.choice(["sunday", "monday"]) if language == "en" else draw.choice("一二三")
        yield [f"the ferry sails on {day} ."] * draw.randint(2, 4) if language == "en" else [f"渡船周{day}开。"] * 3


def test_a_run_of_the_other_command_is_no_way_to_go_on(trained, capsys) -> None:
    assert main(["finetune", "--out", str(trained[0]), "--resume"]) == 2
    assert "holds a run of pretrain; expected one of finetune" in capsys.readouterr().err


def test_every_option_arrives_and_is_remembered(text, tmp_path, unchecked) -> None:
    given = {
        "objective": "mlm", "vocabulary_size": 60, "layers": 1, "width": 12, "heads": 3, "steps": 3, "batch_size": 6,
        "max_length": 24, "learning_rate": 2e-3, "dropout": 0.2, "precision": "bf16", "seed": 5, "whole_words": True,
    }  # fmt: skip
    names = {"learning_rate": ["--lr"], "whole_words": ["--whole-word"]}
    options = [
        word for name, value in given.items()
        for word in [*names.get(name, [f"--{name.replace('_', '-')}"]), *([] if value is True else [value])]
    ]  # fmt: skip
    out, results = tmp_path / "out", tmp_path / "r.json"
    for words in (["--corpus", text, *options], ["--resume"]):
        assert main(arguments(*words, "--out", out, "--json", results)) == 0
        settings = json.loads(results.read_text())["settings"]
        assert {name: settings[name] for name in given} == given


def test_a_recipe_that_was_stopped_goes_on_as_it_says(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("minisft.data.town.documents", town, raising=False)

    def stop(callback: StopOnInterrupt, trainer: Trainer) -> None:
        trainer.stop = trainer.step == 2

    options = ["--steps", "4", "--tokens", "4000", "--keep-every", "1", "--out", str(tmp_path), "--device", "cpu"]
    with monkeypatch.context() as patch:
        patch.setattr(StopOnInterrupt, "on_update", stop)
        with pytest.raises(SystemExit):
            main(["pretrain", "--recipe", "town-mini", *options])
    again = shlex.split(capsys.readouterr().out.splitlines()[-1])
    assert again[:3] == ["python", "-m", "minisft"]
    assert {"--keep-every", "--device", "--resume"} < set(again)
    assert main(again[3:]) == 0
    assert "resumed    at update 2 of 4" in capsys.readouterr().out
    assert main(["pretrain", "--recipe", "town-mini", *options, "--steps", "0"]) == 2
    assert "error: steps is 0; expected at least 1" in capsys.readouterr().err


@pytest.fixture(scope="module")
def packaged(tmp_path_factory) -> Path:
    """The recipes of the packaged models, run for two updates on a stand-in for the town."""
    out = tmp_path_factory.mktemp("recipe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minisft.data.town.documents", town, raising=False)
        options = ["--steps", "2", "--tokens", "4000", "--out", str(out), "--device", "cpu"]
        for name in ("town-mini", "town-mini-plm"):
            assert main(["pretrain", "--recipe", name, *options]) == 0
    return out / "weights"


def test_the_recipes_make_models_and_their_hashes(packaged, monkeypatch, caplog) -> None:
    monkeypatch.setattr(LOCATE, "OWN", packaged)
    one, two = BertForPretraining.from_pretrained("town-mini"), PermutationBert.from_pretrained("town-mini-plm")
    assert caplog.records == []
    assert {parameter.dtype for parameter in [*one.parameters(), *two.parameters()]} == {torch.float32}
    assert one.config == two.config
    assert (one.config.hidden_size, one.config.num_hidden_layers, one.config.max_position_embeddings) == (128, 4, 128)
    assert torch.equal(Bert.from_pretrained("town-mini").pooler.weight, one.bert.pooler.weight)
    stored = load_file(packaged / "town-mini" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    vocabularies = [(packaged / name / "vocab.txt").read_text("utf-8") for name in ("town-mini", "town-mini-plm")]
    assert vocabularies[0] == vocabularies[1]
    assert {"渡", "ferry"} <= set(vocabularies[0].splitlines())
    assert locate("town-mini") == packaged / "town-mini"


def test_the_models_that_come_with_the_package(caplog) -> None:
    """The twin predicts in any order, and its content stream is a BERT like any other."""
    one, two = BertForPretraining.from_pretrained("town-mini"), PermutationBert.from_pretrained("town-mini-plm")
    assert caplog.records == []
    assert one.config == two.config
    ids = torch.tensor([[2, 90, 91, 92, 3]])
    twin = Bert.from_pretrained("town-mini-plm").eval()
    torch.testing.assert_close(twin(ids)[0], two.eval().bert(ids)[0])
    assert not torch.allclose(twin(ids)[0], one.eval().bert(ids)[0])
    folders = [locate(name) for name in LOCATE.OWN_MODELS]
    assert (folders[0] / "vocab.txt").read_bytes() == (folders[1] / "vocab.txt").read_bytes()
    assert sum(path.stat().st_size for folder in folders for path in folder.iterdir()) < 8_000_000


@pytest.mark.parametrize("file", ["model.safetensors", "vocab.txt", "config.json"])
def test_a_packaged_file_that_changed_or_went_is_refused(file, packaged, tmp_path, monkeypatch) -> None:
    weights = shutil.copytree(packaged, tmp_path / "weights")
    monkeypatch.setattr(LOCATE, "OWN", weights)
    path = weights / "town-mini" / file
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{file} is not the file that was made \(its sha256 differs\); install"):
        locate("town-mini")
    assert locate("town-mini-plm") == weights / "town-mini-plm"
    path.unlink()
    with pytest.raises(
        InputError, match=r"the model 'town-mini' is not whole in .*; install minisft again, or make"
    ) as caught:
        locate("town-mini")
    assert "\n" not in str(caught.value)
    shutil.rmtree(weights)
    with pytest.raises(InputError, match="the model 'town-mini-plm' is not whole"):
        locate("town-mini-plm")
