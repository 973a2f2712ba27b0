"""How facts are said in Chinese: aspect and negation, pronouns, dates and how clauses join."""

import datetime

from minisft.data.town.english import FIRST_DAY
from minisft.data.town.frames import NEGATION, Slot, Verb
from minisft.data.town.lexicon import FIRMS, HOSTS, MEASURES, Thing, Word
from minisft.data.town.population import Entity, Fact, Person
from minisft.data.town.speech import TITLES, Speech

TRADING = (*FIRMS, *HOSTS)
WEEKDAYS = "一二三四五六日"


class Chinese(Speech):
    """Sentences in Chinese."""

    language = "zh"

    def render(self, parts: list[str | Slot | Verb], fact: Fact, negated: bool, tense: str, form: str) -> str:
        """The parts of a frame in words."""
        no = ("不" if tense in ("present", "future") else "没有") if negated else ""
        before = no + ("将" if tense == "future" else "")
        ends = _subject_ends(parts) if _has_verb(parts) else -1
        denies = no and not _has_verb(parts) and NEGATION not in parts
        said, subject = [], form == "finite"
        for number, part in enumerate(parts):
            if before and number == ends and NEGATION not in parts:
                said.append(before)
                before = ""
            if part == NEGATION:
                said.append(before)
                before = ""
            elif part == "件":  # stands for the measure word of what is counted
                said.append(MEASURES.get(fact.roles["goods"].zh, "箱"))
            elif isinstance(part, str):
                # Phrases without a marked verb (是, 在) are negated where the subject ends.
                said.append(self._deny(part) if denies and number else part.lstrip())
            elif isinstance(part, Verb):
                done = "了" if not negated and tense == "past" else ""
                said.append(before + part.lemma.replace("~", done))
                before = ""
            elif subject or number:
                said.append(self.name(fact.roles[part.role], part, number == 0))
            else:
                self.memory.current.append(fact.roles[part.role])
            if number == 0 and isinstance(part, Slot) and isinstance(fact.roles[part.role], Entity):
                self.memory.topic = fact.roles[part.role]
        return "".join(said)

    def _deny(self, text: str) -> str:
        for verb in ("是", "在", "有", "很", "位于", "住在", "来自", "归", "由", "以"):
            if text.startswith(verb):
                return ("没" if verb == "有" else "不") + text
        return text

    def name(self, value: object, slot: Slot, subject: bool = False) -> str:
        """A value in words: a name, a pronoun, a noun, a number."""
        role, tail = slot.role, "的" if slot.possessive else ""
        if isinstance(value, Person):
            return self._person(value, role, subject) + tail
        if isinstance(value, Entity):
            return self._entity(value, role) + tail
        if isinstance(value, Word):
            if role == "thing" and not self.plain and self.memory.alone(value) and self.rng.random() < 0.3:
                return self.mark("它", value, role)
            short = (
                isinstance(value, Thing) and value in self.memory.known and not self.plain and self.rng.random() < 0.5
            )
            return self.mark(value.noun.zh if short else value.zh, value, role, "MISC" if role in TITLES else "")
        return self.mark(str(value), value, role)

    def _person(self, person: Person, role: str, subject: bool) -> str:
        if person is self.narrator and role != "name":
            return self.mark("我", person, role)
        if not self.plain and role != "speaker" and self.memory.alone(person, subject) and self.rng.random() < 0.7:
            return self.mark("她" if person.woman else "他", person, role)
        known = person in self.memory.known
        name = self.mark(person.zh, person, role, "PER")
        if self.plain or self.informal or known or self.says_job() or self.rng.random() < 0.6:
            return name
        self.memory.trades.add(person)
        return person.noun.zh + name

    def _entity(self, entity: Entity, role: str) -> str:
        if entity in self.memory.known and not self.plain and entity.tag == "ORG" and self.rng.random() < 0.3:
            others = [v for v in self.memory.known if isinstance(v, Entity) and v is not entity]
            if all(v.noun.zh != entity.noun.zh for v in others) and (entity.noun in TRADING or not self.narrator):
                return self.mark(("这家" if entity.noun in TRADING else "该") + entity.noun.zh, entity, role)
        text = self.nested(entity, entity.zh, entity.inside.zh) if entity.inside else entity.zh
        return self.mark(text, entity, role, entity.tag)

    def date(self, day: int, now: int | None = None) -> str:
        """When something was, seen from the day of the text."""
        date, gap = FIRST_DAY + datetime.timedelta(day), None if now is None else now - day
        if gap is not None and 0 <= gap < 2 and self.narrator:
            return ("今天", "昨天")[gap]
        if gap is not None and 0 <= gap < 7:
            return f"星期{WEEKDAYS[date.weekday()]}"
        if gap is not None and 7 <= gap < 14:
            return "上星期"
        if self.rng.random() < 0.5:
            return (f"{date.year}年" if self.rng.random() < 0.6 else "") + f"{date.month}月{date.day}日"
        return f"{date.year}年{date.month}月"

    def calendar(self, day: int) -> str:
        """A day by its name."""
        date = FIRST_DAY + datetime.timedelta(day)
        return f"星期{WEEKDAYS[date.weekday()]}" if self.rng.random() < 0.4 else f"{date.month}月{date.day}日"

    def gap(self, days: int) -> str:
        """How long after the thing before."""
        if days == 0:
            return self.rng.choice(("当天晚些时候", "不久后", "当晚", "几小时后", "一小时后"))
        if days == 1:
            return self.rng.choice(("第二天", "一天后", "次日"))
        if days >= 350:
            number, unit = max(1, days // 365), "年"
        else:
            number, unit = (days, "天") if days < 7 else (days // 7, "周") if days < 60 else (days // 30, "个月")
        return ("一" if number == 1 else "两" if number == 2 else str(number)) + unit + "后"

    def join(self, before: str, link: str, clause: str, when: str, bare: bool) -> tuple[str, str]:
        """Two clauses in a row: the first, ready or still open, and the rest ("" where one sentence holds both).

        Only a `bare` first clause, one that begins with its subject, can follow a conjunction.
        """
        ways = {
            "so": (
                (f"{before}，所以{when}{clause}", ""), (before, f"因此，{clause}"), (before, f"结果{clause}"),
                (f"{before}，于是{when}{clause}", ""),
                *([(f"因为{before}，所以{clause}", ""), (f"由于{before}，{when}{clause}", "")] * bare),
            ),
            "but": (
                (f"{before}，但是{when}{clause}", ""), (before, f"不过，{when}{clause}"),
                (f"{before}，可是{when}{clause}", ""), (before, f"然而{clause}"),
                *([(f"虽然{before}，但是{clause}", ""), (f"尽管{before}，但{when}{clause}", "")] * bare),
            ),
            "because": (
                (f"{before}，{'原来' if '因为' in before else '因为'}{clause}", ""), (f"{before}，原因是{clause}", ""),
            ),
            "also": (
                (f"{before}，{clause}", ""), (f"{before}，而且{clause}", ""),
                (before, f"{when}，{clause}" if when else f"同时，{clause}"),
                (f"{before}；{clause}", ""), (before, f"{when}，{clause}" if when else f"此外，{clause}"),
            ),
            "besides": ((f"{before}，{clause}", ""), (before, clause), (before, clause), (f"{before}；{clause}", "")),
            "then": (
                (f"{before}，{when}{clause}", ""), (before, f"{when}，{clause}" if when else clause),
                (f"{before}，接着{clause}" if not when else f"{before}，{when}，{clause}", ""),
                (before, f"{when or self.rng.choice(('随后', '接着', ''))}{clause}"), (before, clause),
                *([(f"{before}之后，{clause}", "")] * bare),
            ),
        }  # fmt: skip
        return self.rng.choice(ways[link])

    def same_subject(self, before: str, clause: str, link: str) -> str:
        """A clause without its subject after another with the same one."""
        return f"{before}，{'但是' if link == 'but' else self.rng.choice(('并', '还', '又', ''))}{clause}"

    def who(self, name: str, clause: str, person: Person) -> str:
        """A name with a clause about it, ready for the verb."""
        if clause.startswith("是"):
            return clause[1:] + ("、" if person.noun.zh in name else "") + name
        return f"{clause}的{name}"

    def sentence(self, text: str) -> str:
        """With a full stop."""
        return text.rstrip("，") + ("" if text.rstrip("\ue001”").endswith(("。", "？", "！")) else "。")


def _has_verb(parts: list[str | Slot | Verb]) -> bool:
    return any(isinstance(part, Verb) for part in parts)


def _subject_ends(parts: list[str | Slot | Verb]) -> int:
    """Where 没有 and 将 stand: after the first name and what 的, 和 and 与 join to it; -1 if a name is not first."""
    if not isinstance(parts[0], Slot):
        return -1
    number = 1
    while number < len(parts) and isinstance(parts[number], str) and parts[number] in ("的", "和", "与"):
        number += 2
    return number
