"""Tags, nested tags, sets of labels and spans on the command line: learned, scored, saved, opened elsewhere."""

import json
import random
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

from minisft.cli import main
from minisft.data import TASKS, Declaration, load_task
from minisft.data.task import build_task
from minisft.errors import InputError
from minisft.models import NestedTokenClassifier, TokenClassifier, load_fine_tuned
from minisft.training import FineTuning, Settings
from minisft.training.baselines import baselines

SENTENCES = 120
NAMES = {"emma": "person", "rick": "person", "gardena": "location", "compton": "location"}


def post(draw: random.Random) -> list[tuple[str, str, str]]:
    """Words with a tag each: names of one word, and with "the" before it of two; and the second layer's tag."""
    words = []
    for _ in range(draw.randint(2, 4)):
        name = draw.choice(list(NAMES))
        if draw.random() < 0.5:
            words += [("the", f"B-{NAMES[name]}", "O"), (name, f"I-{NAMES[name]}", "B-group")]
        else:
            words += [("was", "O", "O"), (name, f"B-{NAMES[name]}", "O")]
    return words


def ask(draw: random.Random, number: int) -> dict:
    """A paragraph with one question: what stands after `not`."""
    words = [draw.choice(["film", "very", "good", "bad", "was"]) for _ in range(6)]
    answer = draw.choice("abcde")
    before = " ".join([*words[: number % 5], "not"]) + " "
    context = before + " ".join([answer, *words[number % 5 :]])
    found = [{"text": answer, "answer_start": len(before)}]
    return {"context": context, "qas": [{"id": str(number), "question": "the film not", "answers": found}]}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Small files in the layouts of WNUT, GoEmotions and SQuAD."""
    root, draw = tmp_path_factory.mktemp("published"), random.Random(0)
    for name in ("wnut17", "goemotions", "squad"):
        (root / name).mkdir()
    for name, count in (("wnut17train.conll", SENTENCES), ("emerging.dev.conll", 20), ("emerging.test.annotated", 30)):
        posts = [post(draw) for _ in range(count)]
        text = "\n\n".join("\n".join(f"{word}\t{tag}" for word, tag, _ in words) for words in posts)
        (root / "wnut17" / name).write_text(text + "\n", encoding="utf-8")
    for name, count in (("train.tsv", SENTENCES), ("dev.tsv", 20), ("test.tsv", 30)):
        lines = []
        for _ in range(count):
            found = sorted(draw.sample([0, 2, 27], draw.randint(1, 3)))
            words = [{0: "thanks", 2: "rage", 27: "weather"}[label] for label in found]
            draw.shuffle(words)
            lines.append(f"the {' '.join(words)}\t{','.join(map(str, found))}\tx")
        (root / "goemotions" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    articles = [{"title": str(i), "paragraphs": [ask(draw, 5 * i + j) for j in range(5)]} for i in range(48)]
    (root / "squad" / "dev-v1.1.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    return root


def finetune(task: str, tiny: Path, out: Path, *options: str) -> dict:
    """Run the command; what it wrote as results."""
    arguments = ["finetune", "--task", task, "--model", str(tiny), "--epochs", "25", "--lr", "5e-3", "--device", "cpu"]
    assert main([*arguments, "--batch-size", "8", "--out", str(out), "--json", str(out / "r.json"), *options]) == 0
    return json.loads((out / "r.json").read_text())


@pytest.fixture
def runs(data, monkeypatch) -> None:
    """The small files are where MINISFT_DATA says."""
    monkeypatch.setenv("MINISFT_DATA", str(data))


def test_tags(runs, tiny, tmp_path, capsys) -> None:
    results = finetune("wnut17", tiny, tmp_path)
    printed = capsys.readouterr().out
    assert ": the " in printed.split("example")[1].splitlines()[0].split("->")[1]  # an entity, in words
    assert results["after"]["f1"] >= 0.9
    assert results["after"]["f1"] > results["before"]["f1"]
    assert 0.0 < results["baselines"]["majority"]["f1"] < 1.0  # "the" alone does not say of whom
    assert (
        main(["predict", "--model", str(tmp_path), "was emma, the   Compton", "--json", str(tmp_path / "p.json")]) == 0
    )
    assert capsys.readouterr().out.startswith("person: emma, location: the   Compton\t")
    (said,) = json.loads((tmp_path / "p.json").read_text())["predictions"]
    assert [(e["start"], e["end"]) for e in said["entities"]] == [(4, 8), (10, 23)]  # in the text as it was typed
    assert said["texts"] == ["was emma, the   Compton"]
    theirs = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    inputs = AutoTokenizer.from_pretrained(tmp_path)("was emma", return_tensors="pt")
    ours = load_fine_tuned(tmp_path).eval()
    logits = ours(inputs["input_ids"], None, inputs["token_type_ids"])[:, 0]
    torch.testing.assert_close(theirs(**inputs).logits, logits, rtol=0, atol=1e-5)
    assert main(["evaluate", "--model", str(tmp_path), "--json", str(tmp_path / "e.json")]) == 0
    assert json.loads((tmp_path / "e.json").read_text())["test"] == pytest.approx(results["after"], rel=1e-5)
    assert main(["evaluate", "--model", str(tmp_path), "--task", "squad"]) == 2
    assert "is a TokenClassifier, and squad wants SpanClassifier" in capsys.readouterr().err


def test_words_of_a_file_are_kept_as_they_are(runs, tiny, tmp_path, capsys) -> None:
    torch.manual_seed(0)
    TokenClassifier.from_pretrained(tiny, ["O", "B-x"]).save_pretrained(tmp_path)
    for name in ("vocab.txt", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny / name).read_bytes())
    rows = [{"tokens": ["e-mail", "was", "北", "京"]}, {"tokens": ["good"]}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    assert main(["predict", "--model", str(tmp_path), "--data", str(tmp_path / "rows.jsonl")]) == 0
    assert [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()] == ["e-mail was北京", "good"]


def test_sets_of_labels(minilm, tmp_path, capsys) -> None:
    draw, rows = random.Random(0), []
    for _ in range(100):
        found = draw.sample([0, 1, 2], draw.randint(0, 3))
        words = ["nothing", *(["thanks", "rage", "weather"][label] for label in found)]
        rows.append({"text": f"it says {' '.join(words)} .", "labels": sorted(found)})
    declared = Declaration("labels", ("text",), ("labels",), ["gratitude", "anger", "neutral"], "")
    task = build_task("feelings", declared, {"train": rows}, "here")
    run = FineTuning(task, "minilm", Settings(epochs=4, batch_size=8, learning_rate=5e-4), tmp_path, 32, "cpu")
    before = run.test().scores()["micro_f1"]
    assert run.train()
    assert run.test().scores()["micro_f1"] >= max(0.9, before)
    majority, bag = baselines(task).values()
    assert bag["micro_f1"] > majority["micro_f1"]
    assert main(["predict", "--model", str(tmp_path), "rage and thanks", "--json", str(tmp_path / "p.json")]) == 0
    shown = capsys.readouterr().out.split("\t")[0]
    assert [part.split()[0] for part in shown.split(", ")] == ["gratitude", "anger"]
    (said,) = json.loads((tmp_path / "p.json").read_text())["predictions"]
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    assert theirs.config.problem_type == "multi_label_classification"
    inputs = AutoTokenizer.from_pretrained(tmp_path)("rage and thanks", return_tensors="pt")
    expected = theirs(**inputs).logits[0].sigmoid()
    assert list(said["labels"].values()) == pytest.approx(expected[:2].tolist(), abs=1e-4)
    assert expected[2] < 0.5


def test_spans(runs, tiny, tmp_path, capsys) -> None:
    # Some contexts do not fit: they come in windows.
    results = finetune("squad", tiny, tmp_path, "--max-length", "16")
    assert results["after"]["exact_match"] >= 0.8
    assert results["after"]["exact_match"] > max(scores["exact_match"] for scores in results["baselines"].values())
    capsys.readouterr()
    context = "very good film was not c bad bad"
    arguments = ["predict", "--model", str(tmp_path), "the film not", context, "--max-length", "32"]
    assert main([*arguments, "--json", str(tmp_path / "p.json")]) == 0
    assert capsys.readouterr().out.split("\t")[0] == "c"
    (said,) = json.loads((tmp_path / "p.json").read_text())["predictions"]
    assert context[said["start"] : said["start"] + 1] == said["answer"]
    theirs = AutoModelForQuestionAnswering.from_pretrained(tmp_path).eval()
    found = AutoTokenizer.from_pretrained(tmp_path)("the film not", context, return_tensors="pt")
    scores = theirs(**found)
    start, end = scores.start_logits.argmax().item(), scores.end_logits.argmax().item()
    assert AutoTokenizer.from_pretrained(tmp_path).decode(found["input_ids"][0, start : end + 1]) == "c"
    assert main(["predict", "--model", str(tmp_path), "the film not"]) == 2
    assert "reads 2 texts a row (question, context), not 1" in capsys.readouterr().err


def test_nested_tags(tmp_path, tiny, monkeypatch) -> None:
    draw = random.Random(0)
    (tmp_path / "genia").mkdir()
    for name, count in (("genia.dev.iob2", SENTENCES), ("genia.test.iob2", 30)):
        rename = {"person": "protein", "location": "DNA", "group": "RNA"}
        lines = []
        for words in (post(draw) for _ in range(count)):
            for word, outer, inner in words:
                tags = [tag if tag == "O" else f"{tag[:2]}{rename[tag[2:]]}" for tag in (outer, inner)]
                # The publisher's first layer is the inner one; "the" alone has its outer tag in the second.
                layers = [tags[1], tags[0]] if word == "the" or tags[1] != "O" else [tags[0], "O"]
                lines.append("\t".join([word, *layers, "O", "O"]))
            lines.append("")
        (tmp_path / "genia" / name).write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path))
    settings = Settings(epochs=25, batch_size=8, learning_rate=5e-3)
    run = FineTuning(load_task("genia"), str(tiny), settings, tmp_path / "out", 32, "cpu")
    assert run.train()
    scores = run.test().scores()
    assert scores["nested_f1"] >= 0.8
    assert scores["f1"] >= 0.8
    assert type(load_fine_tuned(tmp_path / "out")) is NestedTokenClassifier


def test_few_rows_are_the_same_ones_for_the_same_seed(runs, tiny, tmp_path, capsys) -> None:
    task = load_task("goemotions")
    few, more = task.take(8, seed=1), task.take(16, seed=1)
    texts = [set(few.train["text"]), set(more.train["text"])]
    assert few.train.to_list() == task.take(8, seed=1).train.to_list()
    assert few.train.to_list() != task.take(8, seed=2).train.to_list()
    assert texts[0] <= texts[1]
    assert len(few.test) == len(task.test)
    assert task.take(SENTENCES).train.to_list() == task.train.to_list()
    for rows in (0, SENTENCES + 1):
        with pytest.raises(InputError, match=f"rows is {rows}; expected 1 to {SENTENCES}, the training rows"):
            task.take(rows)
    out = tmp_path / "few"
    arguments = ["finetune", "--task", "goemotions", "--model", str(tiny), "--rows", "8", "--out", str(out)]
    assert main([*arguments, "--epochs", "1", "--seed", "1", "--device", "cpu"]) == 0
    assert "rows       8 train, 20 validation, 30 test" in capsys.readouterr().out
    assert (
        main(["finetune", "--out", str(out), "--resume", "--device", "cpu"]) == 0
    )  # it knows how many rows, and which
    assert "rows       8 train" in capsys.readouterr().out


def test_a_language_and_a_domain_are_the_towns(runs, reviews, tiny, tmp_path, monkeypatch, capsys) -> None:
    asked = []

    def make(domain: str, language: str) -> dict[str, list[dict]]:
        asked.append((domain, language))
        rows = [{"text": f"a {number}", "label": ("bad", "good")[number % 2]} for number in range(20)]
        return {"train": rows, "validation": rows, "test": rows}

    declared = Declaration("class", ("text",), ("label",), [], "a village", make=make)
    monkeypatch.setitem(TASKS, "town/village", declared)
    arguments = ["finetune", "--task", "town/village", "--model", str(tiny), "--out", str(tmp_path), "--epochs", "1"]
    assert main([*arguments, "--device", "cpu", "--language", "zh", "--domain", "helpdesk"]) == 0
    assert "a village (helpdesk, zh, generated)" in capsys.readouterr().out
    assert main(["evaluate", "--model", str(tmp_path)]) == 0  # remembered
    assert main(["finetune", "--out", str(tmp_path), "--resume", "--device", "cpu"]) == 0
    assert main(["evaluate", "--model", str(tmp_path), "--task", "town/village"]) == 0  # another task, so asked anew
    assert asked == [("helpdesk", "zh")] * 3 + [("newspaper", "en")]
    assert main(["finetune", "--task", "wnut17", "--language", "zh"]) == 2
    assert "wnut17 has no other language or domain" in capsys.readouterr().err
    assert main(["finetune", "--data", str(reviews), "--domain", "helpdesk"]) == 2
    assert "has no other language or domain" in capsys.readouterr().err
