"""Well-known data sets as their publishers laid them out, read from the folder in MINISFT_DATA."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minisft.data.task import Row, Splits
from minisft.errors import InputError


def read_lines(path: Path) -> list[str]:
    """The lines of a file, without a byte-order mark and whatever the line ends are."""
    if not path.exists():
        raise InputError(f"there is no {path}; expected the publisher's file there")
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n").split("\n")


def fields(path: Path, at_least: int) -> list[list[str]]:
    """Tab-separated fields of each line; quotes are text. Raises InputError where a line has too few."""
    rows = [line.split("\t") for line in read_lines(path)]
    return [row for number, row in enumerate(rows, 1) if enough(row, at_least, path, number)]


def enough(row: list[str], at_least: int, path: Path, number: int) -> bool:
    """True. Raises InputError where a row has too few columns."""
    if len(row) < at_least:
        raise InputError(f"{path}, line {number}: {len(row)} columns, expected at least {at_least}")
    return True


def read_json(path: Path) -> Any:
    """What is in a JSON file."""
    return json.loads("\n".join(read_lines(path)))


def read_mrpc(folder: Path) -> Splits:
    """Microsoft Research Paraphrase Corpus (Dolan and Brockett 2005): 4076 and 1725 pairs, no validation split."""

    def read(name: str) -> list[Row]:
        lines = fields(folder / name, at_least=5)[1:]
        return [{"sentence1": row[3], "sentence2": row[4], "label": int(row[0])} for row in lines]

    return {"train": read("msr_paraphrase_train.txt"), "test": read("msr_paraphrase_test.txt")}


def read_sst2(folder: Path) -> Splits:
    """Stanford Sentiment Treebank, two classes, whole sentences (Socher et al. 2013)."""

    def read(name: str) -> list[Row]:
        return [{"sentence": row[0], "label": int(row[1])} for row in fields(folder / name, at_least=2)]

    return {"train": read("train.tsv"), "validation": read("dev.tsv"), "test": read("test.tsv")}


def read_stsb(folder: Path) -> Splits:
    """STS benchmark (Cer et al. 2017): how alike two sentences are, from 0 to 5."""

    def read(name: str) -> list[Row]:
        lines = fields(folder / name, at_least=7)
        return [{"sentence1": row[5], "sentence2": row[6], "label": float(row[4])} for row in lines]

    return {"train": read("sts-train.tsv"), "validation": read("sts-dev.tsv"), "test": read("sts-test.tsv")}


def read_vreg(folder: Path) -> Splits:
    """SemEval-2018 task 1 (Mohammad et al. 2018): how glad a tweet is, from 0 to 1."""

    def read(name: str) -> list[Row]:
        return [{"text": row[1], "label": float(row[3])} for row in fields(folder / name, at_least=4)[1:]]

    return {"train": read("Valence-reg-En-train.txt"), "validation": read("Valence-reg-En-dev.txt")}


def read_goemotions(folder: Path) -> Splits:
    """GoEmotions (Demszky et al. 2020): one or more of 27 emotions, or none of them, in a comment."""

    def read(name: str) -> list[Row]:
        lines = fields(folder / name, at_least=2)
        return [{"text": row[0], "labels": [int(label) for label in row[1].split(",")]} for row in lines]

    return {"train": read("train.tsv"), "validation": read("dev.tsv"), "test": read("test.tsv")}


def read_chnsenticorp(folder: Path) -> Splits:
    """ChnSentiCorp: Chinese reviews of hotels, books and computers. The test's labels are not given.

    Of the 1200 texts in dev.tsv 335 are in train.tsv too: scores are a little better than they should be. What is
    carved from train.tsv to choose by has no text of the rest.
    """

    def read(name: str) -> list[Row]:
        return [{"text": row[0], "label": row[1]} for row in fields(folder / name, at_least=2)]

    return {"train": read("train.tsv"), "validation": read("dev.tsv")}


def read_ag_news(folder: Path) -> Splits:
    """AG's news (Zhang et al. 2015): a sample of 5000 news to learn from, and the whole test.

    The sample's own dev.csv is left alone: each of its 1000 rows is in its train.csv too.
    """

    def read(name: str, columns: int) -> list[list[str]]:
        lines = list(csv.reader(read_lines(folder / name)))
        return [row for number, row in enumerate(lines, 1) if enough(row, columns, folder / name, number)]

    train = [{"text": text, "label": int(label)} for text, label in read("sample/train.csv", 2)]
    # The publisher counts from 1 and keeps title and text apart; the sample and the hub do neither.
    test = [{"text": f"{title} {text}", "label": int(label) - 1} for label, title, text in read("test.csv", 3)]
    return {"train": train, "test": test}


def read_snips(folder: Path) -> Splits:
    """SNIPS (Coucke et al. 2018): what somebody wants of a voice assistant, one of seven things."""

    def read(name: str) -> list[Row]:
        texts, labels = (read_lines(folder / name / part) for part in ("seq.in", "label"))
        return [{"text": text, "label": label.strip()} for text, label in zip(texts, labels, strict=True)]

    return {"train": read("train"), "validation": read("valid"), "test": read("test")}


def read_clinc150(folder: Path) -> Splits:
    """CLINC150 (Larson et al. 2019): one of 150 things that somebody wants, without those out of scope."""
    data = read_json(folder / "data_full.json")

    def read(name: str) -> list[Row]:
        return [{"text": text, "label": label} for text, label in data[name]]

    return {"train": read("train"), "validation": read("val"), "test": read("test")}


def read_restaurants(folder: Path) -> Splits:
    """SemEval-2014 task 4 (Pontiki et al. 2014): what a review thinks of one thing, which stands where $T$ is."""

    def read(name: str) -> list[Row]:
        lines = read_lines(folder / name)
        triples = zip(lines[::3], lines[1::3], lines[2::3], strict=True)
        return [{"text": t.replace("$T$", span), "span": span, "label": int(label) + 1} for t, span, label in triples]

    return {"train": read("Restaurants_Train.xml.seg"), "test": read("Restaurants_Test_Gold.xml.seg")}


def read_semeval2010_task8(folder: Path) -> Splits:
    """SemEval-2010 task 8 (Hendrickx et al. 2010): how <e1> and <e2> are related, and which way round."""

    def read(name: str) -> list[Row]:
        lines = read_lines(folder / name)
        return [
            {"sentence": line.split("\t")[1].strip()[1:-1], "relation": relation.strip()}  # within one pair of quotes
            for line, relation in zip(lines[::4], lines[1::4], strict=True)
        ]

    return {"train": read("TRAIN_FILE.TXT"), "test": read("TEST_FILE_FULL.TXT")}


def read_columns(path: Path, names: tuple[str, ...]) -> list[Row]:
    """Sentences with a word and its tags a line, and a line without a word between two (CoNLL's layout)."""
    rows: list[Row] = []
    inside = False
    for number, line in enumerate(read_lines(path), 1):
        cells = line.split("\t")
        if cells[0].strip() and enough(cells, len(names), path, number):
            if not inside:
                rows.append({name: [] for name in names})
            for name, cell in zip(names, cells, strict=False):
                rows[-1][name].append(cell.strip())
        inside = bool(cells[0].strip())
    return rows


def read_wnut17(folder: Path) -> Splits:
    """WNUT 2017 (Derczynski et al. 2017): rare and new names in what people post."""
    files = {"train": "wnut17train.conll", "validation": "emerging.dev.conll", "test": "emerging.test.annotated"}
    return {split: read_columns(folder / name, ("tokens", "ner_tags")) for split, name in files.items()}


def read_genia(folder: Path) -> Splits:
    """GENIA (Kim et al. 2003): entities inside entities. Its train split is not here: dev is learned from.

    The file has the innermost entities in its first layer and what they stand in in the second; a few more in a third
    and a fourth, which are left out. Here `ner_tags` are the outer ones, as elsewhere.
    """

    def read(name: str) -> list[Row]:
        rows = []
        for row in read_columns(folder / name, ("tokens", "first", "second")):
            layers = list(zip(row["first"], row["second"], strict=True))
            outer = [first if second == "O" else second for first, second in layers]
            inner = ["O" if second == "O" else first for first, second in layers]
            rows.append({"tokens": row["tokens"], "ner_tags": outer, "nested_ner_tags": inner})
        return rows

    return {"train": read("genia.dev.iob2"), "test": read("genia.test.iob2")}


def read_squad(folder: Path) -> Splits:
    """SQuAD 1.1 (Rajpurkar et al. 2016), of which its dev split is here: 28, 8 and 12 of its 48 articles.

    By articles and not by questions: those of one paragraph help one another.
    """
    articles = read_json(folder / "dev-v1.1.json")["data"]
    cuts = {"train": articles[:28], "validation": articles[28:36], "test": articles[36:]}
    return {split: [row for article in part for row in ask(article)] for split, part in cuts.items()}


def ask(article: dict) -> list[Row]:
    """The questions on one article, a row each."""
    rows = []
    for part in article["paragraphs"]:
        for asked in part["qas"]:
            answers = {name: [answer[name] for answer in asked["answers"]] for name in ("text", "answer_start")}
            row = {"id": asked["id"], "title": article["title"], "context": part["context"], "answers": answers}
            rows.append({**row, "question": asked["question"].strip()})
    return rows


def read_published(name: str, folder: Path) -> Splits:
    """The splits of a data set. Raises InputError where a file is missing or not in the publisher's layout."""
    try:
        return READERS[name](folder)
    except (UnicodeDecodeError, ValueError, KeyError, IndexError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder} is not in its publisher's layout ({error}); get the files again") from None


READERS: dict[str, Callable[[Path], Splits]] = {
    "mrpc": read_mrpc,
    "sst2": read_sst2,
    "stsb": read_stsb,
    "vreg": read_vreg,
    "ag_news": read_ag_news,
    "snips": read_snips,
    "clinc150": read_clinc150,
    "chnsenticorp": read_chnsenticorp,
    "restaurants": read_restaurants,
    "semeval2010_task8": read_semeval2010_task8,
    "goemotions": read_goemotions,
    "wnut17": read_wnut17,
    "genia": read_genia,
    "squad": read_squad,
}
