"""Labels of the town's tasks that stand where the text tells them, and belong to one split."""

import itertools
import random
import re

import pytest

from minisft.data.town.builder import build_town
from minisft.data.town.chinese import TRADING
from minisft.data.town.documents import Text, Writer
from minisft.data.town.markup import Mark, Span
from minisft.data.town.names import NAMES, SPLITS
from minisft.data.town.plots import TOPICS, draw_story
from minisft.data.town.population import Town, fact
from minisft.data.town.tasks import reading, relations, sorting


@pytest.fixture(scope="module")
def town() -> Town:
    return build_town(NAMES["train"], random.Random(0))


def drawn(draw, town: Town, language: str, count: int = 200) -> list[dict]:
    """Rows of one town."""
    writer = Writer(town, language, random.Random(1))
    return [row for _ in range(count) if (row := draw(writer, "newspaper", language))]


def test_an_answer_stands_in_the_clause_that_tells_it(town) -> None:
    person, other = town.people[:2]
    before, told = fact("lose", 0, person=person), fact("find", 1, person=person)

    def found(name: str) -> tuple[int, str] | None:
        text, spans = "", []
        for one, value, its in ((person.en, person, before), (other.en, other, before), (name, person, told)):
            spans.append(Span(len(text), len(text) + len(one), Mark(value, "person", "PER", its)))
            text += one + " "
        return reading.answer(spans, text, person, told)

    assert found(person.en) == (len(f"{person.en} {other.en} "), person.en)
    assert found("she") == (0, person.en)
    assert found(person.last) is None


def test_a_question_that_names_nothing_asks_for_the_only_one(town) -> None:
    one, two = (
        fact("hurt", 0, person=who, place=where) for who, where in zip(town.people, town.streets[:2], strict=False)
    )
    texts = [Text("news", "health", [], None, (one, two))]
    assert reading._ambiguous(texts, one, set())
    assert reading._ambiguous(texts, one, {two["place"]})
    assert not reading._ambiguous(texts, one, {one["place"]})


def test_questions_are_whole_sentences(town) -> None:
    asked = [row["question"] for row in drawn(reading.draw_question, town, "en", 1500)]
    assert not [question for question in asked if re.search(r" between and | of on fire", question)]
    asked = [row["question"] for row in drawn(reading.draw_question, town, "zh", 600)]
    trading = tuple(noun.zh for noun in TRADING)
    assert all(question.split("哪家")[1].startswith(trading) for question in asked if "哪家" in question)
    assert any(re.search("在哪里(?!建)", question) for question in asked)  # the word order of a statement


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_relation_is_marked_in_the_clause_that_says_it(town, language) -> None:
    for row in drawn(relations.draw_relation, town, language):
        if row["relation"] != "Other":
            clauses = re.split(r", and |; |, while |，而且|；|，", row["sentence"])
            assert any("<e1>" in clause and "<e2>" in clause for clause in clauses), row


def test_two_facts_can_come_to_a_relation(town) -> None:
    one, two, three = town.people[:3]
    street, firm = town.streets[0], town.firms[0]
    facts = [
        fact("married", person=one, other=two), fact("parent", person=one, other=three),
        fact("lives_in", person=one, place=street), fact("owns", person=one, org=firm),
    ]  # fmt: skip

    def related(first: object, second: object) -> bool:
        return relations._related(tuple(Span(0, 1, Mark(value, "")) for value in (first, second)), facts)

    assert related(one, firm)
    assert related(two, three)
    assert related(two, street)
    assert not related(two, firm)
    assert not related(firm, street)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_piece_of_news_begins_with_its_topic(town, language) -> None:
    """How a story ends, with thanks or a reopening, does not tell what it was about."""
    writer, seen = Writer(town, language, random.Random(2)), []

    def write(genre: str, topic: str) -> Text:
        seen.append(Writer.write(writer, genre, topic))
        return seen[-1]

    writer.write = write
    for _ in range(100):
        row = sorting.draw_topic(writer, "newspaper", language)
        told = [
            span.mark.fact
            for sentence in seen[-1].sentences if seen[-1].teller.read([sentence])[0] in row["text"]
            for span in seen[-1].teller.speech.marks.read(sentence)[1]
        ]  # fmt: skip
        assert any(one is fact for one in told for fact in seen[-1].facts[:4]), row


def test_no_firm_has_the_same_name_in_two_splits() -> None:
    names = [
        {name for seed in range(40) for firm in build_town(NAMES[split], random.Random(seed)).firms
         for name in (firm.en, firm.zh)}
        for split in SPLITS
    ]  # fmt: skip
    assert not any(one & two for one, two in itertools.combinations(names, 2))


def test_whoever_is_introduced_is_the_subject(town) -> None:
    """Not "the owner of it is she", with what it is left out."""
    for topic, seed in itertools.product(TOPICS, range(20)):
        writer = Writer(town, "zh", random.Random(seed))
        story = draw_story(town, writer.rng, topic)
        teller = writer.teller(story.steps[-1].fact.day + 1)
        told = teller.read(teller.steps(list(story.steps), background=1.0))
        assert not any(re.search("的[^，。]{2,4}是[他她]，", sentence) for sentence in told), told
