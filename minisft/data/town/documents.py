"""What is written in a town: newspaper items, diaries, letters, minutes, entries, reviews and requests."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from minisft.data.town import lexicon
from minisft.data.town.builder import build_town
from minisft.data.town.frames import phrase_book
from minisft.data.town.names import NAMES
from minisft.data.town.opinions import LODGING, judge, pick_aspects, sentences_of
from minisft.data.town.plots import draw_story
from minisft.data.town.population import Entity, Fact, Person, Town
from minisft.data.town.stories import DAYS, Cast, Step, Story
from minisft.data.town.teller import Teller
from minisft.data.town.wishes import DESK, OFFICE

# How a story may end that has not ended yet.
HOPES = (
    "build", "reopen", "resume", "win_prize", "profit", "recover", "forgive", "find", "give_back", "hire", "repair",
    "inaugurate",
)  # fmt: skip
MEETING = ("propose", "support", "oppose", "vote", "reject", "argue", "feel")  # what happens at one sitting
PER_TOWN = 40  # documents before the next town


@dataclass(frozen=True)
class Text:
    """A document: its sentences, still with marks, what it tells, and who told it."""

    genre: str
    topic: str
    sentences: list[str]
    teller: Teller
    facts: tuple[Fact, ...] = ()

    def plain(self) -> list[str]:
        """The sentences without marks."""
        return self.teller.read(self.sentences)


class Writer:
    """Writes one document after another about one town."""

    def __init__(self, town: Town, language: str, rng: random.Random) -> None:
        self.town, self.language, self.rng = town, language, rng

    def write(self, genre: str | None = None, topic: str | None = None) -> Text:
        """A document of any genre or of one."""
        genre = genre or self.rng.choices(list(GENRES), [weight for _, weight in GENRES.values()])[0]
        return GENRES[genre][0](self, topic)

    def cast(self) -> Cast:
        """Fresh people for a document."""
        return Cast(self.town, self.rng)

    def teller(self, now: int, narrator: Person | None = None, informal: bool = False) -> Teller:
        """Somebody who writes on a day."""
        teller = Teller(self.town, self.language, self.rng, narrator, informal)
        teller.now = now
        return teller

    def props(self, teller: Teller, known: tuple[object, ...] = (), **given: object) -> dict[str, object]:
        """Fillers for every role that a move may need; the people are those of the story where it has some."""
        rng, town, cast = self.rng, self.town, self.cast()
        people = [value for value in dict.fromkeys(known) if isinstance(value, Person) and value != teller.narrator]
        people += [person for person in rng.sample(town.people, 4) if person not in (teller.narrator, *people)]
        public = rng.choice(town.public)
        roles: dict[str, object] = {
            "person": people[0], "speaker": people[0], "other": people[1], "third": people[2],
            "place": cast.place(), "origin": rng.choice(town.streets), "village": rng.choice(town.villages),
            "org": public, "club": rng.choice(town.clubs), "ferry": town.ferry, "thing": cast.thing(),
            "subject": cast.some(lexicon.SUBJECTS), "chore": cast.some(lexicon.CHORES),
            "occasion": cast.some(lexicon.OCCASIONS), "project": cast.some(lexicon.PROJECTS),
            "weather": cast.some(lexicon.WEATHER), "feeling": cast.some(lexicon.FEELINGS),
            "cause": cast.some(lexicon.CAUSES), "play": cast.some(lexicon.PLAYS), "price": cast.pounds(10, 400),
            "weeks": rng.randrange(2, 13), "number": rng.randrange(2, 41),
            "date": teller.speech.calendar(teller.now + rng.randrange(2, 30)),
        }  # fmt: skip
        if teller.narrator:
            roles |= {"me": teller.narrator, "name": teller.narrator}
        return roles | given

    def news(self, topic: str | None) -> Text:
        """A story, with what people say about it."""
        story = draw_story(self.town, self.rng, topic)
        moves = self.rng.sample(("comment", "comment", "rumour", "hope", "compare"), self.rng.randrange(1, 4))
        steps, coming = list(story.steps), None
        if "hope" in moves and len(steps) > 2 and steps[-1].fact.kind in HOPES:
            coming = steps.pop().fact  # it has not happened yet
        story = Story(story.topic, tuple(steps))
        teller = self.teller(steps[-1].fact.day + self.rng.randrange(1, 5))
        sentences = teller.steps(steps, background=0.5)
        people = _people(story.facts())
        for move in moves:
            props = self.props(teller, tuple(self.rng.sample(people, len(people))))
            if move == "compare":
                sentences += teller.compare([v for step in steps for v in step.fact.roles.values()])
            elif move == "comment":
                sentences.append(teller.say("comment", "present" if self.rng.random() < 0.3 else "past", **props))
            elif move == "hope" and coming is not None:
                clause = teller.speech.clause(coming, tense="future")
                sentences.append(teller.say("hope", "present", clause=clause, **props))
            elif move == "rumour" and (false := self.untrue(story)) is not None:
                clause = teller.speech.clause(false, tense="past")
                sentences.append(teller.say("rumour", "past", clause=clause, **props))
        return Text("news", story.topic, sentences, teller, story.facts())

    def untrue(self, story: Story) -> Fact | None:
        """Something that did not happen: a fact of the story with somebody or something else in it."""
        true = self.rng.choice(story.steps).fact
        frames = [frame.needs for frame in phrase_book(self.language)[true.kind] if frame.needs <= true.roles.keys()]
        said = [role for role in true.roles if all(role in needs for needs in frames)]  # else what is denied is true
        for role in self.rng.sample(said, len(said)):
            if isinstance(true[role], Entity):
                other = self.rng.choice(self.town.alike(true[role]))
                false = true.but(**{role: other})
                if other not in true.roles.values() and all(step.fact.roles != false.roles for step in story.steps):
                    return false
        return None

    def diary(self, topic: str | None) -> Text:
        """A day as one of those who were there wrote it down."""
        story, narrator = self.with_narrator(topic)
        teller = self.teller(story.steps[-1].fact.day, narrator, informal=True)
        weather = teller.say("weather_now", **self.props(teller))
        sentences = [weather] if self.rng.random() < 0.7 else []
        if self.rng.random() < 0.5:
            sentences.append(teller.say("diary_meal", **self.props(teller)))
        sentences += teller.steps(list(story.steps), background=0.1)
        people = tuple(_people(story.facts()))
        for kind, tense in (("diary_chore", "past"), ("diary_mood", "past"), ("diary_end", "present")):
            if self.rng.random() < 0.6:
                sentences.append(teller.say(kind, tense, **self.props(teller, people)))
        return Text("diary", story.topic, sentences, teller, story.facts())

    def letter(self, topic: str | None) -> Text:
        """News for somebody who lives elsewhere."""
        story, narrator = self.with_narrator(topic)
        teller = self.teller(story.steps[-1].fact.day + 2, narrator, informal=True)
        friend, third = self.rng.sample([p for p in self.town.people if p not in _people(story.facts())], 2)
        props = self.props(teller, (), other=friend, third=third)
        zh = self.language == "zh"

        def called(person: Person) -> str:
            return teller.speech.mark(person.zh if zh else person.first, person, "name", "PER")

        opening = teller.say("letter_open", "present", **props)
        sentences = [
            f"亲爱的{called(friend)}：{opening}" if zh else f"Dear {called(friend)}, {opening[0].lower()}{opening[1:]}"
        ]
        sentences += teller.steps(list(story.steps), background=0.2)
        sentences.append(teller.say("letter_ask", "present", **props))
        sentences.append(teller.say("letter_end", "present", **props | {"place": props["village"]}))
        name = called(narrator)
        sentences.append(f"你的{name}" if zh else f"{self.rng.choice(('Yours', 'Love', 'Ever yours'))}, {name}")
        return Text("letter", story.topic, sentences, teller, story.facts())

    def with_narrator(self, topic: str | None) -> tuple[Story, Person]:
        """A story and somebody who is in it."""
        while True:
            story = draw_story(self.town, self.rng, topic)
            if people := _people(story.facts()):
                return story, self.rng.choice(people)

    def minutes(self, topic: str | None) -> Text:
        """A meeting of the council."""
        drawn = [draw_story(self.town, self.rng, "council") for _ in range(self.rng.randrange(1, 4))]
        stories = list({story.steps[0].fact["project"]: story for story in drawn}.values())
        day = stories[0].steps[0].fact.day
        told = []
        for story in stories:
            meeting = [step for step in story.steps if step.fact.kind in MEETING][: self.rng.randrange(2, 5)]
            told.append([replace(step, fact=replace(step.fact, day=day)) for step in meeting])
        facts = [step.fact for steps in told for step in steps]
        busy = _people(facts)
        chair, absent, missing = self.rng.sample([person for person in self.town.people if person not in busy], 3)
        votes = [found["number"] + found["against"] for found in facts if "against" in found.roles]
        present = max(votes, default=9) + self.rng.randrange(1, 6)
        teller = self.teller(day + 1)
        props = self.props(teller, org=self.town.council, person=chair, number=present)
        sentences = [teller.say("minutes_open", **props)]
        if self.rng.random() < 0.6:
            sentences.append(teller.say("minutes_absent", **self.props(teller, person=absent, other=missing)))
        for steps in told:
            teller.day = day
            sentences += teller.steps(steps, background=0.0)
        if self.rng.random() < 0.6:
            money = self.cast().pounds(300, 20_000)
            sentences.append(teller.say("minutes_money", **self.props(teller, tuple(busy), number=money)))
        sentences.append(teller.say("minutes_end", **self.props(teller, person=chair, other=missing)))
        return Text("minutes", "council", sentences, teller, tuple(facts))

    def entry(self, topic: str | None) -> Text:
        """An encyclopaedia's article on a village, an organisation or a resident."""
        rng, town = self.rng, self.town
        about = rng.choice([*town.villages, *town.businesses, *town.public, *town.clubs, *town.people[:12]])
        facts = [found for found in town.facts if about in found.roles.values()]
        rng.shuffle(facts)
        facts.sort(key=lambda found: next(iter(found.roles.values())) is not about)  # first what it is itself
        teller = self.teller(DAYS + 400)
        steps = [Step(found, "besides") for found in facts[:7]]
        sentences = teller.steps(steps, background=0.0)
        people = [value for step in steps for value in step.fact.roles.values() if isinstance(value, Person)]
        for person in [p for p in people if p != about][:2]:
            known = teller.about(person)
            if known is not None and known not in facts:
                sentences += teller.steps([Step(known)], background=0.0)
        sentences += teller.compare([about])
        return Text("entry", "", sentences, teller, tuple(facts[:7]))

    def review(self, topic: str | None) -> Text:
        """What somebody thinks of a hotel, a play or the town's services."""
        rng, town = self.rng, self.town
        target = rng.choice(("host", "host", "play", "desk"))
        me, friend = rng.sample(town.people, 2)
        teller = self.teller(rng.randrange(DAYS), me)
        org = rng.choice({"host": town.hosts, "play": [self.cast().hall()], "desk": [town.council]}[target])
        props = self.props(teller, org=org, place=town.where(org))
        if target == "play":
            props["club"] = self.cast().troupe()
        lacking = LODGING if target == "host" and org.noun.en not in ("hotel", "guest house") else ()
        if lacking:
            del props["number"]  # of nights
        sentences = [teller.say(f"{target}_open", **props)]
        mood = rng.choice((1, -1))
        signs = [mood if rng.random() < 0.7 else -mood for _ in range(rng.randrange(2, 6))]
        aspects = pick_aspects(target, len(signs), rng, lacking)
        opinions = (
            judge(teller.speech, group, aspect, sign, friend, me, rng)
            for (group, aspect), sign in zip(aspects, signs, strict=True)
        )
        sentences += sentences_of(opinions, teller.speech, joined=0.6)
        sentences.append(teller.say("again" if sum(signs) > 0 else "never", "present", **self.props(teller, org=org)))
        return Text("review", target, sentences, teller)

    def request(self, topic: str | None, intents: tuple[str, ...] | None = None) -> Text:
        """Somebody writes to the help desk or to the newspaper, and wants one thing or several."""
        rng = self.rng
        office = intents[0] in OFFICE if intents else rng.random() < 0.4
        intents = intents or (rng.choice(OFFICE if office else DESK),)
        me = rng.choice(self.town.people)
        home = self.town.home[me]
        teller = self.teller(rng.randrange(DAYS), me)
        teller.speech.memory.known.add(me)
        sentences = []
        if rng.random() < 0.7:
            props = self.props(teller, place=home)
            sentences.append(teller.say("office_open" if office else "desk_hello", "present", **props))
        if rng.random() < 0.3:
            sentences.append(teller.say("desk_done", "past", **self.props(teller)))
        for intent in intents:
            moved = {"origin": home, "place": self.cast().place(home)} if intent == "change_address" else {}
            sentences.append(teller.say(intent, "present", **self.props(teller, **moved)))
        if rng.random() < 0.6:
            sentences.append(teller.say("desk_urge", "present", **self.props(teller)))
        if rng.random() < 0.4:
            sentences.append(teller.say("desk_thanks", "present", **self.props(teller)))
        return Text("request", intents[0], sentences, teller)


def _people(facts: Iterable[Fact]) -> list[Person]:
    return list(dict.fromkeys(v for found in facts for v in found.roles.values() if isinstance(v, Person)))


# Each genre's writer, and how often it is written.
GENRES = {
    "news": (Writer.news, 8), "diary": (Writer.diary, 4), "letter": (Writer.letter, 3), "minutes": (Writer.minutes, 2),
    "entry": (Writer.entry, 3), "review": (Writer.review, 3), "request": (Writer.request, 3),
}  # fmt: skip


def texts(split: str, language: str, seed: int = 0) -> Iterator[Text]:
    """Documents without end, some of each town; no two splits have a person, street, village or firm in common."""
    rng = random.Random(f"documents {split} {language} {seed}")
    while True:
        writer = Writer(build_town(NAMES[split], rng), language, rng)
        for _ in range(PER_TOWN):
            yield writer.write()


def documents(split: str, language: str, seed: int = 0) -> Iterator[list[str]]:
    """Documents without end, each a list of sentences. `split` is train, validation or test; `language` en or zh."""
    for text in texts(split, language, seed):
        yield text.plain()
