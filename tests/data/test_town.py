"""The town's text: the same bytes for everybody, and worth reading."""

import itertools
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from minisft.data.town import documents
from minisft.data.town.frames import parse, phrase_book
from minisft.data.town.names import NAMES
from minisft.errors import InputError

HASHES = {
    "en": "dc8e40da89e9853dfbc95330a2737624d651b23af1a1090bb6cd3613268f5874",
    "zh": "54c7a92eba8fbc88af1ed065dd0bb28be94c31d8ef975955ce066cfe6c3c76cb",
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


@pytest.mark.parametrize("phrase", ["{person} <walk> [to {place}", "{person <walk>", "(a|b"])
def test_a_broken_phrase_is_named(phrase) -> None:
    with pytest.raises(InputError, match="bracket"):
        parse(phrase)
