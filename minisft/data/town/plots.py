"""The plots of the town: each tells, in small steps, one kind of thing that happens."""

import random
from collections.abc import Callable

from minisft.data.town import lexicon
from minisft.data.town.lexicon import Word
from minisft.data.town.population import Entity, Town
from minisft.data.town.stories import Cast, Story

FIRE_CAUSES = lexicon.words("a faulty cable=电线故障, a gas leak=煤气泄漏, lightning=雷击, a candle=一支蜡烛")
WATER_CAUSES = lexicon.words("heavy rain=大雨, a storm=暴风雨, a burst pipe=水管破裂, a blocked drain=下水道堵塞")
ABSENCES = lexicon.words("""
    a broken finger=手指骨折, a cold=感冒, the wedding of a cousin=表亲的婚礼, a late train=火车晚点, an exam=考试,
    a sore knee=膝盖疼
""")
GOOD = lexicon.words("happy=高兴, proud=自豪, relieved=欣慰, grateful=感激")
BAD = lexicon.words("sad=难过, angry=生气, worried=担心, disappointed=失望")


def business(c: Cast) -> None:
    """A firm is taken over, does well or badly, hires or dismisses."""
    org = c.rng.choice(c.town.businesses)
    goods = c.some(lexicon.TRADES.get(org.noun.en, lexicon.TRADES["bakery"]))
    c.tell("buy_org", person=c.person(c.town.outsiders(org)), org=org, price=c.pounds(20_000, 900_000))
    if c.rng.random() < 0.5:
        c.tell("profit", after=c.rng.randrange(20, 90), org=org, number=c.pounds(2_000, 90_000))
        c.tell("hire", "so", org=org, person=c.person(c.town.outsiders(org)), job=c.some(lexicon.POSTS))
        street = c.rng.choice([street for street in c.town.streets if street != c.town.where(org)])
        c.tell("move_org", after=c.later(30), chance=0.5, org=org, place=street)
        c.tell("win_prize", after=c.later(90), chance=0.6, agent=org, prize=c.some(lexicon.PRIZES))
    else:
        c.tell("loss", "but", after=c.rng.randrange(20, 90), org=org, number=c.pounds(2_000, 90_000))
        c.tell("dismiss", "so", org=org, person=c.person(c.town.staff(org)))
        c.tell("raise_price", "also", chance=0.6, org=org, goods=goods, percent=c.rng.randrange(3, 40))
        number, reason = c.rng.randrange(4, 40), Word("the pay", "工资")
        c.tell("strike", "so", after=c.later(), chance=0.5, org=org, number=number, reason=reason)
        c.tell("close_shop", after=c.later(40), chance=0.4, org=org, cause=Word("the debts", "债务"))


def orders(c: Cast) -> None:
    """A firm gets an order, and delivers or cannot."""
    org = c.rng.choice(c.town.firms)
    client = c.rng.choice(c.town.public + c.town.hosts + c.town.clubs)
    goods, cause, new = c.some(lexicon.TRADES[org.noun.en]), c.some(lexicon.CAUSES), c.rng.random() < 0.5
    who = c.person(c.town.outsiders(org) if new else c.town.staff(org))
    c.tell("order", client=client, org=org, number=c.rng.randrange(12, 600), goods=lexicon.counted(goods))
    c.tell("hire", "so", after=c.later(), chance=float(new), org=org, person=who, job=c.some(lexicon.POSTS))
    if c.tell("close_shop", "but", after=c.later(), chance=0.5, org=org, cause=cause):
        c.tell("reopen", after=c.later(20), org=org)
    c.tell("deliver", after=c.later(30), org=org, client=client, goods=goods)
    c.tell("praise", chance=0.6, person=c.person(), other=who, occasion=Word("the quick work", "工作迅速"))


def new_shop(c: Cast) -> None:
    """Somebody opens a shop, perhaps after leaving a post and selling something."""
    retired, friend, thing = c.rng.random() < 0.5, c.person(), c.thing()
    person = c.elder() if retired else c.person()
    old = c.town.employer[person]
    org = c.rng.choice([org for org in c.town.businesses if org not in (old, c.town.employer[friend])])
    c.tell("retire", chance=float(retired), person=person, org=old, years=c.career(person))
    c.tell("sell", after=c.later(20), chance=0.6, person=person, thing=thing, other=c.person(), price=c.pounds(50, 900))
    c.tell("open_shop", after=c.later(40), person=person, org=org, place=c.rng.choice(c.town.streets))
    c.tell("help", "also", chance=0.5, person=friend, other=person, chore=c.some(lexicon.CHORES))
    c.tell("hire", "so", after=c.later(20), chance=0.7, org=org, person=friend, job=c.some(lexicon.POSTS))
    c.tell("profit", after=c.rng.randrange(20, 120), chance=0.5, org=org, number=c.pounds(1_000, 30_000))


def fire(c: Cast) -> None:
    """A fire, a rescue, and how the house opened again."""
    houses = c.town.firms + c.town.public + c.town.hosts
    org = c.rng.choice([house for house in houses if house != c.hospital()])  # that is where they are treated
    cause, part, weeks = c.some(FIRE_CAUSES), c.some(lexicon.PARTS), c.rng.randrange(2, 12)
    seer, victim, helper, mender = c.person(), c.person(c.town.staff(org)), c.person(), c.person()
    c.tell("break_out", part=part, org=org, cause=cause)
    c.tell("notice", chance=0.6, person=seer, org=org)
    c.tell("rescue", person=helper, other=victim, org=org)
    if c.tell("hurt", "but", chance=0.5, person=helper, place=org):
        c.tell("treat", chance=0.6, person=c.doctor(), other=helper, org=c.hospital())
    c.tell("shut_for", "so", org=org, weeks=weeks)
    open_again = c.day + 7 * weeks
    c.tell("collect", after=c.later(7), chance=0.7, person=seer, number=c.pounds(200, 9_000), org=org)
    c.tell("repair", after=c.rng.randrange(1, 7 * weeks - 6), person=mender, part=part, org=org)
    c.tell("reopen", "so", after=open_again - c.day, chance=0.6, org=org)


def storm(c: Cast) -> None:
    """Wind and water do damage; the residents mend it."""
    place, org = c.place(), c.rng.choice(c.town.public)
    cause, part, first, second = c.some(WATER_CAUSES), c.some(lexicon.PARTS), c.person(), c.person()
    c.tell("flood", place=place, cause=cause)
    c.tell("damage", "also", cause=cause, part=part, org=org)
    c.tell("rescue", chance=0.5, person=first, other=second, org=org)
    c.tell("postpone", "so", chance=0.6, occasion=c.some(lexicon.OCCASIONS), cause=cause)
    c.tell("repair", after=c.later(), person=c.person(), part=part, org=org)
    c.tell("collect", "also", chance=0.7, person=first, number=c.pounds(200, 9_000), org=org)


def council(c: Cast) -> None:
    """A plan before the council, and what becomes of it."""
    project, place, reason = c.some(lexicon.PROJECTS), c.place(), c.some(lexicon.REASONS)
    author, friend, enemy, builder = c.person(), c.person(), c.person(), c.rng.choice(c.town.firms)
    most = c.rng.randrange(8, 16)
    least = c.rng.randrange(1, most)
    c.tell("propose", person=author, project=project, place=place)
    c.tell("support", chance=0.6, person=friend, project=project)
    c.tell("oppose", "but", person=enemy, project=project, reason=reason)
    if c.rng.random() < 0.6:
        c.tell("vote", after=c.later(), council=c.town.council, number=most, against=least, project=project)
        weeks, cause = c.rng.randrange(2, 30), c.some(lexicon.CAUSES)
        late = c.tell("delay", "but", after=c.later(90), chance=0.5, project=project, weeks=weeks, cause=cause)
        done = c.rng.randrange(60, 260) + 7 * weeks * late
        if c.tell("build", after=done, chance=0.7, org=builder, project=project, place=place):
            c.tell("cost", chance=0.6, project=project, number=c.pounds(20_000, 900_000))
            c.tell("inaugurate", after=c.later(200), chance=0.6, person=author, project=project)
    else:
        c.tell("reject", "so", after=c.later(), council=c.town.council, project=project, number=most, against=least)
        c.tell("feel", "so", person=author, feeling=c.some(BAD))
        c.tell("argue", chance=0.5, person=author, other=enemy, subject=Word("the vote", "投票结果"))


def ferry(c: Cast) -> None:
    """The ferry fails, people wait, another ship comes."""
    ship = c.town.ferry
    place, cause, mender = c.rng.choice(c.town.villages), c.some(lexicon.CAUSES), c.person()
    pilot = c.skilled("pilot", "sailor")
    other = c.some(tuple(name for name in lexicon.SHIPS if f"the {name.en}" != ship.en))
    second = Entity(f"the {other.en}", other.zh, "MISC", ship.noun)
    c.tell("captain_of", chance=0.4, person=pilot, ferry=ship)
    c.tell("break_down", ferry=ship, cause=cause, place=place)
    c.tell("strand", "so", number=c.rng.randrange(12, 240), place=place)
    c.tell("rescue", "but", chance=0.4, person=pilot, other=c.person(), org=ship)
    c.tell("cancel", "so", line=c.town.line, number=c.rng.randrange(3, 30))
    replaced = c.tell("replace_ship", after=c.later(), chance=0.6, ferry=ship, other=second)
    repaired = c.tell("repair", after=c.later(), chance=0.6, person=mender, part=Word("engine", "发动机"), org=ship)
    if repaired or not replaced:
        c.tell("resume", "so", after=c.later(), ferry=ship, place=place)


def theft(c: Cast) -> None:
    """Something is stolen; perhaps the police suspect the wrong one before they arrest the thief."""
    thing, place = c.thing(), c.place()
    owner, thief, finder, wrong = c.person(), c.person(), c.person(), c.person()
    c.tell("steal", other=thief, thing=thing, person=owner, place=place)
    c.tell("report_to", person=owner, police=c.town.police, thing=thing)
    c.tell("suspect", "so", chance=0.5, police=c.town.police, person=wrong)
    c.tell("find", "but", after=c.later(), person=finder, thing=thing, place=c.place())
    c.tell("arrest", "so", police=c.town.police, person=thief)
    c.tell("give_back", person=finder, thing=thing, other=owner)
    c.tell("reward", "so", chance=0.6, person=owner, other=finder, number=c.pounds(20, 400))


def lost(c: Cast) -> None:
    """Something is lost and comes back."""
    thing, place, owner, finder = c.thing(), c.place(), c.person(), c.person()
    c.tell("lose", person=owner, thing=thing, place=place)
    c.tell("feel", "so", chance=0.5, person=owner, feeling=c.some(BAD))
    c.tell("report_to", "so", chance=0.5, person=owner, police=c.town.police, thing=thing)
    c.tell("find", after=c.later(), person=finder, thing=thing, place=place)
    c.tell("give_back", "so", person=finder, thing=thing, other=owner)
    c.tell("thank", chance=0.4, person=owner, other=finder, chore=c.some(lexicon.CHORES))
    c.tell("invite", "so", chance=0.5, person=owner, other=finder, occasion=c.some(lexicon.OCCASIONS))


def match(c: Cast) -> None:
    """One club meets another."""
    club, other = c.rng.sample(c.town.teams, 2)
    coach, hero, absent = c.person(), c.person(), c.person()
    most = c.rng.randrange(2, 12)
    c.tell("train", chance=0.5, person=coach, club=club)
    c.tell("miss_match", chance=0.6, person=absent, cause=c.some(ABSENCES))
    c.tell("beat", "but", club=club, other=other, number=most, against=c.rng.randrange(most))
    c.tell("decide_match", chance=0.8, person=hero, club=club)
    c.tell("praise", "so", chance=0.5, person=coach, other=hero, occasion=Word("the last point", "最后一分"))
    c.tell("win_prize", chance=0.6, agent=club, prize=c.some(lexicon.PRIZES))
    c.tell("celebrate", "so", club=club, place=c.place())


def stage(c: Cast) -> None:
    """A play is put on."""
    club, org, play = c.troupe(), c.hall(), c.some(lexicon.PLAYS)
    star, second, teacher = c.person(), c.person(), c.person()
    c.tell("teach", chance=0.5, person=teacher, other=star, skill=c.some(lexicon.SKILLS))
    hurt = c.tell("hurt", chance=0.3, person=second, place=org)
    c.tell("perform", "but" if hurt else "then", club=club, play=play, org=org)
    c.tell("star", person=star, play=play)
    c.tell("audience", "also", number=c.rng.randrange(40, 700), play=play)
    c.tell("praise", chance=0.6, person=teacher, other=star, occasion=Word("the performance", "精彩的演出"))
    c.tell("win_prize", "so", chance=0.5, agent=star, prize=c.some(lexicon.PRIZES))


def fair(c: Cast) -> None:
    """An occasion is prepared, held or put off."""
    occasion, place, host, helper = c.some(lexicon.OCCASIONS), c.place(), c.person(), c.person()
    c.tell("invite", chance=0.6, person=host, other=helper, occasion=occasion)
    late = c.tell("postpone", "but", chance=0.4, occasion=occasion, cause=c.some(lexicon.CAUSES))
    c.tell("help", chance=0.7, person=helper, other=host, chore=c.some(lexicon.CHORES))
    c.tell("organise", after=c.rng.randrange(7, 40) if late else c.later(), person=host, occasion=occasion, place=place)
    c.tell("attend", "also", number=c.rng.randrange(20, 900), occasion=occasion)
    c.tell("exhibit", chance=0.4, person=c.person(), thing=c.thing(), org=c.hall())
    c.tell("collect", chance=0.6, person=host, number=c.pounds(100, 4_000), org=c.rng.choice(c.town.public))


def school(c: Cast) -> None:
    """Somebody leaves after many years and somebody from elsewhere follows."""
    old = c.elder([person for org in c.town.public for person in c.town.staff(org)])
    org = c.town.employer[old]
    new, pupil = c.person(c.town.outsiders(org)), c.person()
    c.tell("retire", person=old, org=org, years=c.career(old))
    c.tell("praise", chance=0.6, person=pupil, other=old, occasion=Word("so much patience", "耐心"))
    c.tell("teach", "because", chance=0.7, person=old, other=pupil, skill=c.some(lexicon.SKILLS))
    c.tell("succeed", person=new, other=old, org=org)
    c.tell("feel", "also", chance=0.5, person=new, feeling=c.some(lexicon.FEELINGS))
    c.tell("give", chance=0.5, person=pupil, thing=c.thing(), other=old)
    c.tell("move_house", after=c.later(), chance=0.5, person=old, place=c.place(c.town.home[old]))


def quarrel(c: Cast) -> None:
    """Two residents fall out and, perhaps, make peace."""
    one, two, third, thing = c.person(), c.person(), c.person(), c.thing()
    c.tell("lend", person=one, thing=thing, other=two)
    c.tell("lose", "but", after=c.later(), person=two, thing=thing, place=c.place())
    c.tell("argue", "so", person=one, other=two, subject=c.some(lexicon.SUBJECTS))
    c.tell("feel", chance=0.5, person=two, feeling=c.some(BAD))
    if c.tell("find", "but", after=c.later(), chance=0.7, person=third, thing=thing, place=c.place()):
        c.tell("give_back", "so", chance=0.8, person=third, thing=thing, other=one)
    c.tell("forgive", "so", chance=0.7, person=one, other=two)


def family(c: Cast) -> None:
    """A wedding, a house, a child."""
    (one, two), friend = c.couple(), c.person()
    c.tell("meet", person=one, other=two, place=c.place())
    c.tell("invite", after=c.later(), chance=0.6, person=two, other=one, occasion=c.some(lexicon.OCCASIONS))
    c.tell("wed", after=c.rng.randrange(60, 500), person=one, other=two, place=c.rng.choice(c.town.villages))
    c.tell("give", chance=0.6, person=friend, thing=c.thing(), other=one)
    c.tell("move_house", after=c.later(60), person=two, place=c.place(c.town.home[two]))
    c.tell("child_born", after=c.rng.randrange(200, 500), chance=0.6, person=one, other=two)
    c.tell("feel", "so", chance=0.7, person=friend, feeling=c.some(GOOD))


def illness(c: Cast) -> None:
    """Somebody is hurt; others help."""
    doctor, patient, friend, place = c.doctor(), c.person(), c.person(), c.place()
    c.tell("walk", chance=0.3, person=patient, place=place)
    c.tell("hurt", person=patient, place=place)
    c.tell("treat", "so", person=doctor, other=patient, org=c.hospital())
    c.tell("visit", after=c.later(), chance=0.7, person=friend, other=patient, place=c.town.home[patient])
    c.tell("help", "also", person=friend, other=patient, chore=c.some(lexicon.CHORES))
    c.tell("recover", after=c.rng.randrange(7, 50), chance=0.8, person=patient)
    c.tell("thank", "so", chance=0.7, person=patient, other=doctor, chore=c.some(lexicon.CHORES))


# The topic of each kind of story: a list of files of a newspaper.
STORIES: tuple[tuple[str, Callable[[Cast], None]], ...] = (
    ("business", business), ("business", orders), ("business", new_shop), ("accidents", fire), ("accidents", storm),
    ("council", council), ("transport", ferry), ("crime", theft), ("crime", lost), ("sport", match), ("culture", stage),
    ("culture", fair), ("education", school), ("family", quarrel), ("family", family), ("health", illness),
)  # fmt: skip
TOPICS = tuple(sorted({topic for topic, _ in STORIES}))


def draw_story(town: Town, rng: random.Random, topic: str | None = None) -> Story:
    """A story of the town, of any topic or of one."""
    found, plot = rng.choice([entry for entry in STORIES if topic in (None, entry[0])])
    cast = Cast(town, rng)
    plot(cast)
    return Story(found, tuple(cast.steps))
