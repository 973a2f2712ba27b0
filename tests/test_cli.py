"""The command line, as a person meets it."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from minisft.cli import main


@pytest.fixture(scope="module")
def trained(reviews, tiny, tmp_path_factory):
    """A finished run and what it printed."""
    out = tmp_path_factory.mktemp("trained")
    arguments = ["finetune", "--data", str(reviews), "--model", str(tiny), "--epochs", "6", "--lr", "5e-3"]
    done = subprocess.run(
        [sys.executable, "-m", "minisft", *arguments, "--out", str(out), "--json", str(out / "results.json")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return out, done.stdout


def test_finetune_says_what_it_does_and_writes_everything(trained) -> None:
    out, printed = trained
    starts = [line.split()[0] for line in printed.splitlines()]
    for word in ("task", "rows", "example", "model", "baseline", "before", "after", "written", "next", "time"):
        assert word in starts, printed
    assert "240 train, 30 validation, 30 test" in printed
    names = {path.name for path in out.iterdir()}
    assert {"model.safetensors", "config.json", "vocab.txt", "log.jsonl", "curve.png", "confusion.png"} <= names
    assert not [name for name in names if name.startswith(".")]
    results = json.loads((out / "results.json").read_text())
    assert results["after"]["accuracy"] >= 0.9
    assert results["after"]["accuracy"] > results["baselines"]["majority"]["accuracy"]
    assert f"accuracy {results['after']['accuracy']:.3f}" in printed


def test_the_saved_folder_opens_in_transformers(trained, capsys) -> None:
    out, _ = trained
    text = "the film was very long good"
    model, tokenizer = (
        AutoModelForSequenceClassification.from_pretrained(out).eval(),
        AutoTokenizer.from_pretrained(out),
    )
    logits = model(**tokenizer(text, return_tensors="pt")).logits
    assert main(["predict", "--model", str(out), text]) == 0
    label, probability = capsys.readouterr().out.split("\t")[0].split()
    assert label == model.config.id2label[int(logits.argmax())] == "positive"
    assert float(probability) == pytest.approx(logits.softmax(-1).max().item(), abs=1e-3)


def test_the_next_command_that_it_names_works(trained, capsys) -> None:
    import shlex

    _, printed = trained
    suggestion = next(line for line in printed.splitlines() if line.startswith("next"))
    arguments = shlex.split(suggestion)[1:]
    assert arguments[:3] == ["python", "-m", "minisft"]
    assert main(arguments[3:]) == 0
    assert capsys.readouterr().out.split()[0] in ("negative", "positive")


def test_evaluate_repeats_the_result(trained, reviews, tmp_path) -> None:
    out, _ = trained
    assert main(["evaluate", "--model", str(out), "--data", str(reviews), "--json", str(tmp_path / "e.json")]) == 0
    mine, before = json.loads((tmp_path / "e.json").read_text()), json.loads((out / "results.json").read_text())
    assert mine["test"] == pytest.approx(before["after"], rel=1e-5)
    assert main(["evaluate", "--model", str(out)]) == 0  # the task is remembered


def test_a_file_that_the_model_did_not_learn_from_is_scored_whole(trained, reviews, tmp_path, capsys) -> None:
    out, _ = trained
    more = tmp_path / "more.csv"
    more.write_text("".join(reviews.read_text().splitlines(keepends=True)[:11]))
    assert main(["evaluate", "--model", str(out), "--data", str(more)]) == 0
    assert "more.csv, 10 rows, all of the file" in capsys.readouterr().out
    moved = tmp_path / reviews.name
    moved.write_text(reviews.read_text())
    for same in (reviews, moved):
        assert main(["evaluate", "--model", str(out), "--data", str(same)]) == 0
        assert "30 rows that the model did not learn from: a tenth of the file" in capsys.readouterr().out


def test_texts_are_read_in_the_order_in_which_they_were_learned(tiny, tmp_path) -> None:
    rows = [(f"good film {n}", f"was it {n} not bad", n % 2) for n in range(40)]

    def file(name: str, *columns: str) -> str:
        cells = [{"premise": one, "hypothesis": two, "author": "ann", "label": label} for one, two, label in rows]
        lines = [",".join(columns), *(",".join(str(row[column]) for column in columns) for row in cells)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return str(tmp_path / name)

    def loss(model: str, data: str) -> float:
        assert main(["evaluate", "--model", model, "--data", data, "--json", str(tmp_path / "e.json")]) == 0
        return json.loads((tmp_path / "e.json").read_text())["test"]["loss"]

    columns = ("premise", "hypothesis", "label")
    for name, learned in (("pairs", columns), ("single", ("hypothesis", "label"))):
        data = file(f"{name}.csv", *learned)
        assert (
            main(["finetune", "--data", data, "--model", str(tiny), "--epochs", "1", "--out", f"{tmp_path}/{name}"])
            == 0
        )
    pairs, single = f"{tmp_path}/pairs", f"{tmp_path}/single"
    straight, turned = (
        loss(pairs, file("a.csv", *columns)),
        loss(pairs, file("b.csv", "hypothesis", "premise", "label")),
    )
    assert straight == pytest.approx(turned, abs=1e-6)
    alone, accompanied = (
        loss(single, file("c.csv", "hypothesis", "label")), loss(single, file("d.csv", "author", "hypothesis", "label"))
    )  # fmt: skip
    assert alone == pytest.approx(accompanied, abs=1e-6)
    assert abs(loss(single, file("e.csv", "premise", "label")) - alone) > 1e-6  # as many texts, of another name


def test_every_option_arrives_and_is_remembered(reviews, tiny, tmp_path) -> None:
    given = {
        "epochs": 2, "batch_size": 10, "learning_rate": 2e-3, "warmup": 7.0, "weight_decay": 0.2, "precision": "bf16",
        "seed": 5, "patience": 9, "max_length": 20, "rows": 50,
    }  # fmt: skip
    names = {"learning_rate": "--lr"}
    options = [w for name, value in given.items() for w in (names.get(name, f"--{name.replace('_', '-')}"), str(value))]
    out, results = tmp_path / "out", tmp_path / "r.json"
    arguments = ["finetune", "--data", str(reviews), "--model", str(tiny), *options]
    for words in (arguments, ["finetune", "--resume"]):
        assert main([*words, "--out", str(out), "--json", str(results)]) == 0
        settings = json.loads(results.read_text())["settings"]
        assert {name: settings[name] for name in given} == given


def test_evaluate_cuts_where_training_did(reviews, tiny, tmp_path, capsys) -> None:
    out = tmp_path / "short"
    arguments = ["finetune", "--data", str(reviews), "--model", str(tiny), "--epochs", "1", "--device", "cpu"]
    assert main([*arguments, "--max-length", "12", "--out", str(out), "--json", str(tmp_path / "f.json")]) == 0
    assert main(["evaluate", "--model", str(out), "--json", str(tmp_path / "e.json")]) == 0
    assert "rows are longer than 12 pieces" in capsys.readouterr().out.split("task", 3)[-1]
    mine, before = (json.loads((tmp_path / name).read_text()) for name in ("e.json", "f.json"))
    assert mine["test"] == pytest.approx(before["after"], rel=1e-5)


def test_evaluate_goes_by_the_names_of_labels(trained, reviews, tmp_path, capsys) -> None:
    out, _ = trained
    rows = [line.rsplit(",", 1) for line in reviews.read_text().splitlines()[1:]]
    folder = tmp_path / "folder"
    folder.mkdir()

    def write(rename: dict[str, str]) -> str:
        lines = [f"{text},{rename[label]}" for text, label in rows]
        for split in ("train", "test"):
            (folder / f"{split}.csv").write_text("\n".join(["text,label", *lines]) + "\n")
        return str(folder)

    model = AutoModelForSequenceClassification.from_pretrained(out)
    turned = tmp_path / "turned"  # the same model, which numbers its labels the other way round
    shutil.copytree(out, turned)
    model.classifier.weight.data = model.classifier.weight.data.flip(0)
    model.classifier.bias.data = model.classifier.bias.data.flip(0)
    model.config.id2label, model.config.label2id = {0: "positive", 1: "negative"}, {"positive": 0, "negative": 1}
    model.save_pretrained(turned)
    scores = []
    for name, source in (("same", out), ("turned", turned)):
        path = tmp_path / f"{name}.json"
        data = write({"negative": "negative", "positive": "positive"})
        assert main(["evaluate", "--model", str(source), "--data", data, "--json", str(path)]) == 0
        scores.append(json.loads(path.read_text())["test"]["accuracy"])
    assert scores[0] == scores[1] > 0.9
    assert main(["evaluate", "--model", str(out), "--data", write({"negative": "bad", "positive": "good"})]) == 2
    assert "has the label 'bad', and" in capsys.readouterr().err


def test_predict_reads_files(trained, tmp_path, capsys) -> None:
    out, _ = trained
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "the film was good"}\n{"text": "a very long tale, bad"}\n')
    assert main(["predict", "--model", str(out), "--data", str(path), "--json", str(tmp_path / "p.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["positive", "negative"]
    assert [row["label"] for row in json.loads((tmp_path / "p.json").read_text())["predictions"]] == [
        "positive",
        "negative",
    ]


def test_tasks_and_doctor(capsys, monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("MINISFT_DATA", raising=False)
    assert main(["tasks"]) == 0
    printed = capsys.readouterr().out
    assert ["town/paraphrase", "class"] in [line.split()[:2] for line in printed.splitlines()]
    assert "not here: see MINISFT_DATA" in printed
    assert "hub: nyu-mll/glue/mrpc" in printed
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "MINISFT_DATA  not set" in printed
    assert "bubblewrap    " in printed
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path / "nowhere"))
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "is no folder   <- set it to a folder with mrpc/" in printed
    assert "bubblewrap    missing   <- optional: to grade a class, apt-get install bubblewrap" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["finetune", "--task", "mrcp"],
            "there is no task or file 'mrcp'; the tasks are town/paraphrase, ",
        ),
        (["finetune", "--data", "nowhere.csv"], "there is no task or file 'nowhere.csv'"),
        (["finetune", "--data", "REVIEWS", "--model", "./nowhere"], "there is no model folder ./nowhere"),
        (["finetune", "--data", "REVIEWS", "--epochs", "0"], "epochs is 0; expected at least 1"),
        (["finetune", "--data", "REVIEWS", "--max-length", "600"], "max_length is 600; expected 8 to 512"),
        (["finetune", "--data", "REVIEWS", "--device", "tpu9"], "there is no kind of device 'tpu9'"),
        (["finetune", "--data", "REVIEWS", "--device", "meta"], "minisft does not run on 'meta'; expected auto, cpu"),
        (["finetune", "--data", "REVIEWS", "--patience", "0"], "patience is 0; expected at least 1"),
        (["finetune", "--data", "REVIEWS", "--keep-every", "-3"], "keep_every is -3; expected at least 1"),
        (["finetune", "--data", "REVIEWS", "--seed", "99999999999999999999"], "seed is 99999999999999999999; expected"),
        (["predict", "--model", "TRAINED", "--data", "NUMBER.jsonl"], "row 1: text is 5; expected text there"),
        (
            ["pretrain", "--corpus", "REVIEWS", "--language", "en"],
            "--language goes with the town; files are",
        ),
        (["predict", "--model", "TRAINED"], "give one text, two texts for a pair, or --data FILE"),
        (["predict", "--model", "TRAINED", "a", "b"], "reads 1 texts a row (text), not 2"),
        (["predict", "--model", "TRAINED", "a", "b", "c"], "3 texts given; expected one, or two for a pair"),
        (["predict", "--model", "TRAINED", " "], "row 1: text is empty"),
        (["predict", "--model", "TRAINED", "--data", "nowhere.csv"], "there is no file nowhere.csv"),
        (["predict", "--model", "minilm", "hello"], "is not fine-tuned"),
        (["predict", "--model", "TRAINED", "--batch-size", "0", "hello"], "batch_size is 0; expected at least 1"),
        (["pretrain", "--out", "TRAINED", "--resume"], "holds a run of finetune; expected one of pretrain"),
        (["predict", "--model", "TRAINED", "hello", "--json", "REVIEWS/x.json"], "REVIEWS/x.json: File exists"),
        (["finetune", "--out", "NOWHERE", "--resume"], "NOWHERE holds no state to go on with; check --out, or say"),
        (
            ["evaluate", "--model", "TRAINED", "--data", "SCORES.csv"],
            "is for tasks of the kind class, and SCORES.csv is",
        ),
        (["evaluate", "--model", "TRAINED", "--data", "PAIRS.csv"], "has the texts a, b, and the model reads text"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(
    arguments, message, reviews, trained, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "NUMBER.jsonl").write_text('{"text": 5}\n')
    (tmp_path / "SCORES.csv").write_text("text,score\n" + "".join(f"t {n},{n / 2}\n" for n in range(9)))
    (tmp_path / "PAIRS.csv").write_text("a,b,label\n" + "x,y,negative\nx,z,positive\n" * 9)
    places = {"REVIEWS": str(reviews), "TRAINED": str(trained[0])}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
    assert main(arguments) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message.replace("REVIEWS", str(reviews)) in errors[0]
    assert not (tmp_path / "runs").exists()


def test_a_gpu_that_is_full_gets_one_line(monkeypatch, capsys) -> None:
    def fill(options: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    def fail(options: object) -> None:
        raise RuntimeError("of another kind")

    monkeypatch.setattr("minisft.commands.doctor", fill)
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith("error: the GPU has too little memory; take a smaller --batch-size")
    monkeypatch.setattr("minisft.commands.doctor", fail)
    with pytest.raises(RuntimeError, match="of another kind"):
        main(["doctor"])


def test_a_full_disk_gets_one_line(monkeypatch, capsys) -> None:
    def fill(options: object) -> None:
        raise OSError(28, "No space left on device", "runs/model/log.jsonl")

    monkeypatch.setattr("minisft.commands.doctor", fill)
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == "error: runs/model/log.jsonl: No space left on device\n"


def test_a_long_row_is_cut_counted_and_said_once(tiny, tmp_path, capsys) -> None:
    path = tmp_path / "long.csv"
    rows = [f"{'the film was good ' * (30 if number < 3 else 1)}{number},{number % 2}" for number in range(40)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    arguments = ["finetune", "--data", str(path), "--model", str(tiny), "--epochs", "1", "--max-length", "64"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "longer than" in line]
    assert said == ["cut        3 rows are longer than 64 pieces and lose their end"]


def test_a_model_that_gives_one_answer_is_reported(tiny, tmp_path, capsys) -> None:
    path = tmp_path / "noise.csv"
    path.write_text(
        "text,label\n" + "\n".join(f"the film was film {number},{int(number % 5 == 0)}" for number in range(60)) + "\n"
    )
    arguments = ["finetune", "--data", str(path), "--model", str(tiny), "--epochs", "1", "--lr", "1e-6"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    assert "every test row gets the same answer" in capsys.readouterr().out


@pytest.mark.parametrize(("seconds_of_bf16", "careful"), [(2.0, True), (0.5, False)])
def test_bf16_that_is_emulated_is_reported(
    reviews, tiny, tmp_path, capsys, monkeypatch, seconds_of_bf16, careful
) -> None:
    products = {"torch.float32": 1.0, "torch.bfloat16": seconds_of_bf16}
    monkeypatch.setattr("minisft.measure.medians", lambda ways: {name: products[name] for name in ways})
    arguments = ["finetune", "--data", str(reviews), "--model", str(tiny), "--epochs", "1", "--precision", "bf16"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    assert ("bf16 products take 2 times as long as fp32's here" in capsys.readouterr().out) == careful
    assert main(["doctor"]) == 0
    assert ("keep to fp32, the default" in capsys.readouterr().out) == careful
