"""A town that never was: who lives there, what stands where, and what happened, drawn from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from minisft.data.town.names import Names

JOBS = (
    "baker butcher carpenter clerk cook doctor driver farmer gardener lawyer nurse painter pilot plumber tailor teacher"
)
THINGS = (
    "the old boat,the red bicycle,the piano,the white horse,the garden tools,the sewing machine,the tractor,"
    "the camera,the silver watch,the violin,the tent,the wooden ladder,the guitar,the oak table,the stamp collection"
)
ERRANDS = {
    "praise": "the work on the bridge,the speech at the town hall,the repair of the clock,the help after the flood",
    "thank": "the work on the bridge,the help after the flood,the gift to the school,the repair of the clock",
    "blame": "the accident at the harbour,the delay at the station,the fire in the barn,the loss of the keys",
    "criticise": "the plan for the market,the speech at the town hall,the delay at the station,the noise at night",
    "reward": "the work on the bridge,the rescue of the dog,the return of the keys,the repair of the clock",
    "invite": "the summer fair,the school play,the harvest supper,the opening of the museum",
    "help": "the harvest,the repair of the roof,the move to the new house,the annual accounts",
    "defeat": "the chess final,the rowing race,the tennis match,the election to the council",
    "interview": "the local radio,the school paper,the history of the town,the post of librarian",
    "warn": "the storm,the ice on the river,the new rules,the price of coal",
    "rescue": "the fire in the barn,the river,the sinking boat,the snow on the hill",
    "recommend": "the post of mayor,the school board,the town orchestra,the post of librarian",
    "replace": "captain of the ferry,head of the choir,editor of the paper,chair of the council",
    "question": "the missing money,the new school,the broken window,the price of coal",
    "photograph": "the summer fair,the harbour,the railway station,the opening of the museum",
}
TRANSFERS = ("sell", "lend", "send", "give", "leave", "let")
HOUSES = ("the small cottage", "the boat house", "the corner shop", "the flat above the bank")
BONDS = {
    "teach": "the violin,the piano,French,German,the art of baking",
    "employ": "at the bakery,at the boat yard,at the post office,on the farm,at the town museum",
    "coach": "at the rowing club,at the tennis club,at the chess club,at the local gym",
    "supervise": "at the town hall,at the railway station,at the hospital,at the public library",
    "treat": "at the hospital,at the village clinic,at the surgery by the harbour",
}
FIRSTS = {
    "reach": "the harbour,the station,the town hall,the island,the hotel",
    "leave": "the party,the meeting,the harbour,the school,the market",
    "join": "the choir,the rowing club,the council,the fire brigade",
    "sign": "the petition,the contract,the letter to the mayor",
    "visit": "the museum,the new library,the island,the school",
}
OCCASIONS = (
    "the parade,the concert,the auction,the school play,the boat race,the public meeting,the firework show,"
    "the flower show,the lottery,the dinner"
)
STATES = (
    "open to visitors,closed to traffic,damaged by the storm,decorated for the fair,searched by the police,"
    "cleared of snow,without electric light"
)
BUILDINGS = (
    "the bakery,the library,the museum,the post office,the town hall,the station,the school,the hotel,the cinema,"
    "the theatre,the hospital,the chapel"
)
PROJECTS = (
    "the new bridge,the car park,the sports hall,the bus line,the wind farm,the night ferry,the playground,"
    "the market hall,the cycle path,the youth club"
)
BODIES = "the council,the school board,the harbour committee,the residents,the planning office"
GOODS = "chairs,tables,lamps,benches,windows,doors,books,clocks,bottles,baskets,blankets,boxes,mirrors,carpets"
NUMBERS = "two,three,four,five,six,seven,eight,nine,ten,twelve,fifteen,twenty,thirty,forty,fifty"
CAUSES = (
    "the strike,the delay,the power cut,the traffic jam,the protest,the accident,the panic,the fire,the argument,"
    "the closure,the complaints,the shortage"
)
SPOTS = "at the harbour,at the station,at the market,at the factory,on the ferry,at the hospital"
WORKS = {
    "paint": "the fence,the door,the boat,the ceiling,the sign",
    "repair": "the roof,the clock,the pump,the engine,the gate",
    "choose": "the carpet,the lamp,the music,the flowers,the wine",
    "clean": "the kitchen,the hall,the windows,the stove,the boat",
    "order": "the soup,the fish,the cake,the coffee,the salad",
}
NEWS = (
    "won the lottery,broken the window,found the gold ring,sold the farm,resigned from the council,bought the hotel,"
    "lost the election,paid for the new roof,called the police,started the fire"
)
HEARERS = "the mayor,the police,the local radio,the council,the neighbours"
PAPERS = ("the town paper", "the local radio")
MONTHS = "January February March April May June July August September October November December"


@dataclass(frozen=True)
class Entity:
    """What a sentence can name: in full, in short and, of a resident, by a job."""

    name: str
    short: str
    job: str = ""


@dataclass(frozen=True)
class Person:
    """A resident: the family is the last name, the address a house in a street."""

    entity: Entity
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

    The kind names what tells the fact from its twin; `job_of` is the name of the one whose job is to be said.
    """

    kind: str
    relation: str
    first: Entity
    second: Entity
    others: tuple[str, ...] = ()
    when: str = ""
    source: str = ""
    job_of: str = ""

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
        entity = Entity(f"{first} {rng.choice(names.last)}", first, rng.choice(JOBS.split()))
        home = rng.choice(streets).name
        people.append(Person(entity, rng.randrange(20, 80), rng.randrange(150, 195), home, rng.randrange(1, 60)))
    firms = tuple(site(f"{name} {rng.choice(('Motors', 'Stores', 'Brothers'))}") for name in names.last)
    return World(tuple(people), streets, tuple(site(name) for name in names.villages), firms)


def pick(listing: str, rng: random.Random) -> str:
    """One of the phrases of a list with commas."""
    return rng.choice(listing.split(","))


def plain(name: str) -> Entity:
    """An entity that has one name only."""
    return Entity(name, name)


def _date(rng: random.Random) -> str:
    year = rng.randrange(2008, 2020)
    return f"in {rng.choice(MONTHS.split())} {year}" if rng.random() < 0.7 else f"in {year}"


def _event(kind: str, relation: str, two: list[Entity], rng: random.Random, *others: str) -> Fact:
    """An event with its date or with the paper that told of it; now and then with the job of somebody in it."""
    when = _date(rng) if rng.random() < 0.8 else ""
    source = "" if when else rng.choice(PAPERS)
    job_of = two[0].name if two[0].job and rng.random() < 0.2 else ""
    return Fact(kind, relation, two[0], two[1], others, when, source, job_of)


def _residents(world: World, rng: random.Random) -> list[Entity]:
    return [person.entity for person in rng.sample(world.people, 2)]


def _two(listing: str, rng: random.Random) -> list[Entity]:
    return [plain(name) for name in rng.sample(listing.split(","), 2)]


def _roles(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(list(ERRANDS))
    return _event("roles", relation, _residents(world, rng), rng, pick(ERRANDS[relation], rng))


def _transfer(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(TRANSFERS)
    thing = rng.choice(HOUSES) if relation == "let" else pick(THINGS, rng)
    return _event("transfer", relation, _residents(world, rng), rng, thing)


def _bond(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(list(BONDS))
    return _event("bond", relation, _residents(world, rng), rng, pick(BONDS[relation], rng))


def _comparison(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(["age", "height", "street", "village", "firm"])
    if relation in ("age", "height"):
        two = sorted(rng.sample(world.people, 2), key=lambda person: -getattr(person, relation))
        gap = abs(getattr(two[0], relation) - getattr(two[1], relation))
        entities = [person.entity for person in two]
    else:
        sites = {"street": world.streets, "village": world.villages, "firm": world.firms}[relation]
        places = sorted(rng.sample(sites, 2), key=lambda place: -place.size)
        gap, entities = places[0].size - places[1].size, [plain(place.name) for place in places]
    told = relation in ("village", "firm") or rng.random() < 0.3
    source = "the town records" if told else ""
    return Fact("comparison", relation, *entities, (str(gap),), source=source) if gap > 1 else _comparison(world, rng)


def _time(world: World, rng: random.Random) -> Fact:
    if rng.random() < 0.35:
        return _event("time", "occasion", _two(OCCASIONS, rng), rng)
    relation = rng.choice(list(FIRSTS))
    return _event("time", relation, _residents(world, rng), rng, pick(FIRSTS[relation], rng))


def _negation(world: World, rng: random.Random) -> Fact:
    if rng.random() < 0.5:
        return _event("negation", "state", _two(BUILDINGS, rng), rng, pick(STATES, rng))
    return _event("negation", rng.choice(["vote", "fund"]), _two(PROJECTS, rng), rng, pick(BODIES, rng))


def _quantity(world: World, rng: random.Random) -> Fact:
    goods = rng.sample(GOODS.split(","), 2)
    buyer = rng.choice([pick(BODIES, rng), rng.choice(world.firms).name, rng.choice(world.people).entity.name])
    return _event("quantity", rng.choice(["order", "buy", "sell", "repair"]), _two(NUMBERS, rng), rng, *goods, buyer)


def _place(world: World, rng: random.Random) -> Fact:
    if rng.random() < 0.3:
        axis = rng.choice(["east", "north"])
        two = sorted(rng.sample(world.villages, 2), key=lambda place: -getattr(place, axis))
        gap = getattr(two[0], axis) - getattr(two[1], axis)
        places = [plain(place.name) for place in two]
        return Fact("place", axis, *places, (str(gap),)) if gap > 1 else _place(world, rng)
    sites = [plain(place.name) for place in rng.sample(rng.choice([world.streets, world.villages]), 2)]
    mover = rng.choice([rng.choice(world.people).entity.name, rng.choice(world.firms).name])
    return _event("place", "move", sites, rng, mover)


def _cause(world: World, rng: random.Random) -> Fact:
    return _event("cause", "cause", _two(CAUSES, rng), rng, pick(SPOTS, rng))


def _pairing(world: World, rng: random.Random) -> Fact:
    relation = rng.choice(list(WORKS))
    return _event("pairing", relation, _residents(world, rng), rng, *rng.sample(WORKS[relation].split(","), 2))


def _speech(world: World, rng: random.Random) -> Fact:
    two = _residents(world, rng)
    return Fact("speech", "tell", two[0], two[1], (pick(NEWS, rng), pick(HEARERS, rng)))


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
    """Different facts of one kind, none of which is the twin of another: the town does not contradict itself."""
    known: dict[tuple[str, frozenset[str], tuple[str, ...]], Fact] = {}
    while len(known) < count:
        fact = DRAW[kind](world, rng)
        known.setdefault((fact.relation, frozenset((fact.first.name, fact.second.name)), fact.others), fact)
    return list(known.values())
