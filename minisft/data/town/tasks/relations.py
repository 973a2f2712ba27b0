"""What holds between two names of a sentence, and in which direction."""

import itertools

from minisft.data.town.documents import Writer
from minisft.data.town.frames import Frame
from minisft.data.town.markup import Span
from minisft.data.town.population import Entity, Fact
from minisft.data.town.speech import Speech
from minisft.data.town.tasks.worlds import Row, lead, rows_of
from minisft.data.town.teller import LANGUAGES

# The kinds of standing facts between two names: what the relation is called, and its first and second role.
RELATIONS = {
    "works_for": ("Employee-Employer", "person", "org"),
    "lives_in": ("Resident-Residence", "person", "place"),
    "born_in": ("Person-Birthplace", "person", "place"),
    "owns": ("Owner-Owned", "person", "org"),
    "leads": ("Leader-Organisation", "person", "org"),
    "founded": ("Founder-Founded", "person", "org"),
    "located_in": ("Organisation-Location", "org", "place"),
    "parent": ("Parent-Child", "person", "other"),
    "sibling": ("Siblings", "person", "other"),
    "married": ("Spouses", "person", "other"),
    "neighbour": ("Neighbours", "person", "other"),
}
CLOSE = ("parent", "sibling", "married", "neighbour")  # what is so for one is often so for the other
SYMMETRIC = ("Siblings", "Spouses", "Neighbours")
LABELS = [
    "Other",
    *(
        label
        for name, *_ in RELATIONS.values()
        for label in ([name] if name in SYMMETRIC else [f"{name}(e1,e2)", f"{name}(e2,e1)"])
    ),
]


def sentence_of(facts: list[Fact], speech: Speech, domain: str) -> str:
    """The facts in one sentence; at the help desk somebody brings them forward."""
    rng = speech.rng
    clauses = [speech.clause(fact, frame=rng.choice(_naming_both(fact, speech))) for fact in facts]
    if speech.language == "zh":
        text = rng.choice(("，", "；", "，而且")).join(clauses)
    else:
        joints = [rng.choice((", and ", "; ", ", while ", ", and ")) for _ in clauses[1:]] + [""]
        text = "".join(clause + joint for clause, joint in zip(clauses, joints, strict=True))
    return speech.sentence(lead(text, domain, speech))


def draw_relation(writer: Writer, domain: str, language: str) -> Row | None:
    """Two or three facts, most of them on the same people, in one sentence, and a pair of its names."""
    rng, facts = writer.rng, [fact for fact in writer.town.facts if fact.kind in RELATIONS]
    kind = rng.choice(list(RELATIONS))  # each as often, however many facts there are of it
    first = rng.choice([fact for fact in facts if fact.kind == kind] or facts)
    mine = _pair(first)
    linked = [fact for fact in facts if _pair(fact) & mine and _pair(fact) != mine]
    if not linked:
        return None
    chosen = [first, *rng.sample(linked, min(len(linked), rng.choice((1, 2, 2))))]
    rng.shuffle(chosen)
    speech = LANGUAGES[language](rng, plain=True)
    plain, spans = speech.marks.read(sentence_of(chosen, speech, domain))
    names = [span for span in spans if isinstance(span.mark.value, Entity) and span.mark.role != "inside"]
    if rng.random() < 0.15:
        pairs = [pair for pair in itertools.combinations(names, 2) if not _related(pair, chosen)]
        label = "Other"
    else:
        told = [span for span in names if span.mark.fact is first]
        pairs = [pair for pair in itertools.combinations(told, 2) if {span.mark.value for span in pair} == mine]
        label = relation_of(first, pairs[0][0].mark.value) if pairs else ""
    if not pairs:
        return None
    one, two = rng.choice(pairs)
    text = (
        f"{plain[: one.start]}<e1>{plain[one.start : one.end]}</e1>{plain[one.end : two.start]}"
        f"<e2>{plain[two.start : two.end]}</e2>{plain[two.end :]}"
    )
    return {"sentence": text, "relation": label}


def _naming_both(fact: Fact, speech: Speech) -> list[Frame]:
    return [frame for frame in speech.book[fact.kind] if set(RELATIONS[fact.kind][1:]) <= frame.needs]


def _pair(fact: Fact) -> set[object]:
    _, first, second = RELATIONS[fact.kind]
    return {fact[first], fact[second]}


def _related(pair: tuple[Span, Span], facts: list[Fact]) -> bool:
    """Whether facts say something of both names, also two together: where one's wife lives, one's brother's mother."""
    one, two = ({name.mark.value} for name in pair)
    pairs = [_pair(fact) for fact in facts]
    homes = [_pair(fact) for fact in facts if fact.kind == "lives_in"]
    near = [_pair(fact) for fact in facts if fact.kind in CLOSE]
    ones, twos = (value.union(*(people for people in near if value & people)) for value in (one, two))
    return one | two in pairs or bool(ones & twos) or any(home & ones and home & twos for home in homes)


def relation_of(fact: Fact, one: Entity) -> str:
    """The label of the two names of a fact, of which `one` stands first."""
    name, first, _ = RELATIONS[fact.kind]
    return name if name in SYMMETRIC else f"{name}({'e1,e2' if fact[first] == one else 'e2,e1'})"


def relations(domain: str, language: str) -> dict[str, list[Row]]:
    """Columns sentence, with its pair between <e1></e1> and <e2></e2>, and relation."""
    return rows_of("relations", domain, language, draw_relation)
