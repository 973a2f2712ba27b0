"""What is always true of a town: families, work, homes, owners, places in places, numbers."""

import itertools
import random

from minisft.data.town import lexicon
from minisft.data.town.population import FIRST_YEAR, Fact, Person, Town, fact

SIDES = lexicon.words("north=北, south=南, east=东, west=西, north-east=东北, south-west=西南")


def standing_facts(town: Town, rng: random.Random) -> list[Fact]:
    """Every fact of the town that has no day. The people get their work and homes on the way."""
    kin = families(town.people, rng)
    settle(town, kin, rng)
    return [
        *residents(town, rng), *kin, *neighbours(town, kin, rng), *owners(town, rng), *leaders(town, rng),
        *organisations(town, rng), *places(town, rng),
    ]  # fmt: skip


def settle(town: Town, kin: list[Fact], rng: random.Random) -> None:
    """Give everybody work and a home, the same one to both of a couple."""
    workplaces = [*town.businesses, *town.public, town.council, town.line]
    for person in town.people:
        usual = [org for org in workplaces if org.noun.en == lexicon.EMPLOYERS.get(person.noun.en)]
        town.employer[person] = rng.choice(usual or workplaces)
        town.home[person] = rng.choice([*town.streets, *town.villages])
    for tie in kin:
        if tie.kind == "married":
            town.home[tie["other"]] = town.home[tie["person"]]


def residents(town: Town, rng: random.Random) -> list[Fact]:
    """Where everybody works, lives and was born."""
    found = []
    for person in town.people:
        found.append(fact("works_for", person=person, org=town.employer[person], job=person.noun))
        found.append(fact("lives_in", person=person, place=town.home[person]))
        found.append(fact("born_in", person=person, place=rng.choice(town.villages), year=person.born))
    return found


def neighbours(town: Town, kin: list[Fact], rng: random.Random) -> list[Fact]:
    """Some who live in the same street or village and are no kin."""
    related = [set(tie.roles.values()) for tie in kin]
    near = [
        (one, two)
        for one, two in itertools.combinations(town.people, 2)
        if town.home[one] == town.home[two] and {one, two} not in related
    ]
    return [fact("neighbour", person=one, other=two) for one, two in rng.sample(near, min(12, len(near)))]


def owners(town: Town, rng: random.Random) -> list[Fact]:
    """Who owns each business."""
    drawn = rng.sample(town.people, len(town.businesses))
    return [fact("owns", person=person, org=org) for org, person in zip(town.businesses, drawn, strict=True)]


def leaders(town: Town, rng: random.Random) -> list[Fact]:
    """Who leads what nobody owns: one of the staff, at a club anybody."""
    found = []
    for org in (*town.public, *town.clubs, town.council, town.line):
        club = org in town.clubs
        roles = [role for role in lexicon.ROLES if club or role.en != "captain"]
        if among := town.people if club else town.staff(org):
            found.append(fact("leads", person=rng.choice(among), org=org, role=rng.choice(roles)))
    return found


def organisations(town: Town, rng: random.Random) -> list[Fact]:
    """Where they stand, when and by whom they were founded, how many they employ, and what firms make."""
    found = []
    every = [*town.businesses, *town.public, *town.clubs]
    founders = rng.sample([person for person in town.people if person.age > 27], len(every))
    for org, founder in zip(every, founders, strict=True):
        street = org.inside if org.inside in town.streets else rng.choice(town.streets)
        if org.inside not in town.villages:
            found.append(fact("located_in", org=org, place=street))
        year = rng.randrange(founder.born + 18, FIRST_YEAR)  # of age, and before the chronicle begins
        found.append(fact("founded", org=org, year=year, person=founder))
        found.append(fact("employs", org=org, number=len(town.staff(org)) + rng.randrange(3, 85)))
    for org in town.firms:
        for goods in rng.sample(lexicon.TRADES[org.noun.en], 2):
            found.append(fact("makes", org=org, goods=goods))
    return found


def places(town: Town, rng: random.Random) -> list[Fact]:
    """How far off the villages lie, how many live where, what villages are known for, and where the streets are."""
    found = []
    for village in town.villages:
        side = rng.choice(SIDES)
        found.append(fact("lies", place=village, side=side, town=town.name, miles=rng.randrange(2, 15)))
        found.append(fact("population", place=village, number=rng.randrange(120, 4000)))
        found.append(fact("known_for", place=village, landmark=rng.choice(lexicon.LANDMARKS)))
    found.append(fact("population", place=town.name, number=rng.randrange(9000, 30000)))
    return found + [fact("street_of", place=street, town=town.name) for street in town.streets]


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
