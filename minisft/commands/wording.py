"""Rows and answers in words: what a person reads of them."""

from typing import Any

from minisft.data import Task
from minisft.data.task import Row
from minisft.text.cleaning import join_words
from minisft.training.spans import Answer

SHOWN = 160  # characters of a long text


def texts_of(row: Row, columns: tuple[str, ...]) -> list[str]:
    """The texts of a row; words are joined."""
    return [row[name] if isinstance(row[name], str) else join_words(row[name])[0] for name in columns]


def shorten(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[:SHOWN].rsplit(" ", 1)[0] + " ..."


def gold_in_words(task: Task, row: Row) -> str:
    """What is to be found in a row."""
    value = row[task.targets[0]]
    if task.kind == "tags":
        text, places = join_words(row["tokens"])
        return name_entities(find_entities([row[target] for target in task.targets], task.labels, text, places))
    if task.kind == "span":
        return value["text"][0] if value["text"] else "no answer"
    if task.kind == "labels":
        return ", ".join(task.labels[label] for label in value) or "no label"
    return f"{value:g}" if task.kind == "number" else task.labels[value]


def find_entities(
    layers: list[list[int]], labels: list[str], text: str, places: list[tuple[int, int]]
) -> list[dict[str, Any]]:
    """The entities of a row's tags, layer by layer: type, text, start and end in characters, layer."""
    from seqeval.metrics.sequence_labeling import get_entities

    found = []
    for layer, tags in enumerate(layers):
        for kind, first, last in get_entities([labels[tag] for tag in tags]):
            start, end = places[first][0], places[last][1]
            found.append({"type": kind, "text": text[start:end], "start": start, "end": end, "layer": layer})
    return found


def name_entities(entities: list[dict[str, Any]]) -> str:
    """Entities in a line; those of the second layer are inside others."""
    shown = [f"{entity['type']}: {entity['text']}" + (" (inside)" if entity["layer"] else "") for entity in entities]
    return ", ".join(shown) or "no entity"


def name_answer(answer: Answer) -> str:
    """An answer in a line."""
    return answer.text or "no answer"
