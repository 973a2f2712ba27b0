"""Praise and blame: its sign, its strength, and what it is about."""

from minisft.data.town.documents import Writer
from minisft.data.town.lexicon import Word
from minisft.data.town.opinions import Opinion, judge, pick_aspects, sentences_of
from minisft.data.town.tasks.worlds import MORE, Row, rows_of, whole
from minisft.data.town.teller import Teller

SENTIMENTS = ["negative", "neutral", "positive"]


def critic(writer: Writer, domain: str) -> tuple[Teller, str]:
    """Somebody with opinions, and on what: a hotel or a play in the newspaper, the town's services at the help desk."""
    me = writer.rng.choice(writer.town.people)
    target = writer.rng.choice(("host", "play")) if domain == "newspaper" else "desk"
    return writer.teller(0, me), target


def opine(writer: Writer, teller: Teller, group: str, aspect: Word, sign: int) -> Opinion:
    """One judgement with a sign."""
    quoted = writer.rng.choice([person for person in writer.town.people if person != teller.narrator])
    return judge(teller.speech, group, aspect, sign, quoted, teller.narrator, writer.rng)


def said(teller: Teller, opinions: list[Opinion], language: str) -> str:
    """The judgements in words."""
    return whole(teller.read(sentences_of(opinions, teller.speech, joined=0.5)), language)


def draw_polarity(writer: Writer, domain: str, language: str) -> Row:
    """One or two judgements of the same sign."""
    teller, target = critic(writer, domain)
    sign = writer.rng.choice((1, -1))
    chosen = pick_aspects(target, writer.rng.choice((1, 1, 2)), writer.rng)
    opinions = [opine(writer, teller, group, aspect, sign) for group, aspect in chosen]
    return {"sentence": said(teller, opinions, language), "label": int(sign > 0)}


def draw_intensity(writer: Writer, domain: str, language: str) -> Row:
    """One or two judgements; the label is the mean of their values, from -5 to 5."""
    teller, target = critic(writer, domain)
    chosen = pick_aspects(target, writer.rng.choice((1, 1, 2)), writer.rng)
    opinions = [opine(writer, teller, group, aspect, writer.rng.choice((1, -1))) for group, aspect in chosen]
    value = sum(opinion.value for opinion in opinions) / len(opinions)
    return {"text": said(teller, opinions, language), "label": round(value, 2)}


def draw_aspects(writer: Writer, domain: str, language: str) -> Row | None:
    """One to three judgements of different signs; the label is that of one of them."""
    teller, target = critic(writer, domain)
    chosen = pick_aspects(target, writer.rng.choice((1, 1, 2, 2, 3)), writer.rng)
    signs = [writer.rng.choice((1, 1, -1, -1, 0)) for _ in chosen]
    opinions = [opine(writer, teller, *pair, sign) for pair, sign in zip(chosen, signs, strict=True)]
    at = writer.rng.randrange(len(chosen))
    aspect = chosen[at][1]
    span = aspect.zh if language == "zh" else aspect.en
    text = said(teller, opinions, language)
    # 汤 within another word, "room" in "bathroom": which one is meant would be a guess.
    return {"text": text, "span": span, "label": signs[at] + 1} if text.lower().count(span) == 1 else None


def polarity(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns sentence, label."""
    return rows_of("polarity", domain, language, draw_polarity)


def intensity(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns text, label: a number."""
    return rows_of("intensity", domain, language, draw_intensity)


def aspects(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns text, span, label."""
    return rows_of("aspects", domain, language, draw_aspects, MORE)
