"""How the town's text reads, in figures, beside an encyclopaedia's: WikiText-2.

    MINISFT_DATA=... python tests/benchmarks/town_text.py [--samples N] [--seed 0] [--json FILE]

A token is a word, an ideograph or a sign. `--samples` prints whole documents of the test worlds instead, drawn by the
seed, as Markdown.
"""

import argparse
import itertools
import json
import os
import random
import re
import statistics
import time
from collections import Counter
from pathlib import Path

from minisft.data.corpus import Document, read_documents
from minisft.data.town import documents

TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")
MEASURED, TIMED = 200_000, 1_000_000  # tokens
DRAWN_FROM = 400  # documents
LANGUAGES = {"en": "English", "zh": "Chinese"}


def tokens(text: str) -> list[str]:
    """The tokens of a text."""
    return TOKEN.findall(text)


def reading(texts: list[Document]) -> dict[str, float]:
    """What the first 200,000 tokens of some documents are like."""
    sentences: list[str] = []
    count = 0
    for sentence in itertools.chain.from_iterable(texts):
        sentences.append(sentence)
        count += len(tokens(sentence))
        if count >= MEASURED:
            break
    words = [token.lower() for sentence in sentences for token in tokens(sentence)]
    lengths = [len(tokens(sentence)) for sentence in sentences]
    fours = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    again = sum(times for times in Counter(sentences).values() if times > 1)
    return {
        "tokens": count,
        "word types": len(set(words)),
        "repeated sentences": again / len(sentences),
        "distinct 4-grams": len(set(fours)) / len(fours),
        "sentence length": statistics.mean(lengths),
        "spread": statistics.stdev(lengths),
    }


def pace(language: str) -> float:
    """Seconds for a million tokens, from nothing."""
    started, count = time.perf_counter(), 0
    for document in documents("train", language):
        count += sum(len(tokens(sentence)) for sentence in document)
        if count >= TIMED:
            break
    return time.perf_counter() - started


def print_samples(count: int, seed: int) -> None:
    """Whole documents of worlds that no model has seen, as they come."""
    for language, name in LANGUAGES.items():
        found = list(itertools.islice(documents("test", language), DRAWN_FROM))
        print(f"## {name}\n")
        for number, document in enumerate(random.Random(seed).sample(found, count), 1):
            print(f"{number}. {('' if language == 'zh' else ' ').join(document)}\n")


def main() -> None:
    """Print a table, or samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, metavar="N", help="print N documents in each language, and no figures")
    parser.add_argument("--seed", type=int, default=0, help="which documents (0)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.samples:
        print_samples(options.samples, options.seed)
        return
    found = {}
    for language, name in LANGUAGES.items():
        texts = list(itertools.islice(documents("train", language), 5000))
        found[f"the town, {name}"] = {"seconds": pace(language)} | reading(texts)
    wikitext = Path(os.environ.get("MINISFT_DATA", "")) / "wikitext2" / "valid.txt"
    if "MINISFT_DATA" in os.environ and wikitext.exists():
        found["WikiText-2, valid"] = reading(read_documents(wikitext))
    else:
        print("without WikiText-2: set MINISFT_DATA to a folder that holds wikitext2/valid.txt\n")
    print("| | seconds for 1 M tokens | word types | repeated sentences | distinct 4-grams | sentence length, spread |")
    print("|---|---|---|---|---|---|")
    for name, row in found.items():
        seconds = f"{row['seconds']:.0f}" if "seconds" in row else ""
        print(
            f"| {name} | {seconds} | {row['word types']} | {row['repeated sentences']:.1%} "
            f"| {row['distinct 4-grams']:.2f} | {row['sentence length']:.1f}, {row['spread']:.1f} |"
        )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
