"""A town: its entities, each with a name of its own, drawn from the names of one split."""

import random

from minisft.data.town import lexicon
from minisft.data.town.lexicon import Word
from minisft.data.town.names import WOMEN, Names
from minisft.data.town.population import Entity, Person, Town
from minisft.data.town.standing import standing_facts

FIRM_NAMES = ("{last} Brothers", "{last} & Sons", "{last} & Company", "{last}'s {noun}")
# The last is how Chinese goes on to call it.
STREETS = (("Street", "街", "街上"), ("Lane", "巷", "巷子"), ("Road", "路", "路上"))


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

    def settlement(self, sign: str, noun: Word) -> Entity:
        """A village or town with a name not yet taken; `sign` ends the Chinese one."""
        return Entity(self.villages.pop(), self.places_zh.pop() + sign, "LOC", noun)

    def street(self) -> Entity:
        """A street with a name not yet taken."""
        en, zh, noun_zh = self.rng.choice(STREETS)
        if not self.places_zh:
            self.places_zh = self.rng.sample(self.names.places, len(self.names.places))
        return Entity(f"{self.streets.pop()} {en}", self.places_zh.pop() + zh, "LOC", Word(en.lower(), noun_zh))

    def named_after_place(self, noun: Word, place: Entity) -> Entity:
        """An organisation whose name begins with a place: the place lies inside the name."""
        en = f"{place.en} {noun.en.title().replace('É', 'é')}"
        return Entity(en, place.zh + noun.zh, "ORG", noun, place)

    def named_after_family(self, noun: Word) -> Entity:
        """A business with a last name in its English name, now and then beside its trade."""
        last = self.rng.choice(self.last)
        en = self.rng.choice(FIRM_NAMES).format(last=last, noun=noun.en.title())
        return Entity(en, self.rng.choice(self.names.firms) + noun.zh, "ORG", noun)

    def organisations(self, nouns: tuple[Word, ...], count: int, places: list[Entity], family: float) -> list[Entity]:
        """At most so many, no two of one name; `family` is the share that a family and no place gives its name."""
        found: list[Entity] = []
        for number in range(4 * count):
            noun = self.rng.choice(nouns) if number else nouns[0]  # the first of its list is in every town
            if self.rng.random() < family:
                one = self.named_after_family(noun)
            else:
                one = self.named_after_place(noun, self.rng.choice(places))
            if len(found) < count and not any(one.en == other.en or one.zh == other.zh for other in found):
                found.append(one)
        return found


def build_town(names: Names, rng: random.Random) -> Town:
    """A town whose proper names all come from `names`."""
    make = Builder(names, rng)
    villages = [make.settlement("村", Word("village", "村子")) for _ in range(min(6, len(make.villages) - 1))]
    name = make.settlement("镇", Word("town", "镇上"))
    streets = [make.street() for _ in range(min(8, len(make.streets)))]
    places = [name, *villages, *streets]
    people = make.people(44)
    firms = make.organisations(lexicon.FIRMS, 8, places, family=0.6)
    hosts = make.organisations(lexicon.HOSTS, 5, places, family=0.3)
    public = make.organisations(lexicon.PUBLIC, 7, places, family=0)
    teams = make.organisations(lexicon.TEAMS, 3, places, family=0)
    troupes = make.organisations(lexicon.TROUPES, 2, places, family=0)
    ship = rng.choice(lexicon.SHIPS)
    town = Town(
        name, people, streets, villages, firms, hosts, public, teams, troupes,
        council=make.named_after_place(Word("town council", "镇议会"), name),
        police=make.named_after_place(Word("police", "警察局"), name),
        ferry=Entity(f"the {ship.en}", ship.zh, "MISC", Word("ferry", "渡轮")),
        line=make.named_after_place(Word("ferry company", "渡轮公司"), rng.choice([name, *villages])),
        facts=[], employer={}, home={},
    )  # fmt: skip
    town.facts = standing_facts(town, rng)
    return town
