"""The town's text: the same bytes for everybody, and worth reading."""

import itertools
import os
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from minisft.data.town import documents
from minisft.data.town.builder import build_town
from minisft.data.town.documents import texts
from minisft.data.town.frames import parse, phrase_book
from minisft.data.town.names import NAMES
from minisft.data.town.plots import draw_story
from minisft.data.town.population import Person, Town
from minisft.errors import InputError

HASHES = {
    "en": "c5724d714a41ac99c169affe11b2bba335de75174ed5b97bd7567bd4a3537285",
    "zh": "b22a5c41dd768d409799c8a96b6918b8a6c2b9549bafebfa8cafa38fd0e46139",
}
DIGEST = """
import hashlib, itertools
from minisft.data.town import documents
text = "\\n".join(" ".join(document) for document in itertools.islice(documents("train", {language!r}), 300))
print(hashlib.sha256(text.encode()).hexdigest())
"""


def words(text: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]", text)


@pytest.fixture(scope="module", params=["en", "zh"])
def sentences(request) -> list[str]:
    """Two hundred thousand words, or ideographs."""
    found, count = [], 0
    for document in documents("train", request.param):
        found += document
        count += sum(len(words(sentence)) for sentence in document)
        if count > 200_000:
            return found
    raise AssertionError


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("hash_seed", ["0", "7"])
def test_the_same_bytes_in_any_process(language, hash_seed) -> None:
    code = DIGEST.format(language=language)
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == HASHES[language]


def test_seeds_splits_and_languages_differ() -> None:
    first = {
        (split, language, seed): tuple(next(iter(documents(split, language, seed))))
        for split, language, seed in itertools.product(NAMES, ["en", "zh"], [0, 1])
    }
    assert len(set(first.values())) == len(first)


def test_hardly_a_sentence_comes_twice(sentences) -> None:
    counts = Counter(sentences)
    assert sum(count for count in counts.values() if count > 1) / len(sentences) <= 0.05


def test_words_follow_each_other_in_many_ways(sentences) -> None:
    text = [word for sentence in sentences for word in words(sentence)]
    fours = list(zip(text, text[1:], text[2:], text[3:], strict=False))
    assert len(set(fours)) / len(fours) >= 0.35


def test_sentences_are_whole(sentences) -> None:
    for sentence in sentences:
        assert not re.search(r"[\ue000-\uf8ff{}<>|\[\]~^]|  | [,.;?]|None|，，|。。|，。", sentence), sentence
        assert sentence == sentence.strip()
        if sentence[0].isascii():
            assert not sentence[0].islower(), sentence


def test_documents_hang_together() -> None:
    """Neighbours share a longer word or a name far more often than sentences of different documents."""
    found = [document for document in itertools.islice(documents("train", "en"), 400) if len(document) > 3]

    def share(one: str, two: str) -> bool:
        content = [
            set(re.findall(r"[a-z]{5,}", text.lower())) - {"their", "which", "after", "about"} for text in (one, two)
        ]
        return bool(content[0] & content[1])

    near = [share(one, two) for document in found for one, two in itertools.pairwise(document)]
    far = [share(one[1], two[2]) for one, two in itertools.pairwise(found)]
    assert sum(near) / len(near) > 2 * sum(far) / len(far)


def test_splits_share_no_names() -> None:
    for kind in ("last", "streets", "villages", "women", "men", "places"):
        sets = [set(getattr(names, kind)) for names in NAMES.values()]
        for one, two in itertools.combinations(sets, 2):
            assert not one & two, kind
        assert all(len(one) > 50 for one in sets), kind


def test_every_kind_of_fact_can_be_said_in_both_languages() -> None:
    english, chinese = phrase_book("en"), phrase_book("zh")
    assert english.keys() == chinese.keys()
    for book in (english, chinese):
        for kind, frames in book.items():
            assert len(frames) >= 2, kind


@pytest.fixture(scope="module")
def towns() -> list[Town]:
    return [build_town(NAMES["train"], random.Random(seed)) for seed in range(20)]


def test_what_is_always_so_agrees(towns) -> None:
    for town in towns:
        facts = defaultdict(list)
        for fact in town.facts:
            facts[fact.kind].append(fact)
        assert all(18 <= fact["person"].age - fact["other"].age <= 45 for fact in facts["parent"])
        for fact in facts["married"] + facts["neighbour"]:
            assert town.home[fact["person"]] == town.home[fact["other"]]
        for fact in facts["leads"]:
            assert fact["org"] in town.clubs or town.employer[fact["person"]] == fact["org"]
        families: list[set[Person]] = []
        for fact in facts["sibling"]:
            one = set(fact.roles.values()).union(*(group for group in families if group & set(fact.roles.values())))
            families = [group for group in families if not group & one] + [one]
        for group in families:
            assert max(person.age for person in group) - min(person.age for person in group) < 18
        assert all(fact["person"].born + 18 <= fact["year"] < 2018 for fact in facts["founded"])


def test_stories_agree_with_themselves_and_the_town(towns) -> None:
    for town in towns:
        wed = {person for fact in town.facts if fact.kind == "married" for person in fact.roles.values()}
        rng = random.Random(1)
        for told in ([step.fact for step in draw_story(town, rng).steps] for _ in range(200)):
            one = {fact.kind: fact for fact in told}
            assert all(before.day <= after.day for before, after in itertools.pairwise(told))
            if "wed" in one:
                assert not wed & set(one["wed"].roles.values())
            if "move_house" in one:
                assert town.home[one["move_house"]["person"]] != one["move_house"]["place"]
            if "retire" in one:
                assert town.employer[one["retire"]["person"]] == one["retire"]["org"]
                assert one["retire"]["person"].age - one["retire"]["years"] > 20
            if "close_shop" in one and "deliver" in one:
                assert "reopen" in one
            if "reopen" in one and "shut_for" in one:
                assert one["reopen"].day - one["shut_for"].day >= 7 * one["shut_for"]["weeks"]
            if "inaugurate" in one or "cost" in one:
                assert one["build"].day - one["vote"].day >= 60
            if "delay" in one and "build" in one:
                assert one["build"].day - one["delay"].day > 7 * one["delay"]["weeks"]
            if "replace_ship" in one and "resume" in one:
                assert "repair" in one


def test_no_sitting_decides_twice_or_builds() -> None:
    minutes = [text for text in itertools.islice(texts("train", "en"), 1000) if text.genre == "minutes"]
    for text in minutes:
        projects = [fact["project"] for fact in text.facts if fact.kind == "propose"]
        assert len(set(projects)) == len(projects)
        assert not {fact.kind for fact in text.facts} & {"build", "delay", "cost", "inaugurate"}


@pytest.mark.parametrize("phrase", ["{person} <walk> [to {place}", "{person <walk>", "(a|b"])
def test_a_broken_phrase_is_named(phrase) -> None:
    with pytest.raises(InputError, match="bracket"):
        parse(phrase)
