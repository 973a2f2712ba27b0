"""What is asked about the town: each task is read off the world and never off the text."""

from minisft.data.task import Declaration
from minisft.data.town.opinions import STRONGEST
from minisft.data.town.tasks import feelings, logic, naming, reading, relations, sorting

PARAPHRASE = ["not_equivalent", "equivalent"]
# Tasks whose labels differ by domain declare none: their names stand in the rows.
TOWN: dict[str, Declaration] = {
    "town/paraphrase": Declaration(
        "class", ("sentence1", "sentence2"), ("label",), PARAPHRASE,
        "do two sentences about the town say the same?", make=logic.paraphrase,
    ),
    "town/nli": Declaration(
        "class", ("premise", "hypothesis"), ("label",), logic.LABELS,
        "does a sentence follow from a text, contradict it, or neither?", make=logic.nli,
    ),
    "town/polarity": Declaration(
        "class", ("sentence",), ("label",), ["negative", "positive"],
        "does somebody praise or blame?", make=feelings.polarity,
    ),
    "town/intensity": Declaration(
        "number", ("text",), ("label",), ["intensity"],
        f"how much, from -{STRONGEST:.0f} (blame) to {STRONGEST:.0f} (praise)?", make=feelings.intensity,
    ),
    "town/aspects": Declaration(
        "class", ("text", "span"), ("label",), feelings.SENTIMENTS,
        "what does somebody think of one thing among several?", make=feelings.aspects,
    ),
    "town/ner": Declaration(
        "tags", ("tokens",), ("ner_tags",), naming.LABELS, "names of people, organisations, places", make=naming.ner
    ),
    "town/nested_ner": Declaration(
        "tags", ("tokens",), ("ner_tags", "nested_ner_tags"), naming.LABELS,
        "names, and names inside names", make=naming.nested_ner,
    ),
    "town/relations": Declaration(
        "class", ("sentence",), ("relation",), relations.LABELS,
        "what holds between two names of a sentence, and in which direction?", make=relations.relations,
    ),
    "town/topics": Declaration(
        "class", ("text",), ("label",), [], "which page of the newspaper, or which department?", make=sorting.topics
    ),
    "town/intents": Declaration(
        "class", ("text",), ("label",), [], "what does the writer want?", make=sorting.intents
    ),
    "town/labels": Declaration(
        "labels", ("text",), ("labels",), [], "all topics, or departments, of a text", make=sorting.labels
    ),
    "town/qa": Declaration(
        "span", ("question", "context"), ("answers",), [], "where a text answers a question", make=reading.qa
    ),
}  # fmt: skip
