"""Rows from disjoint worlds: no two splits of a task have a person, a street, a village or a firm in common.

Ships, plays and prizes are everybody's.
"""

import random
from collections.abc import Callable
from typing import Any

from minisft.data.town.builder import build_town
from minisft.data.town.documents import Writer
from minisft.data.town.names import NAMES
from minisft.data.town.speech import Speech
from minisft.errors import InputError

Row = dict[str, Any]
SIZES = {"train": 2000, "validation": 400, "test": 800}
MORE = SIZES | {"train": 4000}  # for what takes longer to learn
DOMAINS, LANGUAGES = ("newspaper", "helpdesk"), ("en", "zh")
PER_TOWN = 25  # rows before the next town
TRIES = 60
# How somebody brings a fact forward at the help desk.
LEADS = {
    "en": ("please note that", "I am told that", "I would like to report that", "you should know that",
           "for your files:"),
    "zh": ("请注意，", "听说，", "我想报告：", "请登记：", "据我所知，"),
}  # fmt: skip


def rows_of(
    task: str, domain: str, language: str, draw: Callable[[Writer, str, str], Row | None], sizes: dict[str, int] = SIZES
) -> dict[str, list[Row]]:
    """The splits of a task. `draw` makes a row with a writer, for a domain and a language, or gives None: then it is
    asked again.

    The same arguments give the same rows. Raises InputError for an unknown domain or language.
    """
    if domain not in DOMAINS:
        raise InputError(f"the town has no domain {domain!r}; expected {' or '.join(DOMAINS)}")
    if language not in LANGUAGES:
        raise InputError(f"the town does not speak {language!r}; expected {' or '.join(LANGUAGES)}")
    splits = {}
    seen: set[str] = set()  # of all splits: what somebody thinks of a soup needs no name
    for split, size in sizes.items():
        rng = random.Random(f"{task} {split} {domain} {language}")
        rows: list[Row] = []
        writer = Writer(build_town(NAMES[split], rng), language, rng)
        for attempt in range(TRIES * size):
            if len(rows) == size:
                break
            if attempt % PER_TOWN == 0:
                writer = Writer(build_town(NAMES[split], rng), language, rng)
            row = draw(writer, domain, language)
            if row is not None and repr(row) not in seen:
                seen.add(repr(row))
                rows.append(row)
        rng.shuffle(rows)
        splits[split] = rows
    return splits


def whole(sentences: list[str], language: str) -> str:
    """Sentences as one text."""
    return ("" if language == "zh" else " ").join(sentences)


def lead(text: str, domain: str, speech: Speech) -> str:
    """A clause as it is; at the help desk, as somebody brings it forward."""
    if domain != "helpdesk":
        return text
    return whole([speech.rng.choice(LEADS[speech.language]), text], speech.language)
