"""Who lives in a town and what stands in it: entities with names in both languages, and what is always true of them."""

from dataclasses import dataclass, field, replace

from minisft.data.town.lexicon import Word

FIRST_YEAR, THIS_YEAR = 2018, 2024  # the first of the chronicle, and that of everybody's age


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

    @property
    def born(self) -> int:
        """The year of birth."""
        return THIS_YEAR - self.age


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

    def but(self, **roles: object) -> "Fact":
        """The fact with something else in some of its roles."""
        return replace(self, roles=self.roles | roles)


def fact(kind: str, day: int | None = None, **roles: object) -> Fact:
    """A fact by its kind, day and roles."""
    return Fact(kind, roles, day)


@dataclass
class Town:
    """One world: its entities, what is always true of them, and where each resident works and lives."""

    name: Entity
    people: list[Person]
    streets: list[Entity]
    villages: list[Entity]
    firms: list[Entity]
    hosts: list[Entity]
    public: list[Entity]
    teams: list[Entity]  # clubs that play matches
    troupes: list[Entity]  # clubs that perform
    council: Entity
    police: Entity
    ferry: Entity
    line: Entity  # the company that runs the ferry
    facts: list[Fact]
    employer: dict[Person, Entity]
    home: dict[Person, Entity]

    @property
    def clubs(self) -> list[Entity]:
        """Teams and troupes."""
        return self.teams + self.troupes

    @property
    def businesses(self) -> list[Entity]:
        """What has an owner."""
        return self.firms + self.hosts

    def staff(self, organisation: Entity) -> list[Person]:
        """Who works there."""
        return [person for person in self.people if self.employer[person] == organisation]

    def outsiders(self, organisation: Entity) -> list[Person]:
        """Who works elsewhere."""
        return [person for person in self.people if self.employer[person] != organisation]

    def where(self, organisation: Entity) -> Entity | None:
        """The street or village that it stands in."""
        found = (f["place"] for f in self.facts if f.kind == "located_in" and f["org"] == organisation)
        return next(found, organisation.inside)

    def alike(self, entity: Entity) -> list[Entity]:
        """The entities of the list that it stands in."""
        lists = (self.people, self.streets, self.villages, self.firms, self.hosts, self.public, self.clubs)
        return next((found for found in lists if entity in found), [entity])
