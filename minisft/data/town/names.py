"""Proper names in two languages: built from parts, and each belongs to one split."""

import itertools
import zlib
from dataclasses import dataclass

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Names:
    """The names that the towns of one split draw from. First names are everybody's; full names are not."""

    first: list[str]
    last: list[str]
    streets: list[str]  # without "Street"
    villages: list[str]
    surnames: list[str]
    women: list[str]  # Chinese given names
    men: list[str]
    places: list[str]  # Chinese names of villages and streets, without 村 and 街
    firms: list[str]  # Chinese names of firms, without the trade


def split_of(name: str) -> str:
    """The split that a name belongs to: seven of ten to train, one to validation, two to test."""
    return ("validation", "test", "test", *["train"] * 7)[zlib.crc32(name.encode()) % 10]


def _own(split: str, names: list[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if split_of(name) == split]


def _words(text: str) -> list[str]:
    return text.split()


def _join(heads: str, tails: str) -> list[str]:
    """Every head with every tail, without three equal letters in a row."""
    return [head + tail for head, tail in itertools.product(heads.split(), tails.split()) if head[-2:] != tail[:1] * 2]


# Which first names are women's: the others are men's.
WOMEN = frozenset(
    _words("""
        Vivian Sharon Ruth Kate Elena Anna Carol Bridget Emma Clara Diana Maria Carmen Martha Simone Sarah
        Elizabeth Eleanor Natalie Louise Amelia Linda Tina Michelle Ingrid Abigail Lisa Frances Karen Nicole
        Hannah Monica Helen Jenny Sophie Julia Ella Melissa Kathleen Rosa Judith Stella Alice Charlotte Amy
        Molly Veronica Audrey Paula Diane Teresa Irene Claire Agnes Donna Marion Marie Pamela Leah Sylvia Rachel
        Heather Helena Nora Jessica Debra Edith Wendy Evelyn Eva Olivia Beth Mona Yvonne Betty Naomi Eliza
        Lillian Angela Olga Lucia Mabel Sheila Vera Harriet Nina Lena Elsa Ellen Nancy Hazel Mary Lydia Emily
        Carolyn Polly Jane Susan Esther Tessa Rebecca Catherine Annie Miriam Joanna Greta Zoe Janet Laura Joan
        Tess Ada Dorothy Lucy Isabella Anita Margaret Fiona
    """)
)
MEN = frozenset(
    _words("""
        Adam Alan Albert Alex Alfred Andrew Anton Arthur Benjamin Bernard Bobby Brian Bruno Carl Cecil Charles
        Chris Colin Daniel David Dennis Douglas Edgar Edward Eric Ernest Felix Francis Frank Frederick Gavin
        George Gerald Gordon Graham Gregory Harold Henry Howard Hugh Ian Isaac Ivan Jack Jacob James Jerome Joel
        John Jonas Joseph Karl Keith Kevin Lawrence Leo Leonard Lewis Louis Luke Malcolm Marcus Mark Martin
        Matthew Michael Nathan Neil Nicholas Noah Norman Oliver Oscar Patrick Paul Peter Philip Ralph Raymond
        Reginald Richard Robert Roger Roland Ronald Roy Rupert Samuel Scott Sidney Simon Stanley Stephen Stuart
        Theo Thomas Timothy Tobias Tom Tony Trevor Victor Vincent Walter Warren Wilfred William
    """)
)
HEADS = """
    Ash Aldi Bar Beck Birch Black Brad Bram Brook Burn Car Chad Cher Clay Cole Cran Crow Dan Dray Dun East Elm Fair Fern
    Gar Glen Gran Hal Har Hart Haw Hazel Hol Horn Kirk Lang Law Lin Long Mar Mel Mill Mor Nor Oak Ol Pem Pres Red Rock
    Row Rush Sand Shel Sher Stan Stone Strat Sut Thorn Wal War Wake West Whit Wil Win Wood
"""
LAST = "ley man well ridge field worth croft ley wood more shaw cott bury er land smith gate lock bourne by"
VILLAGES = "ton ham ford mouth stead combe wick hurst den thorpe holme minster"
STREETS = "hill moor brook mead lea stone bank grove market bridge cross acre"
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石"
)
WOMEN_ZH = "芳 娟 敏 静 丽 秀 玲 燕 红 霞 兰 梅 萍 雪 慧 婷 琴 莉 颖 薇 欣 怡 岚 蓉 菲 黛 妍 楠 云 月 珍 佳 晓 春"
MEN_ZH = "伟 强 磊 军 洋 勇 杰 涛 明 超 刚 平 辉 鹏 华 飞 斌 波 龙 宇 志 坤 亮 锋 诚 博 森 睿 国 文 建 德 立 永"
PLACE_HEADS = (
    "青 白 云 长 永 柳 东 金 梅 松 清 石 竹 龙 凤 新 安 平 丰 玉 桃 双 花 临 北 太 宝 广 兴 南 西 红 春 秋 银 古 高 碧"
)
PLACE_TAILS = "沙 溪 宁 林 湖 山 园 江 河 桥 泉 阳 田 岭 塘 湾 城 源 坪 港 岩 洲 台 原"
FIRM_HEADS = "恒 永 广 福 隆 丰 泰 瑞 宏 德 和"
FIRM_TAILS = "盛 源 昌 兴 达 记 利 顺 发 祥"


def _names(split: str) -> Names:
    return Names(
        first=sorted(WOMEN | MEN),
        last=_own(split, _join(HEADS, LAST)),
        streets=_own(split, _join(HEADS, STREETS)),
        villages=_own(split, _join(HEADS, VILLAGES)),
        surnames=list(SURNAMES),
        women=_own(split, _join(WOMEN_ZH, WOMEN_ZH)),
        men=_own(split, _join(MEN_ZH, MEN_ZH)),
        places=_own(split, _join(PLACE_HEADS, PLACE_TAILS)),
        firms=_own(split, _join(FIRM_HEADS, FIRM_TAILS)),
    )


NAMES = {split: _names(split) for split in SPLITS}
