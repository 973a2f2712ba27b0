"""What a text is about, and what its writer wants."""

from minisft.data.town.documents import Writer
from minisft.data.town.plots import TOPICS, draw_story
from minisft.data.town.tasks.worlds import Row, rows_of, whole
from minisft.data.town.wishes import DEPARTMENTS, DESK, OFFICE


def draw_topic(writer: Writer, domain: str, language: str) -> Row:
    """A few sentences of a story, or a request, and the topic or department."""
    if domain == "helpdesk":
        department = writer.rng.choice(list(DEPARTMENTS))
        text = writer.request(None, (writer.rng.choice(DEPARTMENTS[department]),))
        return {"text": whole(text.plain(), language), "label": department}
    topic = writer.rng.choice(TOPICS)
    text = writer.write(writer.rng.choice(("news", "letter", "diary")), topic)
    # At most two sentences at the beginning are on nothing in particular, and how a story ends can end others as well:
    # the first or second sentence of the story is among these.
    first = writer.rng.randrange(2 if len(text.sentences) > 4 else 1)
    return {"text": whole(text.plain()[first : first + writer.rng.randrange(3, 6)], language), "label": topic}


def draw_intent(writer: Writer, domain: str, language: str) -> Row:
    """A request and what it wants."""
    intent = writer.rng.choice(DESK if domain == "helpdesk" else OFFICE)
    return {"text": whole(writer.request(None, (intent,)).plain(), language), "label": intent}


def draw_labels(writer: Writer, domain: str, language: str) -> Row:
    """One to three pieces of news, or wishes, and the topics or departments of all."""
    count = writer.rng.randrange(1, 4)
    if domain == "helpdesk":
        departments = writer.rng.sample(list(DEPARTMENTS), count)
        intents = tuple(writer.rng.choice(DEPARTMENTS[department]) for department in departments)
        return {"text": whole(writer.request(None, intents).plain(), language), "labels": sorted(departments)}
    topics = writer.rng.sample(TOPICS, count)
    sentences: list[str] = []
    for topic in topics:
        story = draw_story(writer.town, writer.rng, topic)
        teller = writer.teller(story.steps[-1].fact.day + 1)
        sentences += teller.read(teller.steps(list(story.steps), background=0.2))[:2]
    return {"text": whole(sentences, language), "labels": sorted(topics)}


def topics(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns text, label."""
    return rows_of("topics", domain, language, draw_topic)


def intents(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns text, label."""
    return rows_of("intents", domain, language, draw_intent)


def labels(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns text, labels."""
    return rows_of("labels", domain, language, draw_labels)
