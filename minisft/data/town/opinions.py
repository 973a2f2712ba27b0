"""What people think of things: aspects, grades with their strength, and ways to say a judgement."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from minisft.data.town.lexicon import Word, words
from minisft.data.town.population import Person, fact
from minisft.data.town.speech import Speech

STRONGEST = 5.0


@dataclass(frozen=True)
class Grade:
    """A word of praise or blame; strength from -3 to 3."""

    word: Word
    strength: int


def grades(text: str) -> tuple[Grade, ...]:
    """The grades of a list `english=chinese strength, ...`."""
    found = []
    for entry in " ".join(text.split()).split(", "):
        pair, _, strength = entry.rpartition(" ")
        found.append(Grade(words(pair)[0], int(strength)))
    return tuple(found)


ANY = grades("""
    good=好 2, excellent=出色 3, splendid=棒 3, decent=像样 1, pleasant=令人愉快 2, bad=差 -2, terrible=糟糕 -3,
    poor=差劲 -2, disappointing=令人失望 -2, dreadful=恶劣 -3, mediocre=平庸 -1
""")
GRADES = {
    "people": grades("""
        friendly=友好 2, helpful=热心 2, attentive=周到 2, polite=礼貌 2, charming=迷人 3, rude=粗鲁 -3, slow=慢 -2,
        careless=马虎 -2, cold=冷淡 -2, arrogant=傲慢 -3
    """),
    "food": grades("""
        delicious=美味 3, tasty=可口 2, fresh=新鲜 2, fragrant=香 2, bland=寡淡 -2, salty=咸 -1, greasy=油腻 -2,
        inedible=倒胃口 -3, bitter=苦 -1
    """),
    "drink": grades("""
        delicious=美味 3, tasty=可口 2, fragrant=香 2, refreshing=爽口 2, weak=寡淡 -2, sour=酸 -1, bitter=苦 -1,
        undrinkable=难喝 -3
    """),
    "place": grades("""
        clean=干净 2, cosy=温馨 2, comfortable=舒适 2, bright=明亮 1, spacious=宽敞 2, dirty=脏 -3, noisy=吵 -2,
        damp=潮湿 -2, cramped=狭小 -2, dark=昏暗 -1, stuffy=闷 -2
    """),
    "price": grades("""
        fair=公道 2, reasonable=合理 2, low=低 2, high=高 -2, outrageous=离谱 -3, steep=贵 -2
    """),
    "show": grades("""
        gripping=扣人心弦 3, moving=感人 2, funny=有趣 2, brilliant=精彩 3, dull=沉闷 -2, tedious=冗长 -2,
        clumsy=笨拙 -2, confused=混乱 -1, ridiculous=荒唐 -3, graceful=优美 2
    """),
    "duty": grades("""
        quick=迅速 2, reliable=可靠 2, clear=清楚 2, thorough=细致 2, slow=慢 -2, chaotic=混乱 -2, useless=敷衍 -3,
        puzzling=难懂 -1, biased=偏心 -2
    """),
}
ASPECTS = {
    "host": {
        "people": words("service=服务, waiter=服务员, welcome=接待, cook=厨师, landlady=老板娘"),
        "food": words("soup=汤, breakfast=早餐, dessert=甜点, fish=鱼, salad=沙拉, roast=烤肉"),
        "drink": words("coffee=咖啡, wine=葡萄酒, tea=茶"),
        "place": words(
            "room=房间, bathroom=浴室, terrace=露台, dining room=餐厅, garden=花园, hallway=走廊, lobby=大堂"
        ),
        "price": words("price=价格, bill=账单"),
        "any": words("view=景色, menu=菜单, music=音乐, location=位置"),
    },
    "play": {
        "show": words(
            "plot=剧情, acting=表演, ending=结局, first act=第一幕, choir=合唱, dialogue=对白, last scene=最后一场"
        ),
        "people": words("leading actor=主演, usher=领座员"),
        "place": words("hall=大厅, balcony=楼座, foyer=前厅"),
        "price": words("ticket price=票价"),
        "any": words("stage set=布景, lighting=灯光, costume design=服装, sound=音响, programme=节目单"),
    },
    "desk": {
        "duty": words(
            "hotline=热线, website=网站, answer=答复, form=表格, timetable=时刻表, rubbish collection=垃圾清运, "
            "repair=维修, letter=通知, bus line=公交线路"
        ),
        "people": words("clerk=办事员, driver=司机, crew=船员, caretaker=管理员"),
        "place": words("waiting room=等候室, office=办公室, ferry cabin=船舱, registry=登记处, reading room=阅览室"),
        "price": words("fee=费用, fare=票价"),
        "any": words("help=帮助, advice=咨询, planning=安排"),
    },
}
LODGING = ("room", "bathroom", "hallway", "breakfast")  # what a house has where one can stay overnight
PRONOUNS = dict.fromkeys(("waiter", "cook", "leading actor", "usher", "clerk", "driver", "caretaker"), "he")
PRONOUNS |= {"landlady": "she"}
WEAK = words("a little=有点, somewhat=略微")  # said of what is bad
ADVERBS = {
    **dict.fromkeys(WEAK, 0.5), **dict.fromkeys(words("really=真的很, quite=相当"), 1.0),
    **dict.fromkeys(words("very=非常, remarkably=特别"), 1.3),
    **dict.fromkeys(words("extremely=异常, exceptionally=无比"), 1.6),
}  # fmt: skip
EXTREME = {
    "excellent", "splendid", "terrible", "dreadful", "delicious", "inedible", "undrinkable", "outrageous", "brilliant",
}  # fmt: skip
GRADUAL = ("a little", "somewhat", "very", "extremely")  # not said of what is extreme already
# How much of a grade is left in each way of saying it, if it is praise, and if it is blame.
WAYS = {"plain": (1, 1), "adverb": (1, 1), "not": (-0.6, -0.4), "turn": (1.2, 1.2), "wish": (-0.5, -0.5)}


@dataclass(frozen=True)
class Opinion:
    """A judgement in words, and its value from -5 (blame) to 5 (praise); 0 is none."""

    text: str
    value: float


def pick_aspects(target: str, count: int, rng: random.Random, but: tuple[str, ...] = ()) -> list[tuple[str, Word]]:
    """Different aspects of a host, a play or the help desk, none of some, each with the group of its grades."""
    every = [(group, one) for group, listing in ASPECTS[target].items() for one in listing if one.en not in but]
    return rng.sample(every, count)


def judge(
    speech: Speech, group: str, aspect: Word, sign: int, person: Person, me: Person, rng: random.Random
) -> Opinion:
    """An opinion whose value has a sign: 1 praise, -1 blame, 0 none. `person` is somebody who may be quoted."""
    roles: dict[str, object] = {"aspect": aspect, "it": PRONOUNS.get(aspect.en, "it"), "person": person, "me": me}
    if sign == 0:
        return Opinion(speech.clause(fact("neutral", 0, **roles)), 0.0)
    way = rng.choice(("plain", "adverb", "adverb", "not", "not", "turn", "turn", "wish" if sign < 0 else "not"))
    listing = GRADES.get(group, ()) + (ANY if group in ("any", "show") or rng.random() < 0.3 else ())
    share = WAYS[way][0]
    wanted = sign if share > 0 else -sign
    grade = rng.choice([grade for grade in listing if grade.strength * wanted > 0])
    value = grade.strength * WAYS[way][grade.strength < 0]
    roles["grade"] = grade.word
    if way == "adverb":
        adverbs = [word for word in ADVERBS if grade.strength < 0 or word not in WEAK]
        adverb = rng.choice([a for a in adverbs if not (grade.word.en in EXTREME and a.en in GRADUAL)])
        roles["adverb"], value = adverb, value * ADVERBS[adverb]
    if way == "turn":
        roles["other"] = rng.choice([other for other in listing if other.strength * grade.strength < 0]).word
    return Opinion(speech.clause(fact(way, 0, **roles)), max(-STRONGEST, min(STRONGEST, value)))


def sentences_of(opinions: Iterable[Opinion], speech: Speech, joined: float) -> list[str]:
    """Judgements as sentences; a share is joined to the one before, by but where the two have opposite signs."""
    told, text, before = [], "", 0.0
    for opinion in opinions:
        rest = opinion.text
        if text and speech.rng.random() < joined:
            link = "but" if before * opinion.value < 0 else "also"
            text, rest = speech.join(text, link, rest, "", bare=False)
        if text and rest:
            told.append(speech.sentence(text))
        text, before = rest or text, opinion.value
    return [*told, speech.sentence(text)]
