"""Who lives in a town and what stands in it: entities with names in both languages, and what is always true of them."""

import itertools
import random
from dataclasses import dataclass, field

from minisft.data.town import lexicon
from minisft.data.town.lexicon import Word
from minisft.data.town.names import WOMEN, Names


@dataclass(frozen=True)
class Entity:
    """Something with a proper name."""

    en: str
    zh: str
    tag: str  # PER, ORG, LOC or MISC
    noun: Word  # what kind of thing it is: its later mentions
    inside: "Entity | None" = None  # the place whose name is part of this name


@dataclass(frozen=True)
class Person(Entity):
    """A resident; `noun` is the job."""

    first: str = ""
    last: str = ""
    woman: bool = False
    age: int = 0


@dataclass(frozen=True)
class Fact:
    """One thing that is so: a kind, which the phrase files say in words, and who or what fills its roles.

    `day` counts from the first day of the town's chronicle; None for what is always so.
    """

    kind: str
    roles: dict[str, object] = field(hash=False)
    day: int | None = None

    def __getitem__(self, role: str) -> object:
        return self.roles[role]


def fact(kind: str, day: int | None = None, **roles: object) -> Fact:
    """A fact by its kind, day and roles."""
    return Fact(kind, roles, day)


@dataclass
class Town:
    """One world: its entities, and what is always true of them by kind of fact."""

    name: Entity
    people: list[Person]
    streets: list[Entity]
    villages: list[Entity]
    firms: list[Entity]
    hosts: list[Entity]
    public: list[Entity]
    clubs: list[Entity]
    council: Entity
    police: Entity
    ferry: Entity
    line: Entity  # the company that runs the ferry
    facts: list[Fact]
    employer: dict[Person, Entity]
    home: dict[Person, Entity]

    def staff(self, organisation: Entity) -> list[Person]:
        """Who works there."""
        return [person for person, place in self.employer.items() if place == organisation]

    def where(self, organisation: Entity) -> Entity | None:
        """The street or village that it stands in."""
        found = (f["place"] for f in self.facts if f.kind == "located_in" and f["org"] == organisation)
        return next(found, organisation.inside)

    def alike(self, entity: Entity) -> list[Entity]:
        """The entities of the list that it stands in."""
        lists = (self.people, self.streets, self.villages, self.firms, self.hosts, self.public, self.clubs)
        return next((found for found in lists if entity in found), [entity])


ARTS = ("choir", "drama group", "brass band")  # the clubs that play no matches
FIRM_NAMES = ("{last} Brothers", "{last} & Sons", "{last} & Company")


class Builder:
    """Draws the entities of one town, each name once."""

    def __init__(self, names: Names, rng: random.Random) -> None:
        self.rng, self.names = rng, names
        self.last = rng.sample(names.last, len(names.last))
        self.places_zh = rng.sample(names.places, len(names.places))
        self.villages = rng.sample(names.villages, len(names.villages))
        self.streets = rng.sample(names.streets, len(names.streets))

    def people(self, count: int) -> list[Person]:
        """Residents of about a dozen families."""
        rng, families = self.rng, min(len(self.last), count // 2)
        lasts = self.last[:families]
        surnames = {last: rng.choice(self.names.surnames) for last in lasts}
        own = rng.sample(self.names.surnames, len(self.names.surnames))
        surnames |= dict(zip(lasts, own, strict=False))  # two families share a surname only where there are too few
        jobs = rng.sample(lexicon.JOBS, len(lexicon.JOBS)) * 2  # every trade is there
        given_women = rng.sample(self.names.women, len(self.names.women))
        given_men = rng.sample(self.names.men, len(self.names.men))
        found = []
        for first in rng.sample(self.names.first, min(count, len(self.names.first))):
            woman, last = first in WOMEN, rng.choice(lasts)
            zh = surnames[last] + (given_women if woman else given_men).pop()
            job, age = jobs.pop(), rng.randrange(22, 80)
            found.append(Person(f"{first} {last}", zh, "PER", job, None, first, last, woman, age))
        return found

    def place(self, en: str, zh: str, noun: Word) -> Entity:
        """A village or street."""
        return Entity(en, zh, "LOC", noun)

    def village(self) -> Entity:
        """A village with a name not yet taken."""
        return self.place(self.villages.pop(), self.places_zh.pop() + "村", Word("village", "村子"))

    def street(self) -> Entity:
        """A street with a name not yet taken."""
        kind = self.rng.choice((("Street", "街"), ("Lane", "巷"), ("Road", "路")))
        noun = Word(kind[0].lower(), {"街": "街上", "巷": "巷子", "路": "路上"}[kind[1]])
        if not self.places_zh:
            self.places_zh = self.rng.sample(self.names.places, len(self.names.places))
        return self.place(f"{self.streets.pop()} {kind[0]}", self.places_zh.pop() + kind[1], noun)

    def named_after_place(self, noun: Word, place: Entity) -> Entity:
        """An organisation whose name begins with a place: the place lies inside the name."""
        en = f"{place.en} {noun.en.title().replace('É', 'é')}"
        return Entity(en, place.zh + noun.zh, "ORG", noun, place)

    def named_after_family(self, noun: Word) -> Entity:
        """A firm that carries a last name, as often as not beside its trade."""
        last, rng = self.rng.choice(self.last), self.rng
        pattern = rng.choice((*FIRM_NAMES, "{last}'s {noun}"))
        en = pattern.format(last=last, noun=noun.en.title())
        return Entity(en, rng.choice(self.names.firms) + noun.zh, "ORG", noun)


def build_town(names: Names, rng: random.Random) -> Town:
    """A town whose proper names all come from `names`."""
    make = Builder(names, rng)
    villages = [make.village() for _ in range(min(6, len(make.villages) - 1))]
    name = make.village()
    name = Entity(name.en, name.zh[:-1] + "镇", "LOC", Word("town", "镇上"))
    streets = [make.street() for _ in range(min(8, len(make.streets)))]
    places = [name, *villages, *streets]

    def organisations(nouns: tuple[Word, ...], count: int, family: float) -> list[Entity]:
        found: dict[str, Entity] = {}
        for number in range(4 * count):
            noun = nouns[0] if not number else rng.choice(nouns)  # the first of its list is in every town
            own = rng.random() < family
            one = make.named_after_family(noun) if own else make.named_after_place(noun, rng.choice(places))
            if len(found) < count and all(one.zh != other.zh for other in found.values()):
                found.setdefault(one.en, one)
        return list(found.values())

    people = make.people(44)
    firms, hosts = organisations(lexicon.FIRMS, 8, 0.6), organisations(lexicon.HOSTS, 5, 0.3)
    public = organisations(lexicon.PUBLIC, 7, 0.0)
    clubs = organisations(tuple(noun for noun in lexicon.CLUBS if noun.en not in ARTS), 3, 0.0)
    clubs += organisations(tuple(noun for noun in lexicon.CLUBS if noun.en in ARTS), 2, 0.0)
    ship = rng.choice(lexicon.SHIPS)
    town = Town(
        name, people, streets, villages, firms, hosts, public, clubs,
        council=make.named_after_place(Word("town council", "镇议会"), name),
        police=make.named_after_place(Word("police", "警察局"), name),
        ferry=Entity(f"the {ship.en}", ship.zh, "MISC", Word("ferry", "渡轮")),
        line=make.named_after_place(Word("ferry company", "渡轮公司"), rng.choice([name, *villages])),
        facts=[], employer={}, home={},
    )  # fmt: skip
    town.facts = standing_facts(town, rng)
    return town


def standing_facts(town: Town, rng: random.Random) -> list[Fact]:
    """What is always true: families, work, homes, owners, places in places, numbers."""
    found, related = [], families(town.people, rng)
    workplaces = [*town.firms, *town.hosts, *town.public, town.council, town.line]
    for person in town.people:
        usual = [org for org in workplaces if org.noun.en == lexicon.EMPLOYERS.get(person.noun.en)]
        town.employer[person] = rng.choice(usual or workplaces)
        town.home[person] = rng.choice([*town.streets, *town.villages])
    for couple in (one for one in related if one.kind == "married"):
        town.home[couple["other"]] = town.home[couple["person"]]
    for person in town.people:
        found.append(fact("works_for", person=person, org=town.employer[person], job=person.noun))
        found.append(fact("lives_in", person=person, place=town.home[person]))
        found.append(fact("born_in", person=person, place=rng.choice(town.villages), year=2024 - person.age))
    found += related
    kin = [set(one.roles.values()) for one in related]
    near = [pair for pair in itertools.combinations(town.people, 2) if town.home[pair[0]] == town.home[pair[1]]]
    near = [pair for pair in near if set(pair) not in kin]
    found += [fact("neighbour", person=one, other=two) for one, two in rng.sample(near, min(12, len(near)))]
    owners = rng.sample(town.people, len(town.firms) + len(town.hosts))
    for org, owner in zip([*town.firms, *town.hosts], owners, strict=True):
        found.append(fact("owns", person=owner, org=org))
    for org in (*town.public, *town.clubs, town.council, town.line):
        club = org in town.clubs
        roles = [role for role in lexicon.ROLES if club or role.en != "captain"]
        if among := town.people if club else town.staff(org):
            found.append(fact("leads", person=rng.choice(among), org=org, role=rng.choice(roles)))
    settled = [*town.firms, *town.hosts, *town.public, *town.clubs]
    founders = rng.sample([person for person in town.people if person.age > 27], len(settled))
    for org, founder in zip(settled, founders, strict=True):
        street = org.inside if org.inside in town.streets else rng.choice(town.streets)
        if org.inside not in town.villages:
            found.append(fact("located_in", org=org, place=street))
        year = rng.randrange(2024 - founder.age + 18, 2018)  # of age, and before the chronicle begins
        found.append(fact("founded", org=org, year=year, person=founder))
        found.append(fact("employs", org=org, number=len(town.staff(org)) + rng.randrange(3, 85)))
    for org in town.firms:
        for goods in rng.sample(lexicon.TRADES[org.noun.en], 2):
            found.append(fact("makes", org=org, goods=goods))
    for village in town.villages:
        side = rng.choice(SIDES)
        found.append(fact("lies", place=village, side=side, town=town.name, miles=rng.randrange(2, 15)))
        found.append(fact("population", place=village, number=rng.randrange(120, 4000)))
        found.append(fact("known_for", place=village, landmark=rng.choice(lexicon.LANDMARKS)))
    found.append(fact("population", place=town.name, number=rng.randrange(9000, 30000)))
    found += [fact("street_of", place=street, town=town.name) for street in town.streets]
    return found


SIDES = lexicon.words("north=北, south=南, east=东, west=西, north-east=东北, south-west=西南")


def families(people: list[Person], rng: random.Random) -> list[Fact]:
    """Marriages, parents and siblings: nobody has two spouses, or a parent that a sibling has not."""
    found, by_name = [], {}
    for person in people:
        by_name.setdefault(person.last, []).append(person)
    for members in by_name.values():
        members.sort(key=lambda person: -person.age)
        older = eldest = members[0]  # the one born before, and the first of that one's siblings
        wed = False
        for person in members[1:]:
            gap = older.age - person.age
            if gap < 8 and older.woman != person.woman and not wed and rng.random() < 0.6:
                found.append(fact("married", person=older, other=person))
                wed = True  # who has married into the family is nobody's sibling here
                continue
            if 20 <= gap <= 40:
                found.append(fact("parent", person=older, other=person))
                eldest = person
            elif eldest.age - person.age < 18:
                found.append(fact("sibling", person=older, other=person))
            else:
                eldest = person
            older, wed = person, False
    return found
