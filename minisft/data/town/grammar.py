"""How a fact is said: a probabilistic grammar over verbs with forms, converses, word orders and time phrases."""

import random

from minisft.data.town.world import Entity, Fact

IRREGULAR = {
    "beat": ("beat", "beaten"),
    "buy": ("bought", "bought"),
    "choose": ("chose", "chosen"),
    "give": ("gave", "given"),
    "leave": ("left", "left"),
    "lend": ("lent", "lent"),
    "let": ("let", "let"),
    "sell": ("sold", "sold"),
    "send": ("sent", "sent"),
}
# The verb of the other side: what one does when the other sells.
CONVERSE = {
    "sell": "buy",
    "lend": "borrow",
    "send": "receive",
    "give": "receive",
    "leave": "inherit",
    "let": "rent",
}
SYNONYMS = {
    "praise": ("praise", "commend"),
    "defeat": ("defeat", "beat"),
    "question": ("question", "quiz"),
}
PREPOSITION = {
    "invite": "to",
    "help": "with",
    "defeat": "in",
    "warn": "about",
    "rescue": "from",
    "replace": "as",
    "question": "about",
    "photograph": "at",
}
# The adjectives of both ends of a scale, and the unit of a difference.
SCALES = {
    "age": ("older", "younger", "years"),
    "height": ("taller", "shorter", "centimetres"),
    "street": ("longer", "shorter", "yards"),
    "village": ("larger", "smaller", "village"),
    "firm": ("larger", "smaller", "firm"),
    "east": ("east", "west", "miles"),
    "north": ("north", "south", "miles"),
}
LIKE = {"height": "age", "street": "age", "firm": "village", "north": "east"}

# Ways to say each relation, or each kind whose relations are said alike: those that name the first party of the
# fact before the second, then those that name the second before. {a} and {b} are the two, {x} {y} {z} the others;
# {verb} {done} are the past and the participle of the relation's verb, {took} the past of its converse; {when} is
# the time phrase of a sentence that does not begin with it.
Ways = tuple[tuple[str, ...], tuple[str, ...]]
WAYS: dict[str, Ways] = {
    "roles": (
        (
            "{a} {verb} {b} {for} {x}{when}",
            "{a} {verb} {b} {for} {x}{when}",
            "it was {a} who {verb} {b} {for} {x}{when}",
        ),
        ("{b} was {done} by {a} {for} {x}{when}",),
    ),
    "transfer": (
        (
            "{a} {verb} {x} to {b}{when}",
            "{a} {verb} {x} to {b}{when}",
            "it was {a} who {verb} {x} to {b}{when}",
        ),
        (
            "{b} {took} {x} from {a}{when}",
            "{b} {took} {x} from {a}{when}",
            "{x} was {done} to {b} by {a}{when}",
        ),
    ),
    "teach": (("{a} taught {b} {x}{when}",), ("{b} learned {x} from {a}{when}",)),
    "employ": (
        ("{a} employed {b} {x}{when}",),
        ("{b} worked for {a} {x}{when}", "{b} was employed by {a} {x}{when}"),
    ),
    "coach": (
        ("{a} coached {b} {x}{when}",),
        ("{b} trained under {a} {x}{when}", "{b} was coached by {a} {x}{when}"),
    ),
    "supervise": (
        ("{a} supervised {b} {x}{when}", "{a} was the supervisor of {b} {x}{when}"),
        ("{b} worked under {a} {x}{when}", "{b} was supervised by {a} {x}{when}"),
    ),
    "treat": (
        ("{a} treated {b} {x}{when}",),
        ("{b} was treated by {a} {x}{when}", "{b} was the patient of {a} {x}{when}"),
    ),
    "age": (
        ("{a} is {x} {unit} {more} than {b}", "{a} is {more} than {b} by {x} {unit}"),
        ("{b} is {x} {unit} {less} than {a}", "{b} is {less} than {a} by {x} {unit}"),
    ),
    "village": (
        ("{a} is a much {more} {unit} than {b}", "{a} is a far {more} {unit} than {b}"),
        ("{b} is a much {less} {unit} than {a}", "{b} is a far {less} {unit} than {a}"),
    ),
    "time": (
        ("{a} {verb} {x}{when} before {b} did", "{a} {verb} {x}{when} earlier than {b} did"),
        ("{b} {verb} {x}{when} after {a} did", "{b} {verb} {x}{when} later than {a} did"),
    ),
    "occasion": (
        ("{a} took place{when} before {b}", "{a} was held{when} before {b}", "{a} was followed{when} by {b}"),
        ("{b} took place{when} after {a}", "{b} was held{when} after {a}"),
    ),
    "state": (
        ("{a} was {x}{when}, but {b} was not", "{a} was {x}{when}, while {b} was not"),
        ("{b} was not {x}{when}, but {a} was", "unlike {b}, {a} was {x}{when}"),
    ),
    "vote": (
        (
            "{a} was approved by {x}{when}, but {b} was not",
            "{a} was approved by {x}{when}, but {b} was rejected",
        ),
        (
            "{b} was rejected by {x}{when}, but {a} was approved",
            "{b} was not approved by {x}{when}, but {a} was",
        ),
    ),
    "fund": (
        ("{a} got money from {x}{when}, but {b} did not", "{a} got money from {x}{when}, while {b} got none"),
        ("{b} got no money from {x}{when}, but {a} did", "{b} did not get money from {x}{when}, but {a} did"),
    ),
    "quantity": (
        ("{z} {verb} {a} {x} and {b} {y}{when}", "{a} {x} and {b} {y} were {done} by {z}{when}"),
        ("{z} {verb} {b} {y} and {a} {x}{when}", "{b} {y} and {a} {x} were {done} by {z}{when}"),
    ),
    "move": (
        (
            "{x} moved from {a} to {b}{when}",
            "{x} relocated from {a} to {b}{when}",
            "{x} left {a} for {b}{when}",
        ),
        ("{x} moved to {b} from {a}{when}",),
    ),
    "east": (
        ("{a} lies {x} miles to the {more} of {b}", "{a} lies {x} miles further {more} than {b}"),
        ("{b} lies {x} miles to the {less} of {a}", "{b} lies {x} miles further {less} than {a}"),
    ),
    "cause": (
        ("{a} caused {b} {x}{when}", "{a} led to {b} {x}{when}"),
        ("{b} was caused by {a} {x}{when}", "{b} was the result of {a} {x}{when}"),
    ),
    "pairing": (
        ("{a} {verb} {x} and {b} {verb} {y}", "{a} {verb} {x}, while {b} {verb} {y}"),
        ("{b} {verb} {y} and {a} {verb} {x}", "{b} {verb} {y}, while {a} {verb} {x}"),
    ),
    "speech": (
        ("{a} told {y}{when} that {b} had {x}", "{a} informed {y}{when} that {b} had {x}"),
        ("{b} had {x}, {a} told {y}{when}", "{b} had {x}, {a} informed {y}{when}"),
    ),
}
# Clauses before which a time phrase would be out of place or would tell the time of something else.
FULL = ("unlike", "{b} had")


def past(verb: str) -> str:
    """The simple past of a verb of the lexicon."""
    return IRREGULAR[verb][0] if verb in IRREGULAR else _regular(verb)


def participle(verb: str) -> str:
    """The past participle of a verb of the lexicon."""
    return IRREGULAR[verb][1] if verb in IRREGULAR else _regular(verb)


def _regular(verb: str) -> str:
    if verb == "quiz":
        return "quizzed"
    return verb + ("d" if verb.endswith("e") else "ed")


def say(fact: Fact, crossed: bool, rng: random.Random) -> str:
    """A sentence that says the fact and names its second party first if `crossed`."""
    relation = LIKE.get(fact.relation, fact.relation)
    ways = WAYS.get(relation) or WAYS[fact.kind]
    way = rng.choice(ways[crossed])
    time_last = "{when}" in way and (way.startswith(FULL) or rng.random() < 0.7)
    when = f" {fact.when}" if fact.when and time_last else ""
    clause = way.format(when=when, **_words(fact, rng))
    if fact.when and not time_last:
        clause = f"{fact.when}, {clause}"
    if fact.source:
        clause = _attribute(clause, fact.source, rng)
    clause = clause.replace(",,", ",")
    return clause[0].upper() + clause[1:].removesuffix(",") + "."


def _words(fact: Fact, rng: random.Random) -> dict[str, str]:
    """What fills the slots of a way, apart from the time."""
    verb = rng.choice(SYNONYMS.get(fact.relation, (fact.relation,)))
    more, less, unit = SCALES.get(fact.relation, ("", "", ""))
    return dict(zip("xyz", fact.others, strict=False)) | {
        "a": _refer(fact.first, rng),
        "b": _refer(fact.second, rng),
        "verb": past(verb),
        "done": participle(verb),
        "took": past(CONVERSE.get(verb, verb)),
        "for": PREPOSITION.get(fact.relation, "for"),
        "more": more,
        "less": less,
        "unit": unit,
    }


def _refer(entity: Entity, rng: random.Random) -> str:
    """The name, with the job before or after it where it is to be said."""
    if not entity.job:
        return entity.name
    return f"the {entity.job} {entity.name}" if rng.random() < 0.7 else f"{entity.name}, the {entity.job},"


def _attribute(clause: str, source: str, rng: random.Random) -> str:
    if rng.random() < 0.6 and not clause.startswith(FULL):
        return f"according to {source}, {clause}"
    return f"{clause}, according to {source}"
