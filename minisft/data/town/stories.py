"""What happens in a town: chains of facts in which one thing leads to another."""

import random
from dataclasses import dataclass

from minisft.data.town import lexicon
from minisft.data.town.lexicon import Thing, Word
from minisft.data.town.population import FIRST_YEAR, THIS_YEAR, Entity, Fact, Person, Town, fact

DAYS = 365 * (THIS_YEAR - FIRST_YEAR)  # of the chronicle


@dataclass(frozen=True)
class Step:
    """A fact and how it follows from the one before: then, so, but, because (it is the reason), also or besides."""

    fact: Fact
    link: str = "then"


@dataclass(frozen=True)
class Story:
    """A chain of steps on one topic."""

    topic: str
    steps: tuple[Step, ...]

    def facts(self) -> tuple[Fact, ...]:
        """What happens."""
        return tuple(step.fact for step in self.steps)


class Cast:
    """Who and what a story is about, each drawn once."""

    def __init__(self, town: Town, rng: random.Random) -> None:
        self.town, self.rng = town, rng
        self.day = rng.randrange(DAYS)
        self._people = rng.sample(town.people, len(town.people))
        self.steps: list[Step] = []
        self.gap = False  # whether the step before was left out

    def person(self, among: list[Person] | None = None) -> Person:
        """Somebody who is not yet in the story, where possible one of `among`."""
        choice = next((p for p in reversed(self._people) if p in (among or ())), self._people[-1])
        self._people.remove(choice)
        return choice

    def elder(self, among: list[Person] | None = None) -> Person:
        """Somebody who has worked for many years, where possible one of `among`."""
        old = [person for person in self.town.people if person.age > 50]
        return self.person([person for person in old if person in (among or old)] or old)

    def couple(self) -> tuple[Person, Person]:
        """Two who may marry."""
        married = {person for f in self.town.facts if f.kind == "married" for person in f.roles.values()}
        single = [p for p in self.town.people if 25 < p.age < 45 and p not in married]
        one = self.person(single)
        others = [p for p in single if p.woman != one.woman and p.last != one.last]
        return one, self.person(sorted(others, key=lambda p: abs(p.age - one.age))[:4])

    def career(self, person: Person) -> int:
        """A number of years for which somebody can have worked at one place."""
        return self.rng.randrange(2, max(3, person.age - 26))

    def place(self, *but: Entity) -> Entity:
        """A street or village, none of some."""
        return self.rng.choice([place for place in self.town.streets + self.town.villages if place not in but])

    def troupe(self) -> Entity:
        """A club that performs."""
        return self.rng.choice(self.town.troupes)

    def hall(self) -> Entity:
        """A public building with room for an audience or for pictures."""
        halls = [org for org in self.town.public if org.noun.en not in ("hospital", "post office", "swimming pool")]
        return self.rng.choice(halls or self.town.public)

    def skilled(self, *jobs: str) -> Person:
        """Somebody, where possible of one of these jobs."""
        return self.person([person for person in self.town.people if person.noun.en in jobs])

    def doctor(self) -> Person:
        """Somebody who treats people."""
        return self.skilled("doctor", "nurse")

    def hospital(self) -> Entity:
        """Where people are treated."""
        return next(org for org in self.town.public if org.noun.en == "hospital")

    def thing(self) -> Thing:
        """Something with a look: an old bicycle."""
        noun, look = self.rng.choice(lexicon.OBJECTS), self.rng.choice(lexicon.LOOKS)
        return Thing(f"{look.en} {noun.en}", f"{look.zh}{noun.zh}", noun)

    def some(self, listing: tuple[Word, ...]) -> Word:
        """One of a list of words."""
        return self.rng.choice(listing)

    def pounds(self, low: int, high: int) -> int:
        """A sum that people would name."""
        value = self.rng.randrange(low, high)
        return value - value % (5 if high < 1000 else 100 if high < 100_000 else 1000)

    def tell(self, kind: str, link: str = "then", after: int = 0, chance: float = 1.0, **roles: object) -> bool:
        """Add a step `after` days later, with a probability; whether it was added."""
        if self.rng.random() >= chance:
            self.gap = True
            return False
        # What follows from a step that is left out follows from nothing; and not every reason is said.
        loose = (link == "so" and self.rng.random() < 0.4) or (self.gap and link != "also")
        self.day, self.gap = self.day + after, False
        self.steps.append(Step(fact(kind, self.day, **roles), "then" if loose else link))
        return True

    def later(self, most: int = 9) -> int:
        """A number of days, often none."""
        return self.rng.choice((0, 0, 1, self.rng.randrange(1, most + 1)))
