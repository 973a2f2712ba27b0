"""The proper names of each split: no name stands in two of them, so that a model cannot know a test resident."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """The names that one world draws from."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    streets: tuple[str, ...]
    villages: tuple[str, ...]


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
    ),
}
