"""Well-known data sets as their publishers laid them out: sizes as published, labels read the right way round."""

import json
from collections import Counter

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from minisft.data import load_task
from minisft.data.published import read_published
from minisft.data.registry import PUBLISHED
from minisft.errors import InputError

# Rows of each split, how many labels, and a test row: what it says, what is to be found there.
SETS = {
    "vreg": (1062, 119, 449, 1, "@Ryanair site crashes", 0.141),
    "ag_news": (4500, 500, 7600, 4, "Fears for T N pension after talks", "Business"),
    "snips": (13084, 700, 700, 7, "add sabrina salerno to the grime", "AddToPlaylist"),
    "clinc150": (15000, 3000, 4500, 150, "how would you say fly in italian", "translate"),
    "chnsenticorp": (8640, 960, 1200, 2, "這間酒店環境和服務態度亦算不錯", "positive"),
    "restaurants": (3245, 363, 1120, 3, "The bread is top notch as well .", "positive"),
    "semeval2010_task8": (7200, 800, 2717, 19, "<e1>audits</e1> were about <e2>waste</e2>", "Message-Topic(e1,e2)"),
    "goemotions": (43410, 5426, 5427, 28, "sorry about your situation", ["sadness"]),
    "wnut17": (3394, 1009, 1287, 13, "", None),
    "genia": (1502, 167, 1854, 11, "", None),
    "squad": (6715, 1408, 2447, 2, "", None),
}


@pytest.mark.parametrize("name", SETS)
def test_the_publishers_files(real_data, name) -> None:
    *sizes, labels, text, label = SETS[name]
    task = load_task(name)
    assert [len(task.train), len(task.validation), len(task.test)] == sizes
    assert len(task.labels) == labels
    row, target = task.test[0], task.targets[0]
    if label is not None:
        assert text in row[task.columns[0]]
        names = [task.labels[i] for i in row[target]] if task.kind == "labels" else row[target]
        assert (names if task.kind in ("number", "labels") else task.labels[names]) == label


def test_wnut_has_no_entity_across_two_posts(real_data) -> None:
    task = load_task("wnut17")
    tags = [[task.labels[tag] for tag in row["ner_tags"]] for row in task.test]
    entities = Counter(kind for row in tags for kind, _, _ in get_entities(row))
    # As in Derczynski et al. 2017, table 3.
    assert entities == {
        "person": 429, "location": 150, "product": 127, "creative-work": 142, "group": 165, "corporation": 66
    }  # fmt: skip
    assert all(words and all(words) for words in task.test["tokens"])


def test_genias_inner_entities_are_inside_outer_ones(real_data) -> None:
    task = load_task("genia")
    counts = [0, 0]
    for row in task.test:
        outer, inner = (get_entities([task.labels[tag] for tag in row[target]]) for target in task.targets)
        counts[0] += len(outer)
        counts[1] += len(inner)
        assert all(any(a <= start and end <= b for _, a, b in outer) for _, start, end in inner)
    assert counts == [4887, 572]  # together as many as in the file, whose first layer is the inner one


def test_squad_asks_of_other_articles_in_each_split(real_data) -> None:
    task = load_task("squad")
    titles = [set(split["title"]) for split in (task.train, task.validation, task.test)]
    assert [len(found) for found in titles] == [28, 8, 12]
    assert not titles[0] & titles[1] | titles[0] & titles[2] | titles[1] & titles[2]
    assert task.train[0]["answers"]["text"][0] == "Denver Broncos"  # and where it stands has been checked


def test_every_set_has_a_row_here() -> None:
    assert set(PUBLISHED) == {*SETS, "mrpc", "sst2", "stsb"}  # these three: test_tasks.py


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("wnut17", {"wnut17train.conll": "Oslo\tB-location\nHill\n"}, "line 2: 1 columns, expected at least 2"),
        ("wnut17", {"wnut17train.conll": "Oslo\tB-town\n\n"}, "there is no label 'B-town'; expected one of O, B-corp"),
        ("snips", {"train/seq.in": "a\nb\n", "train/label": "X\n"}, "is not in its publisher's layout"),
        ("clinc150", {"data_full.json": "{}"}, "is not in its publisher's layout"),
        ("squad", {"dev-v1.1.json": '{"data": [{}]}'}, "is not in its publisher's layout"),
        ("goemotions", {"train.tsv": "a\t99\tx\n"}, "train row 1: label 99 is out of range; expected 0 to 27"),
        ("ag_news", {"sample/train.csv": "a,1\nb\n"}, "line 2: 1 columns, expected at least 2"),
    ],
)
def test_files_that_are_not_as_published(monkeypatch, tmp_path, name, files, message) -> None:
    others = {
        "wnut17": ["emerging.dev.conll", "emerging.test.annotated"],
        "goemotions": ["dev.tsv", "test.tsv"],
    }
    first = next(iter(files.values()))
    for path, text in {**dict.fromkeys(others.get(name, []), first), **files}.items():
        (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name / path).write_text(text, encoding="utf-8")
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path))
    with pytest.raises(InputError, match=message) as caught:
        load_task(name)
    assert "\n" not in str(caught.value)


def test_a_set_that_the_hub_does_not_have(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path))
    with pytest.raises(InputError, match="genia is not on the hub; set MINISFT_DATA"):
        load_task("genia")


def test_an_answer_where_it_is_not(monkeypatch, tmp_path) -> None:
    asked = {"id": "1", "question": "Who?", "answers": [{"text": "Bob", "answer_start": 1}]}
    article = {"title": "T", "paragraphs": [{"context": "Ann met Bob.", "qas": [asked]}]}
    (tmp_path / "squad").mkdir()
    (tmp_path / "squad" / "dev-v1.1.json").write_text(json.dumps({"data": [article] * 48}))
    monkeypatch.setenv("MINISFT_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"train row 1: the answer is 'Bob', but at 1 the context has 'nn '"):
        load_task("squad")


@pytest.mark.parametrize(
    ("name", "files", "line", "expected"),
    [
        ("mrpc", ("msr_paraphrase_train.txt", "msr_paraphrase_test.txt"), "1\t17\t18\tleft\tright",
         {"sentence1": "left", "sentence2": "right", "label": 1}),
        ("sst2", ("train.tsv", "dev.tsv", "test.tsv"), "so-so\t1", {"sentence": "so-so", "label": 1}),
        ("stsb", ("sts-train.tsv", "sts-dev.tsv", "sts-test.tsv"), "main\tMSR\t2012\t7\t3.5\tleft\tright\tmore",
         {"sentence1": "left", "sentence2": "right", "label": 3.5}),
        ("vreg", ("Valence-reg-En-train.txt", "Valence-reg-En-dev.txt"), "id\tat sea\tvalence\t0.25",
         {"text": "at sea", "label": 0.25}),
        ("semeval2010_task8", ("TRAIN_FILE.TXT", "TEST_FILE_FULL.TXT"),
         '1\t"He said "<e1>no</e1> <e2>tea</e2>.""\nOther\nComment:\n',
         {"sentence": 'He said "<e1>no</e1> <e2>tea</e2>."', "relation": "Other"}),
    ],
)  # fmt: skip
def test_columns_are_where_the_publishers_have_them(tmp_path, name, files, line, expected) -> None:
    header = "a\tb\tc\td\te\n" if name in ("mrpc", "vreg") else ""
    for file in files:
        (tmp_path / file).write_text(f"{header}{line}\n", encoding="utf-8")
    splits = read_published(name, tmp_path)
    assert len(splits) == len(files)
    assert all(rows == [expected] for rows in splits.values())
