"""Well-known data sets as their publishers laid them out, read from the folder in MINISFT_DATA."""

from collections.abc import Callable
from pathlib import Path

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
    for number, row in enumerate(rows, 1):
        if len(row) < at_least:
            raise InputError(f"{path}, line {number}: {len(row)} columns, expected at least {at_least}")
    return rows


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


def read_published(name: str, folder: Path) -> Splits:
    """The splits of a data set. Raises InputError where a file is missing or not in the publisher's layout."""
    try:
        return READERS[name](folder)
    except (UnicodeDecodeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder} is not in its publisher's layout ({error}); get the files again") from None


READERS: dict[str, Callable[[Path], Splits]] = {"mrpc": read_mrpc, "sst2": read_sst2, "stsb": read_stsb}
