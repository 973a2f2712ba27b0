"""How a fact is said: a probabilistic grammar over verbs with forms, referring expressions and word orders."""

import random

from minisft.data.town.world import Fact

IRREGULAR = {
    "sell": ("sold", "sold"),
    "buy": ("bought", "bought"),
    "lend": ("lent", "lent"),
    "send": ("sent", "sent"),
    "give": ("gave", "given"),
    "get": ("got", "got"),
    "leave": ("left", "left"),
    "let": ("let", "let"),
    "teach": ("taught", "taught"),
    "choose": ("chose", "chosen"),
}
# The verb of the other side: what one does when the other sells.
CONVERSE = {"sell": "buy", "lend": "borrow", "send": "receive", "give": "receive", "leave": "inherit", "let": "rent"}
SYNONYMS = {"defeat": ("defeat", "beat"), "order": ("order",)}
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
MORE = {
    "age": ("{x} years older", "{x} years younger"),
    "height": ("{x} centimetres taller", "{x} centimetres shorter"),
    "street": ("{x} yards longer", "{x} yards shorter"),
    "village": ("much larger", "much smaller"),
    "firm": ("much larger", "much smaller"),
}
COMPASS = {"east": ("east", "west"), "north": ("north", "south")}

# Weighted ways to say each relation, or each kind where its relations are said alike. {a} is the first of a fact,
# {b} the second, {x} {y} {z} the others; {verb} {done} are the past and participle of the relation's verb, {took}
# the past of its converse; {when} is a time phrase if the sentence does not begin with it.
RULES: dict[str, tuple[tuple[int, str], ...]] = {
    "roles": (
        (6, "{a} {verb} {b} {for} {x}{when}"),
        (3, "{b} was {done} by {a} {for} {x}{when}"),
        (1, "it was {a} who {verb} {b} {for} {x}{when}"),
    ),
    "transfer": (
        (6, "{a} {verb} {x} to {b}{when}"),
        (3, "{b} {took} {x} from {a}{when}"),
        (1, "{x} was {done} to {b} by {a}{when}"),
        (1, "it was {a} who {verb} {x} to {b}{when}"),
    ),
    "teach": ((6, "{a} taught {b} {x}{when}"), (3, "{b} learned {x} from {a}{when}")),
    "employ": (
        (5, "{a} employed {b} {x}{when}"),
        (1, "{b} was employed by {a} {x}{when}"),
        (3, "{b} worked for {a} {x}{when}"),
    ),
    "coach": (
        (5, "{a} coached {b} {x}{when}"),
        (1, "{b} was coached by {a} {x}{when}"),
        (3, "{b} trained under {a} {x}{when}"),
    ),
    "supervise": (
        (5, "{a} was the supervisor of {b} {x}{when}"),
        (3, "{b} was supervised by {a} {x}{when}"),
        (2, "{b} worked under {a} {x}{when}"),
    ),
    "treat": (
        (5, "{a} treated {b} {x}{when}"),
        (2, "{b} was treated by {a} {x}{when}"),
        (2, "{b} was the patient of {a} {x}{when}"),
    ),
    "comparison": (
        (5, "{a} is {more} than {b}"),
        (3, "{b} is {less} than {a}"),
        (1, "compared with {b}, {a} is {more}"),
    ),
    "time": (
        (5, "{a} {verb} {x} before {b} did"),
        (1, "{a} {verb} {x} earlier than {b} did"),
        (3, "{b} {verb} {x} after {a} did"),
        (1, "{b} {verb} {x} later than {a} did"),
    ),
    "occasion": (
        (4, "{a} took place before {b}"),
        (2, "{a} was followed by {b}"),
        (1, "{b} was preceded by {a}"),
        (3, "{b} took place after {a}"),
    ),
    "state": (
        (5, "{a} was {x}, but {b} was not"),
        (2, "{b} was not {x}, but {a} was"),
        (1, "{a} was {x}, while {b} was not"),
        (1, "although {a} was {x}, {b} was not"),
        (1, "unlike {b}, {a} was {x}"),
    ),
    "vote": (
        (4, "{x} voted for {a} and against {b}{when}"),
        (2, "{x} approved {a} and rejected {b}{when}"),
        (2, "{x} rejected {b} but approved {a}{when}"),
        (1, "{x} voted against {b} but for {a}{when}"),
    ),
    "fund": (
        (5, "{x} paid for {a} but not for {b}{when}"),
        (2, "{x} did not pay for {b} but did pay for {a}{when}"),
        (2, "{x} paid for {a} and did not pay for {b}{when}"),
    ),
    "quantity": (
        (6, "{z} {verb} {a} {x} and {b} {y}{when}"),
        (3, "{z} {verb} {b} {y} and {a} {x}{when}"),
        (1, "{a} {x} and {b} {y} were {done} by {z}{when}"),
    ),
    "move": (
        (6, "{x} moved from {a} to {b}{when}"),
        (2, "{x} moved to {b} from {a}{when}"),
        (2, "{x} left {a} for {b}{when}"),
    ),
    "compass": ((6, "{a} lies {x} miles to the {far} of {b}"), (3, "{b} lies {x} miles to the {near} of {a}")),
    "cause": (
        (4, "{a} caused {b} {x}{when}"),
        (2, "{a} led to {b} {x}{when}"),
        (3, "{b} was caused by {a} {x}{when}"),
        (1, "{b} was the result of {a} {x}{when}"),
    ),
    "pairing": (
        (5, "{a} {verb} {x} and {b} {verb} {y}"),
        (3, "{b} {verb} {y} and {a} {verb} {x}"),
        (1, "{a} {verb} {x}, while {b} {verb} {y}"),
        (1, "while {b} {verb} {y}, {a} {verb} {x}"),
    ),
    "speech": (
        (5, "{a} told {y} that {b} had {x}"),
        (2, "{b} had {x}, {a} told {y}"),
        (1, "according to what {a} told {y}, {b} had {x}"),
    ),
}

# Clauses that have no room for another phrase before them.
OPENINGS = ("although", "compared", "unlike", "while")


def past(verb: str) -> str:
    """The simple past of a verb of the lexicon."""
    return IRREGULAR[verb][0] if verb in IRREGULAR else _regular(verb)


def participle(verb: str) -> str:
    """The past participle of a verb of the lexicon."""
    return IRREGULAR[verb][1] if verb in IRREGULAR else _regular(verb)


def _regular(verb: str) -> str:
    return verb + ("d" if verb.endswith("e") else "ed")


def say(fact: Fact, rng: random.Random) -> str:
    """One of the many sentences of 8 to 25 words that say the fact."""
    for _ in range(1000):
        sentence = _sentence(fact, rng)
        if 8 <= len(sentence.split()) <= 25:
            return sentence
    raise ValueError(f"no sentence of 8 to 25 words says {fact}; give it a date or a source, or add a rule")


def _sentence(fact: Fact, rng: random.Random) -> str:
    rules = _rules(fact)
    rule = rng.choices([text for _, text in rules], [weight for weight, _ in rules])[0]
    time_last = "{when}" in rule and rng.random() < 0.65
    slots = _words(fact, rng) | {
        "when": f" {fact.when}" if fact.when and time_last else "",
        "a": refer(fact.first, fact, rng),
        "b": refer(fact.second, fact, rng),
    }
    clause = rule.format(**slots)
    if fact.when and not time_last:
        clause = f"{fact.when}, {clause}"
    if fact.source:
        clause = _attribute(clause, fact.source, rng)
    clause = clause.replace(",,", ",")
    return clause[0].upper() + clause[1:].removesuffix(",") + "."


def _rules(fact: Fact) -> tuple[tuple[int, str], ...]:
    name = "compass" if fact.relation in COMPASS else fact.relation
    return RULES.get(name) or RULES[fact.kind]


def _words(fact: Fact, rng: random.Random) -> dict[str, str]:
    """What fills the slots of a rule apart from the two that a twin exchanges."""
    verb = rng.choice(SYNONYMS.get(fact.relation, (fact.relation,)))
    others = dict(zip("xyz", fact.others, strict=False))
    more, less = (form.format(**others) for form in MORE.get(fact.relation, ("", "")))
    far, near = COMPASS.get(fact.relation, ("", ""))
    forms = {"verb": past(verb), "done": participle(verb), "took": past(CONVERSE.get(verb, verb))}
    comparisons = {"more": more, "less": less, "far": far, "near": near}
    return others | forms | comparisons | {"for": PREPOSITION.get(fact.relation, "for")}


def refer(entity, fact: Fact, rng: random.Random) -> str:
    """A name in short or in full, with the job before or after it where the fact wants it said."""
    name = entity.name if rng.random() < 0.3 else entity.short
    if entity.name != fact.job_of:
        return name
    return f"the {entity.job} {name}" if rng.random() < 0.5 else f"{name}, the {entity.job},"


def _attribute(clause: str, source: str, rng: random.Random) -> str:
    if rng.random() < 0.6 and not clause.startswith(OPENINGS):
        return f"according to {source}, {clause}"
    return f"{clause}, according to {source}"
