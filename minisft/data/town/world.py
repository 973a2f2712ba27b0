"""A town that never was: who lives there, what stands where, and what happened, drawn from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from minisft.data.town import things
from minisft.data.town.names import Names


@dataclass(frozen=True)
class Entity:
    """What a sentence names, and how: a resident in short or in full, now and then with the job."""

    name: str
    job: str = ""


@dataclass(frozen=True)
class Person:
    """A resident: the family is the last name, the address a house in a street."""

    first_name: str
    last_name: str
    job: str
    age: int
    height: int
    street: str
    house: int


@dataclass(frozen=True)
class Site:
    """A street, a village or a firm: its size, and how far east and north of the town hall it lies, in miles."""

    name: str
    size: int
    east: int
    north: int


@dataclass(frozen=True)
class Fact:
    """One thing that is so: a relation of `first` to `second`, with `others` in fixed parts.

    The kind names what tells the fact from its twin.
    """

    kind: str
    relation: str
    first: Entity
    second: Entity
    others: tuple[str, ...] = ()
    when: str = ""
    source: str = ""

    def twin(self) -> "Fact":
        """The fact with the same words and the two parts exchanged: it is not so."""
        return replace(self, first=self.second, second=self.first)


@dataclass(frozen=True)
class World:
    """Residents, streets, villages and firms of one town."""

    people: tuple[Person, ...]
    streets: tuple[Site, ...]
    villages: tuple[Site, ...]
    firms: tuple[Site, ...]


def build_world(names: Names, rng: random.Random) -> World:
    """A town whose names all come from `names`."""

    def site(name: str) -> Site:
        return Site(name, rng.randrange(10, 90), rng.randrange(-12, 13), rng.randrange(-12, 13))

    streets = tuple(site(f"{name} Street") for name in names.streets)
    people = []
    for first in names.first:
        last, job, home = rng.choice(names.last), rng.choice(things.JOBS.split()), rng.choice(streets).name
        age, height, house = rng.randrange(20, 80), rng.randrange(150, 195), rng.randrange(1, 60)
        people.append(Person(first, last, job, age, height, home, house))
    firms = tuple(site(f"{name} {rng.choice(('Motors', 'Stores', 'Brothers'))}") for name in names.last)
    return World(tuple(people), streets, tuple(site(name) for name in names.villages), firms)


def pick(listing: str, rng: random.Random) -> str:
    """One of the phrases of a list with commas."""
    return rng.choice(listing.split(","))


def plain(*names: str) -> list[Entity]:
    """Entities that are called by their names alone."""
    return [Entity(name) for name in names]


def _month(rng: random.Random) -> str:
    return f"in {rng.choice(things.MONTHS.split())} {rng.randrange(2008, 2020)}"


def _date(rng: random.Random) -> str:
    day = f"on {rng.choice(things.DAYS.split())} {rng.choice(('morning', 'evening'))}"
    return day if rng.random() < 0.4 else _month(rng)


def _event(kind: str, relation: str, two: list[Entity], rng: random.Random, *others: str) -> Fact:
    """An event with its date or, now and then, with the paper that told of it."""
    if rng.random() < 0.95:
        return Fact(kind, relation, *two, others, when=_date(rng))
    return Fact(kind, relation, *two, others, source=rng.choice(things.PAPERS))


def _residents(world: World, rng: random.Random) -> list[Entity]:
    """Two residents; each is called by the first name or in full, and now and then one by the job too."""
    two = [Entity(full_name(p) if rng.random() < 0.1 else p.first_name, p.job) for p in rng.sample(world.people, 2)]
    with_job = rng.randrange(2) if rng.random() < 0.1 else None
    return [entity if number == with_job else Entity(entity.name) for number, entity in enumerate(two)]


def full_name(person: Person) -> str:
    """First and last name."""
    return f"{person.first_name} {person.last_name}"


def _two(listing: str, rng: random.Random) -> list[Entity]:
    return plain(*rng.sample(listing.split(","), 2))


def _roles(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(list(things.ERRANDS))
    return _event("roles", relation, _residents(world, rng), rng, pick(things.ERRANDS[relation], rng))


def _transfer(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(things.TRANSFERS)
    thing = rng.choice(things.HOUSES) if relation == "let" else pick(things.THINGS, rng)
    return _event("transfer", relation, _residents(world, rng), rng, thing)


def _bond(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(list(things.BONDS))
    return Fact("bond", relation, *_residents(world, rng), (pick(things.BONDS[relation], rng),), when=_month(rng))


def _comparison(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(["age", "height", "street", "village", "firm"])
    if relation in ("age", "height"):
        two = sorted(rng.sample(world.people, 2), key=lambda person: -getattr(person, relation))
        gap = abs(getattr(two[0], relation) - getattr(two[1], relation))
        names = [full_name(person) for person in two]
    else:
        sites = {"street": world.streets, "village": world.villages, "firm": world.firms}[relation]
        places = sorted(rng.sample(sites, 2), key=lambda place: -place.size)
        gap, names = places[0].size - places[1].size, [place.name for place in places]
    return Fact("comparison", relation, *plain(*names), (str(gap),)) if gap > 1 else _comparison(world, rng)


def _time(world: World, rng: random.Random) -> Fact:
    if rng.random() < 0.35:
        return _event("time", "occasion", _two(things.OCCASIONS, rng), rng)
    relation = rng.choice(list(things.FIRSTS))
    return _event("time", relation, _residents(world, rng), rng, pick(things.FIRSTS[relation], rng))


def _negation(world: World, rng: random.Random) -> Fact:
    if rng.random() < 0.6:
        return _event("negation", "state", _two(things.BUILDINGS, rng), rng, pick(things.STATES, rng))
    return _event("negation", rng.choice(["vote", "fund"]), _two(things.PROJECTS, rng), rng, pick(things.BODIES, rng))


def _quantity(world: World, rng: random.Random) -> Fact:
    goods, relation = rng.sample(things.GOODS.split(","), 2), rng.choice(["order", "buy", "sell", "repair"])
    owner = rng.choice([pick(things.BODIES, rng), rng.choice(world.firms).name, full_name(rng.choice(world.people))])
    return _event("quantity", relation, _two(things.NUMBERS, rng), rng, *goods, owner)


def _place(world: World, rng: random.Random) -> Fact:
    if rng.random() < 0.6:
        axis = rng.choice(["east", "north"])
        two = sorted(rng.sample(world.villages, 2), key=lambda place: -getattr(place, axis))
        gap = getattr(two[0], axis) - getattr(two[1], axis)
        places = plain(*(place.name for place in two))
        return Fact("place", axis, *places, (str(gap),)) if gap > 1 else _place(world, rng)
    sites = plain(*(place.name for place in rng.sample(world.villages, 2)))
    mover = rng.choice([full_name(rng.choice(world.people)), rng.choice(world.firms).name])
    return _event("place", "move", sites, rng, mover)


def _cause(world: World, rng: random.Random) -> Fact:
    return _event("cause", "cause", _two(things.CAUSES, rng), rng, pick(things.SPOTS, rng))


def _pairing(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(list(things.WORKS))
    works = rng.sample(things.WORKS[relation].split(","), 2)
    return _event("pairing", relation, _residents(world, rng), rng, *works)


def _speech(world: World, rng: random.Random) -> Fact:
    two, news, hearer = _residents(world, rng), pick(things.NEWS, rng), pick(things.HEARERS, rng)
    return Fact("speech", "tell", *two, (news, hearer), when=_date(rng) if rng.random() < 0.5 else "")


DRAW: dict[str, Callable[[World, random.Random], Fact]] = {
    "roles": _roles,
    "transfer": _transfer,
    "bond": _bond,
    "comparison": _comparison,
    "time": _time,
    "negation": _negation,
    "quantity": _quantity,
    "place": _place,
    "cause": _cause,
    "pairing": _pairing,
    "speech": _speech,
}
KINDS = tuple(DRAW)


def facts(world: World, kind: str, count: int, rng: random.Random) -> list[Fact]:
    """Different facts of one kind, none of which is the twin of another: the town does not contradict itself.

    Raises ValueError where the world is too small for so many.
    """
    known: dict[tuple[str, frozenset[str], tuple[str, ...]], Fact] = {}
    for _ in range(100 * count):
        if len(known) == count:
            break
        fact = DRAW[kind](world, rng)
        known.setdefault((fact.relation, frozenset((fact.first.name, fact.second.name)), fact.others), fact)
    if len(known) < count:
        raise ValueError(f"this world holds fewer than {count} facts of the kind {kind!r}: ask for fewer rows")
    return list(known.values())
