"""The proper names of each split: no name stands in two of them, so that a model cannot know a test resident."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """The names that one world draws from."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    villages: tuple[str, ...]
    # In Chinese: surnames, the second halves of women's and men's given names, and what places are called.
    surnames: str
    women: str
    men: str
    places: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES: dict[str, Names] = {
    "train": Names(
        first=_words("""
            Ivan Jason Vivian Olaf Sharon Joel Ruth Bruno Kate Elena Anna Rudolf Carol Bridget
            Douglas Emma Simon Clara Harry Ernest Robert Diana James Mario Sean Stephen Axel Maria
            Marcus Pierre Carmen Martha Simone Sarah Elizabeth Eleanor Cecil Theo Natalie Patrick
            Louise Evan Gavin Amelia Linda Ross Tina Harold Michelle Ingrid Victor Abigail Lisa
            Julian Frances Karen Arthur Nicole Michael Hannah Monica Helen Bernard Jenny Sophie
            Alfred Julia Adrian Hugo Ella Melissa Kathleen Vincent Gregory Rosa Judith Francis
            Stella Alice Lars Nils Charlotte Alex Gerald Edgar Amy Colin Sidney Graham Luis Molly
            Fred Leo Veronica Dennis Sven Matthew Roger Karl Aaron Audrey Peter Ryan Paula Felix
            Diane Chris Teresa Irene Claire Agnes Donna Alan Otto Marion Marie Pamela Gary Steven
            Leah Sylvia Oscar Rachel Duncan Byron Elliot Stanley Lloyd Heather Kurt Helena Leonard
            Nora David Kevin Charlie Jessica Russell Debra Martin Erik Edith Andrew Neil Raymond
            Nicholas John Wendy Tom Stuart Evelyn Philip Oliver Eva Olivia Rupert Frank Hans Beth
            Eric Mona Dominic Yvonne Betty Howard Jacob Reginald Naomi Eliza Lillian Keith Angela
            Edward Henry
        """),
        last=_words("""
            Fletcher Palmer Evans Foster Dixon Phillips Hamilton Johnson Perry Barker Hawkins Wilson
            Austin Robinson Taylor Wright Burns Williams Crawford Freeman Rogers Price Watson Brooks
            Ellis Simpson Holmes Gray Hughes Davies Reynolds Butler Smith Clark Kelly Gibson Morgan
            Hudson Dunn Clarke Parker
        """),
        streets=_words("""
            Bishop Summer Priory Cathedral Temple Silver Cedar Nelson Castle Ash Gold Copper Bell
            Palace Queen Lake Cooper Abbey Iron Mill Spring River Crown Trinity Canal Wellington Elm
            School Potter Albert Chapel
        """),
        villages=_words("""
            Denton Linden Morton Lincoln Rochester Ripley Windsor Hartford Richmond York Exeter
            Warwick Clifton Durham Bristol Chester Norwood Preston Eaton Oxford Bedford Weston
            Newton Colton Derby Plymouth
        """),
        surnames="王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗",
        women="芳娟敏静丽秀玲燕红霞兰梅萍雪慧婷琴莉颖薇",
        men="伟强磊军洋勇杰涛明超刚平辉鹏华飞斌波龙宇",
        places=_words("""
            青石 白沙 云溪 长安 永宁 柳林 东湖 金山 梅园 松江 清河 石桥 南山 福安 桃源 竹溪 双龙 望海 新丰 大同 古城
            平阳 龙泉 凤凰 沙田 花桥 临江 北辰 玉泉 安康 太平 宝塔 河口 官渡 兴隆 广济 文昌 三元 和平 建设 解放 人民
            中山 光明 前进
        """),
    ),
    "validation": Names(
        first=_words("""
            Olga Lucia Mabel Roy Jose Bobby Joseph Brian Sheila Walter Vera Norman Harriet Nina Jack
            Lena Elsa Gordon Anton Ellen Carl Nancy Noah George Hazel Tony Mary Lydia Louis Emily
            Sam Carolyn
        """),
        last=_words("""
            Henderson Lawrence Ford Curtis Bennett Reid Stevens Hall Marshall Shaw Murray Powell
            Pearson Cole Thompson Murphy
        """),
        streets=_words("""
            Tanner Gate Harbor Oak Mason Orchard Wall Willow Garden Park
        """),
        villages=_words("""
            Leeds Cambridge Ashton Easton Milton Hampton Stafford Stratford Burton
        """),
        surnames="郑梁谢宋唐韩",
        women="洁琳倩珍瑶菊",
        men="浩峰凯健旭毅",
        places=_words("""
            红枫 西岭 碧水 天宁 万寿 朝阳 枣园 铁岭 银滩 翠屏 乐善 学府 仁和 静海 莲花
        """),
    ),
    "test": Names(
        first=_words("""
            Polly Toby Barry Owen Jane Jerry Susan Esther Tessa Rebecca Sebastian Catherine Annie
            Miriam Joanna Leon Daniel Greta Lewis Maurice Warren Zoe Janet Laura Ian Paul Samuel
            Gilbert Joan Hugh Tess Eugene Ada Dorothy Lucy Ralph Max Isabella Clive Anita Luke Adam
            Thomas Trevor Margaret Fiona Sandra Nathan
        """),
        last=_words("""
            Miller Fisher Jackson Walker Jones Porter Turner Webb Harvey Griffin Mitchell Barnes
            Harris Moore Chapman Collins Hayes Roberts Gardner Bailey Morris Mills Carter Allen
        """),
        streets=_words("""
            Tower Forest Station High Fountain Anchor Winter Pine Baker Church Meadow Bridge Market
            Maple
        """),
        villages=_words("""
            Dalton Norton Lancaster Kingston Hastings Sutton Walton Dover Ashby Newport Hilton
            Carlisle
        """),
        surnames="冯邓曹彭曾萧许沈",
        women="欣怡岚蓉菲黛妍楠",
        men="志坤亮锋诚博森睿",
        places=_words("""
            雁荡 春晖 晴川 麒麟 海棠 胜利 丰收 千岛 云台 延庆 明珠 栖霞 鹿鸣 秋水 月湖 槐树 泰和 景阳 瑞金 苍梧
        """),
    ),
}

# Which first names are women's: the others are men's.
WOMEN = frozenset(
    _words("""
        Vivian Sharon Ruth Kate Elena Anna Carol Bridget Emma Clara Diana Maria Carmen Martha Simone Sarah Elizabeth
        Eleanor Natalie Louise Amelia Linda Tina Michelle Ingrid Abigail Lisa Frances Karen Nicole Hannah Monica Helen
        Jenny Sophie Julia Ella Melissa Kathleen Rosa Judith Stella Alice Charlotte Amy Molly Veronica Audrey Paula
        Diane Teresa Irene Claire Agnes Donna Marion Marie Pamela Leah Sylvia Rachel Heather Helena Nora Jessica Debra
        Edith Wendy Evelyn Eva Olivia Beth Mona Yvonne Betty Naomi Eliza Lillian Angela Olga Lucia Mabel Sheila Vera
        Harriet Nina Lena Elsa Ellen Nancy Hazel Mary Lydia Emily Carolyn Polly Jane Susan Esther Tessa Rebecca
        Catherine Annie Miriam Joanna Greta Zoe Janet Laura Joan Tess Ada Dorothy Lucy Isabella Anita Margaret Fiona
        Sandra
    """)
)
