"""The town's tasks: labels that a second reading gives again, and rows without a way round the question."""

import functools
import itertools
import random
import re
from collections import Counter

import pytest
from town_reader import is_negated, patterns, read

from minisft.data import load_task
from minisft.data.town import opinions
from minisft.data.town.builder import build_town
from minisft.data.town.documents import Writer
from minisft.data.town.frames import phrase_book
from minisft.data.town.names import NAMES, WOMEN
from minisft.data.town.plots import TOPICS, draw_story
from minisft.data.town.stories import Cast
from minisft.data.town.tasks import TOWN, feelings, logic, naming, relations
from minisft.data.town.tasks.worlds import LEADS, rows_of
from minisft.data.town.wishes import DEPARTMENTS, DESK, OFFICE
from minisft.errors import InputError

SIZES = {"train": 200, "validation": 10, "test": 20}
EVERYWHERE = [
    pytest.param(domain, language, id=f"{domain}-{language}")
    for domain, language in itertools.product(("newspaper", "helpdesk"), ("en", "zh"))
]


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    """Splits that are read in a moment."""
    for module in ("feelings", "logic", "naming", "reading", "relations", "sorting"):
        monkeypatch.setattr(f"minisft.data.town.tasks.{module}.rows_of", lambda *a: rows_of(*a[:4], sizes=SIZES))


@functools.cache  # who writes otherwise, as one test does, asks for rows.__wrapped__
def rows(task: str, domain: str, language: str) -> list[dict]:
    """Two hundred training rows."""
    return TOWN[f"town/{task}"].make(domain, language)["train"]


def without_lead(text: str, language: str) -> str:
    """The clause that somebody at the help desk brings forward."""
    for lead in LEADS[language]:
        if text.lower().startswith(lead.lower()):
            return text[len(lead) :].strip()
    return text


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
@pytest.mark.parametrize("task", TOWN)
def test_rows_are_what_the_task_declares(task, domain, language) -> None:
    loaded = load_task(task, language=language, domain=domain)
    assert {name: len(getattr(loaded, name)) for name in SIZES} == SIZES
    assert set(loaded.columns) | set(loaded.targets) <= set(loaded.train.column_names)
    again = rows(task.removeprefix("town/"), domain, language)
    assert [row[loaded.columns[0]] for row in again] == loaded.train[loaded.columns[0]]
    assert len({repr(row) for row in again}) == SIZES["train"]
    if TOWN[task].kind == "class":
        counts = Counter(loaded.train[loaded.targets[0]])
        assert len(counts) == len(loaded.labels) or task == "town/relations"
        assert max(counts.values()) / SIZES["train"] < 1.6 / len(loaded.labels) + 0.12


# Words that turn a sentence round. How it denies is read from how many of them stand around the fact.
TURNS = {"en": re.compile(r"\b(not|no|nobody|deny|doubt|mistake)\b"), "zh": re.compile("没有|否认|不|无|疑|错")}
AROUND = {
    "en": re.compile(r"^(?:.*\bthat )?(.+)$"),
    "zh": re.compile("^(?:毫无疑问，|谁也不能否认|谁也不能说|说)?(.+?)(?:，这是真的|，这不是真的|就错了)?$"),
}


def claim(text: str, language: str) -> tuple[bool, list]:
    """Whether a sentence denies its fact, and the fact."""
    text = without_lead(text, language).rstrip(".。")
    inside = AROUND[language].match(text).group(1)
    turns = len(TURNS[language].findall(text.replace(inside, " ").lower())) + is_negated(inside, language)
    return turns % 2 == 1, read(inside, logic.FACT_KINDS["newspaper"], language)


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
def test_paraphrases_read_again(domain, language) -> None:
    labels, denials = [], []
    for row in rows("paraphrase", domain, language):
        (denied, one), (again, two) = (claim(row[side], language) for side in ("sentence1", "sentence2"))
        assert one, row
        assert two, row
        assert row["label"] == int(denied == again and agree(one, two)), row
        labels.append(row["label"])
        denials += [denied, again]
    assert 0.35 < sum(labels) / len(labels) < 0.65
    assert 0.35 < sum(denials) / len(denials) < 0.65


@pytest.mark.parametrize("language", ["en", "zh"])
def test_paraphrases_have_no_short_cut(language) -> None:
    """Neither the same words, nor the same names, nor the same way to say it tells which pairs say the same."""
    found = rows("paraphrase", "newspaper", language)
    right: dict[str, list[bool]] = {"words": [], "names": [], "denials": []}
    alike = [overlap(row["sentence1"], row["sentence2"]) for row in found]
    for row, shared in zip(found, alike, strict=True):
        pair = (row["sentence1"], row["sentence2"])
        names = [set(re.findall(r"[A-Z][a-z]+ [A-Z][a-z]+", text)) for text in pair]
        turned = [bool(TURNS[language].search(text.lower())) for text in pair]
        right["words"].append((shared >= sorted(alike)[len(alike) // 2]) == row["label"])
        right["names"].append((names[0] == names[1]) == row["label"])
        right["denials"].append((turned[0] == turned[1]) == row["label"])
    for rule, hits in right.items():
        assert 0.35 < sum(hits) / len(hits) < 0.67, rule


def overlap(one: str, two: str) -> float:
    """The share of words, or ideographs, that two texts have in common."""
    bags = [set(re.findall(r"[\u3400-\u9fff]|[a-z]+", text.lower())) for text in (one, two)]
    return len(bags[0] & bags[1]) / len(bags[0] | bags[1])


def agree(one: list, two: list) -> bool:
    """Whether two readings have a fact in common."""
    for (kind, roles), (other, others) in itertools.product(one, two):
        shared = roles.keys() & others.keys() - {"person", "other"}
        people = [(found["person"], found["other"]) for found in (roles, others)]
        if kind in logic.SAME:
            people = [tuple(sorted(pair)) for pair in people]
        if kind == other and people[0] == people[1] and all(roles[role] == others[role] for role in shared):
            return True
    return False


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
def test_inferences_read_again(domain, language, monkeypatch) -> None:
    """With premises that name everybody in full, so that the reader needs no pronouns."""
    telling = Writer.teller

    def plain(self, *arguments):
        teller = telling(self, *arguments)
        teller.speech.plain = True
        teller.speech.date = lambda *_: ""
        teller.about = lambda *_: None
        return teller

    monkeypatch.setattr(Writer, "teller", plain)
    labels = Counter()
    for row in rows.__wrapped__("nli", domain, language):
        sentences = [s for s in re.split(r"(?<=\.) |(?<=。)", row["premise"]) if s]
        negated, asked = claim(row["hypothesis"], language)
        assert asked, row
        assert infer([claim(s, language) for s in sentences], asked, negated) == row["label"], row
        labels[row["label"]] += 1
    assert min(labels.values()) > 40


def infer(premise: list, asked: list, negated: bool) -> int:
    """0 it follows, 1 it is open, 2 it cannot be."""
    for denied, told in premise:
        if agree(told, asked):
            return 0 if denied == negated else 2
    turned = [(kind, roles | {"person": roles["other"], "other": roles["person"]}) for kind, roles in asked]
    for denied, told in premise:
        if not denied and any(agree(told, [one]) and one[0] in logic.REVERSED for one in turned):
            return 0 if negated else 2
    return 1


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
def test_relations_read_again(domain, language) -> None:
    kinds = tuple(relations.RELATIONS)
    for row in rows("relations", domain, language):
        one, two = (re.search(f"<{e}>(.*?)</{e}>", row["sentence"]).group(1).lower() for e in ("e1", "e2"))
        text = without_lead(re.sub(r"</?e[12]>", "", row["sentence"]), language)
        clauses = re.split(r", and |; |, while " if language == "en" else "，而且|；|，", text)
        told = set()
        for clause in clauses:
            found = read(clause, kinds, language)
            assert found, clause
            for kind, roles in found:
                name, first, second = relations.RELATIONS[kind]
                pair = (roles.get(first), roles.get(second))
                if pair == (one, two) or (pair == (two, one) and name in relations.SYMMETRIC):
                    told.add(name if name in relations.SYMMETRIC else f"{name}(e1,e2)")
                elif pair == (two, one):
                    told.add(f"{name}(e2,e1)")
        assert row["relation"] in (told or {"Other"}), row


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
@pytest.mark.parametrize("task", ["ner", "nested_ner"])
def test_names_read_again(task, domain, language) -> None:
    """Every name that the name lists can build is tagged, and nothing else is."""
    names = NAMES["train"]
    village, street = set(names.villages), {f"{n} {kind}" for n in names.streets for kind in ("Street", "Lane", "Road")}
    places = {f"{name}{kind}" for name in names.places for kind in "村镇街巷路"}
    for row in rows(task, domain, language):
        spans = entities(row["tokens"], row["ner_tags"], language)
        inner = entities(row["tokens"], row.get("nested_ner_tags", [0] * len(row["tokens"])), language)
        for tag, text, *_ in spans:
            if tag == "PER" and language == "en":
                last = text.split()[-1]
                assert last in names.last or last in names.first, text
            if tag == "PER" and language == "zh":
                assert text[0] in names.surnames, text
                assert text[1:] in names.women or text[1:] in names.men, text
            if tag == "LOC":
                assert text in (village | street if language == "en" else places), text
        for tag, text, start, end in inner:
            assert tag == "LOC", text
            assert any(o[0] == "ORG" and o[2] <= start and end <= o[3] and o[3] - o[2] > end - start for o in spans), (
                row
            )
        covered = {n for _, _, start, end in spans for n in range(start, end)}
        for number, token in enumerate(row["tokens"]):
            if language == "en" and (token in names.last or token in names.villages) and token.lower() not in COMMON:
                assert number in covered, (token, row["tokens"])


COMMON = {"word", "wood"}


def entities(tokens: list[str], tags: list[int], language: str) -> list[tuple[str, str, int, int]]:
    """The names of a row: tag, text, from word, to word."""
    found, start = [], None
    for number, tag in enumerate([*tags, 0]):
        label = naming.LABELS[tag]
        if start is not None and not label.startswith("I-"):
            text = ("" if language == "zh" else " ").join(tokens[start:number])
            found.append((naming.LABELS[tags[start]][2:], text, start, number))
            start = None
        if label.startswith("B-"):
            start = number
        assert not (label.startswith("I-") and start is None)
    return found


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
def test_answers_stand_in_their_context(domain, language) -> None:
    people = re.compile(r"(?:[A-Z][a-z]+ )?[A-Z][a-z]+" if language == "en" else r"[\u4e00-\u9fff]{3}")
    for row in rows("qa", domain, language):
        (answer,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        assert row["context"][start : start + len(answer)] == answer
        assert row["question"].endswith("?" if language == "en" else "？")
        assert answer not in row["question"], row["question"]
        if row["question"].startswith("Who ") or "谁" in row["question"]:
            assert people.fullmatch(answer), answer
        for name in re.findall(r"[A-Z][a-z]+(?: [A-Z][a-z]+)+", row["question"][1:]):
            assert name.split()[-1] in row["context"], row["question"]


GRADES = {
    language: {
        getattr(g.word, language): g.strength for listing in (opinions.ANY, *opinions.GRADES.values()) for g in listing
    }
    for language in ("en", "zh")
}
DENIED = {
    "en": r"\b(was not|cannot say|nobody could|anything but|if only|wished|could have been)\b",
    "zh": r"(不觉得|谁也不能|一点也不|要是|多么希望|本来可以|不)",
}


def feeling(clause: str, language: str) -> float:
    """The sign of a judgement by its last grade, and whether it is denied or only wished for; 0 without a grade."""
    found = [
        (match.start(), -len(word), strength)
        for word, strength in GRADES[language].items()
        for match in re.finditer(rf"\b{word}\b" if language == "en" else word, clause)
        if clause[match.start() - 1 : match.start() + 2] != "其实很"
        if not (language == "zh" and word == "好" and clause[match.start() + 1 : match.start() + 2] == "了")
    ]
    if not found:
        return 0
    strength = max(found)[2] if language == "en" else max(found, key=lambda one: (one[0], one[1]))[2]
    denied = re.search(DENIED[language], clause.lower()) is not None
    return -strength if denied else strength


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
def test_feelings_read_again(domain, language) -> None:
    for row in rows("polarity", domain, language):
        signs = [feeling(clause, language) for clause in clauses_of(row["sentence"], language)]
        assert all((sign > 0) == (row["label"] == 1) for sign in signs if sign), row
    for row in rows("intensity", domain, language):
        values = [value for clause in clauses_of(row["text"], language) if (value := feeling(clause, language))]
        if all(value > 0 for value in values) or all(value < 0 for value in values):
            assert (row["label"] > 0) == (values[0] > 0), row
    for row in rows("aspects", domain, language):
        about = [c for c in clauses_of(row["text"], language) if row["span"] in c.lower()]
        value = feeling(about[0], language)
        assert row["label"] == (1 if value == 0 else 2 if value > 0 else 0), row


def clauses_of(text: str, language: str) -> list[str]:
    """One judgement each."""
    if language == "en":
        text = re.sub(r", but (it|he|she) (was|is)", " but it was", text)
        text = re.sub(r", (and [A-Z][\w ]+ said so too|as [A-Z][\w ]+ had to admit|and I agreed)", "", text)
        text = re.sub(r", as the [\w ]+ had to admit|, and the [\w ]+ said so too|, but I had no opinion", "", text)
        return re.split(
            r"(?<=\.) |, and (?=nobody|the|I|everybody|[A-Z]|of|about|if)|, but |, yet |; (?!what|this)", text
        )
    text = re.sub("，(?=其实|这一次|我也这么看|我没有|要由|[^，。]*也承认|[^，。]*也这么说)", "", text)
    text = re.sub("((?:至于|关于)[^，。]{1,6})，", r"\1", text)
    return [part for part in re.split("[。；，]", text) if part]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("domain", "wishes"), [("newspaper", OFFICE), ("helpdesk", DESK)])
def test_wishes_read_again(domain, wishes, language) -> None:
    """A text says what is wanted in one of the ways to want it, and in no way that only another wish has."""
    assert len(wishes) >= 12
    for row in rows("intents", domain, language):
        assert said(row["text"], row["label"], language), row
    departments = {wish: department for department, every in DEPARTMENTS.items() for wish in every}
    if domain == "helpdesk":
        for row in rows("labels", domain, language):
            assert set(row["labels"]) <= {departments[wish] for wish in DESK if said(row["text"], wish, language)}, row


def said(text: str, kind: str, language: str) -> bool:
    """Whether some sentence says a fact of a kind; names may be anything."""
    text = text.replace("了", "") if language == "zh" else text
    parts = [part for part in [text, *re.split(r"(?<=[.?。？]) ?", text)] if part]
    return any(one.search(part) for one in patterns(kind, language, False) for part in parts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_topics_read_again(language) -> None:
    """A text has a sentence of a kind that the stories of each of its topics tell; at the help desk, a wish."""
    rng = random.Random(0)
    town = build_town(NAMES["train"], rng)
    kinds = {
        topic: {step.fact.kind for _ in range(60) for step in draw_story(town, rng, topic).steps} for topic in TOPICS
    }
    for row in rows("topics", "newspaper", language):
        assert any(said(row["text"], kind, language) for kind in kinds[row["label"]]), row
    for row in rows("labels", "newspaper", language):
        for label in row["labels"]:
            assert any(said(row["text"], kind, language) for kind in kinds[label]), (label, row)
    for row in rows("topics", "helpdesk", language):
        assert any(said(row["text"], wish, language) for wish in DEPARTMENTS[row["label"]]), row


@pytest.mark.parametrize(("domain", "language"), EVERYWHERE)
def test_no_text_stands_in_two_splits(domain, language) -> None:
    """What somebody thinks of a soup needs no name: two towns can have the same opinion in the same words."""
    for draw in (feelings.draw_polarity, feelings.draw_intensity):
        sizes = {"train": 400, "validation": 100, "test": 300}
        splits = rows_of("opinions", domain, language, draw, sizes)
        texts = [next(iter(row.values())) for split in splits.values() for row in split]
        assert len(set(texts)) == len(texts) == 800


@pytest.mark.parametrize("kind", logic.FACT_KINDS["newspaper"])
def test_every_way_to_tell_a_fact_tells_as_much(kind) -> None:
    """Else who denies one way and affirms another contradicts nothing."""
    rng = random.Random(3)
    town = build_town(NAMES["train"], rng)
    told = logic.draw_fact(kind, town.people[:4], Cast(town, rng), 3)
    frames = [frame for language in ("en", "zh") for frame in phrase_book(language)[kind]]
    assert len({frame.needs for frame in frames if frame.needs <= told.roles.keys()}) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_brings_something_forward_asserts_it(language) -> None:
    for task, column in (("nli", "premise"), ("paraphrase", "sentence1"), ("relations", "sentence")):
        for row in rows(task, "helpdesk", language):
            assert not re.search(r"(?i)\bis it\b|是不是|听说说|[?？]", row[column]), row


def test_what_the_town_does_not_have() -> None:
    with pytest.raises(InputError, match="no domain 'radio'; expected newspaper or helpdesk"):
        load_task("town/ner", domain="radio")
    with pytest.raises(InputError, match="does not speak 'fr'; expected en or zh"):
        load_task("town/ner", language="fr")


def test_women_are_known() -> None:
    assert set(NAMES["train"].first) >= WOMEN
