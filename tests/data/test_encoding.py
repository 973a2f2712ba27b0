"""Words to pieces and back: tags keep to their words, answers to their characters."""

import random

import pytest
import torch
from transformers import AutoTokenizer

from minisft.data import Batches, Declaration, make_batches
from minisft.data.encoding import encode, windows
from minisft.ops import IGNORED
from minisft.text import Tokenizer, WordPiece

TAGS = ["O", "B-person", "I-person", "B-place", "I-place"]
TAGGING = Declaration("tags", ("tokens",), ("ner_tags",), TAGS, "")
NESTED = Declaration("tags", ("tokens",), ("ner_tags", "nested_ner_tags"), TAGS, "")
ASKING = Declaration("span", ("question", "context"), ("answers",), ["start", "end"], "")
LABELLING = Declaration("labels", ("text",), ("labels",), ["joy", "fear", "anger"], "")
WORDS = ["Mrs.", "Abernathy-Quill", "sailed", "to", "Nørresundby", "\u200b", "北京", "."]
NUMBERS = [1, 2, 0, 0, 3, 4, 3, 0]


@pytest.fixture(scope="module")
def tokenizer(minilm) -> Tokenizer:
    return Tokenizer.from_folder(minilm)


def test_the_first_piece_of_a_word_has_its_tag(tokenizer) -> None:
    encoded = encode(TAGGING, [{"tokens": WORDS, "ner_tags": NUMBERS}], tokenizer, 64)
    by_hand = WordPiece(tokenizer.vocabulary)
    pieces = [by_hand.ids(word) for word in WORDS]
    assert encoded.encodings.input_ids == [[tokenizer.cls_id, *(i for p in pieces for i in p), tokenizer.sep_id]]
    expected = [IGNORED]
    for number, ids in zip(NUMBERS, pieces, strict=True):
        expected += [number, *[IGNORED] * (len(ids) - 1)] if ids else []
    assert encoded.labels == [[[*expected, IGNORED]]]
    assert pieces[5] == []  # a word of nothing but a control character has no piece, and shifts no other's tag
    assert encoded.places[0][5] is None
    assert encoded.places[0][:2] == [1, 1 + len(pieces[0])]


def test_a_sentence_that_is_cut_keeps_all_its_gold(tokenizer) -> None:
    row = {"tokens": WORDS, "ner_tags": NUMBERS, "nested_ner_tags": NUMBERS[::-1]}
    encoded = encode(NESTED, [row], tokenizer, 8)
    assert encoded.encodings.truncated == 1
    assert len(encoded.encodings.input_ids[0]) == 8 == len(encoded.labels[0][0])
    assert make_batches(NESTED, [row], tokenizer, 1, 8).gold == [[NUMBERS, NUMBERS[::-1]]]
    assert encoded.places[0][-1] is None
    assert [tag for tag in encoded.labels[0][1] if tag != IGNORED] == NUMBERS[::-1][: 8 - encoded.places[0].count(None)]


def test_tags_of_unlike_length_are_padded_with_what_does_not_count(tokenizer) -> None:
    rows = [{"tokens": WORDS[:n], "ner_tags": NUMBERS[:n], "nested_ner_tags": NUMBERS[:n]} for n in (2, 5)]
    batches = make_batches(NESTED, rows, tokenizer, 2, 64)
    batch = batches.collate([0, 1])
    assert batch.labels.shape == (2, 2, batch.input_ids.shape[1])
    assert (batch.labels[0, :, batch.attention_mask[0].sum() :] == IGNORED).all()
    assert (batch.labels[0] == 0).sum() == 0  # the filler is -100 and not 0, which is O


def test_sets_of_labels_are_zeros_and_ones(tokenizer) -> None:
    rows = [{"text": "a", "labels": [2, 0]}, {"text": "b", "labels": []}]
    batches: Batches = make_batches(LABELLING, rows, tokenizer, 2, 16)
    assert torch.equal(batches.collate([0, 1]).labels, torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    assert batches.gold == [[2, 0], []]


def question(context: str, answer: str | None, asked: str, start: int | None = None) -> dict:
    """A row as SQuAD has it."""
    found = context.index(answer) if answer and start is None else start
    answers = {"text": [answer], "answer_start": [found]} if answer else {"text": [], "answer_start": []}
    return {"question": asked, "context": context, "answers": answers}


def text_of(encoded, row: int) -> str:
    """The text between the labelled pieces of an encoded row, in the original's characters."""
    (start, end), window = encoded.labels[row], encoded.places[row]
    return window.context[window.spans[start - window.first][0] : window.spans[end - window.first][1]]


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        ("The Café  Ångström opened in 1987, near the quay.", "Café  Ångström"),
        ("The fee is $4.50 (not $5).", "$4.50"),
        ("渡轮于周五从北港出发，票价为12元。", "北港"),
        ("A lone \ud83d stood before the word ferry here.", "ferry"),  # half a surrogate pair shifts nothing
        ("unaffableness", "unaffableness"),
        ("The cafe\u0301 opened.", "cafe\u0301"),  # an accent that is a character of its own
        ("वह नमस्ते बोला", "नमस्ते"),
    ],
)
def test_an_answer_is_found_again_in_the_original_text(tokenizer, context, answer) -> None:
    # The answer stands in the question too: it is marked in the context.
    encoded = encode(ASKING, [question(context, answer, f"What about {answer}?")], tokenizer, 64)
    assert text_of(encoded, 0) == answer
    start, end = encoded.labels[0]
    assert encoded.encodings.token_type_ids[0][start] == encoded.encodings.token_type_ids[0][end] == 1


def test_of_several_places_the_one_that_is_meant(tokenizer) -> None:
    context = "Ann met Bob. Later Bob met Ann."
    encoded = encode(ASKING, [question(context, "Bob", "Who met Ann?", start=19)], tokenizer, 64)
    window = encoded.places[0]
    assert window.spans[encoded.labels[0][0] - window.first] == (19, 22)


def test_long_contexts_come_in_windows_as_in_hugging_face(tokenizer, minilm) -> None:
    draw = random.Random(0)
    words = [draw.choice(["ferry", "harbour", "Nørresundby", "council", "unaffable"]) for _ in range(150)]
    context = " ".join([*words, "unaffable", "."])
    asked = "Where does it end?"
    encoded = encode(ASKING, [question(context, "unaffable .", asked, len(context) - 11)], tokenizer, 64)
    room = 64 - 3 - len(tokenizer.ids(asked))
    theirs = AutoTokenizer.from_pretrained(minilm)(
        asked, context, truncation="only_second", max_length=64, stride=room - room // 2,
        return_overflowing_tokens=True, return_offsets_mapping=True,
    )  # fmt: skip
    assert encoded.encodings.input_ids == theirs["input_ids"]
    assert encoded.encodings.token_type_ids == theirs["token_type_ids"]
    for window, offsets in zip(encoded.places, theirs["offset_mapping"], strict=True):
        assert window.spans == offsets[window.first : -1]
    # Only the windows that hold the whole answer are told where it is; the others say [CLS].
    assert encoded.labels[0] == [0, 0]
    assert text_of(encoded, -1) == "unaffable ."


def test_windows_cover_everything_and_end() -> None:
    for length in range(40):
        for room in (1, 2, 5, 16):
            found = windows(length, room)
            assert {place for start, end in found for place in range(start, end)} == set(range(length))
            assert all(end - start <= room for start, end in found)
            assert len(found) == 1 or found[-2][1] < length


def test_an_answer_across_the_border_of_two_windows_is_whole_in_one(tokenizer) -> None:
    context = " ".join(f"w{number}" for number in range(40))
    encoded = encode(ASKING, [question(context, "w17 w18", "Which?")], tokenizer, 40)
    whole = [row for row, label in enumerate(encoded.labels) if label != [0, 0]]
    assert whole
    assert {text_of(encoded, row) for row in whole} == {"w17 w18"}


def test_an_answer_wherever_it_stands_is_whole_in_each_window_that_has_it(tokenizer) -> None:
    words = [f"w{number}" for number in range(40)]
    for word in words:
        encoded = encode(ASKING, [question(" ".join(words), word, "Which?")], tokenizer, 40)
        assert {text_of(encoded, row) for row, label in enumerate(encoded.labels) if label != [0, 0]} == {word}


def test_no_answer_and_a_long_question(tokenizer) -> None:
    rows = [question("The ferry sails at noon.", None, "why " * 100)]
    encoded = encode(ASKING, rows, tokenizer, 32)
    assert encoded.labels[0] == [0, 0]
    assert encoded.encodings.truncated == 1
    assert len(encoded.encodings.input_ids[0]) <= 32
    assert encoded.places[0].spans  # there is room for the context all the same


def test_the_marks_of_a_relation_can_be_told_apart(tokenizer) -> None:
    """`<e1>` is read as < e ##1 >: plain punctuation, which every BERT's vocabulary has; nothing becomes [UNK]."""
    marks = [tokenizer.tokenize(mark) for mark in ("<e1>", "</e1>", "<e2>", "</e2>")]
    assert len({tuple(mark) for mark in marks}) == 4
    assert "[UNK]" not in {piece for mark in marks for piece in mark}
    one, other = "<e1>Ann</e1> pays <e2>Bob</e2>", "<e2>Ann</e2> pays <e1>Bob</e1>"
    assert tokenizer.ids(one) != tokenizer.ids(other)


def test_the_first_column_is_the_first_text(tokenizer) -> None:
    pair = Declaration("class", ("premise", "hypothesis"), ("label",), ["no", "yes"], "")
    encoded = encode(pair, [{"premise": "the ferry", "hypothesis": "so", "label": 1}], tokenizer, 32)
    assert encoded.encodings == tokenizer.encode(["the ferry"], ["so"], max_length=32)
    assert encoded.encodings != tokenizer.encode(["so"], ["the ferry"], max_length=32)


def test_a_question_of_just_the_room_is_not_cut(tokenizer) -> None:
    """Half of the room, 3 special tokens taken off, is the question's: (15 - 3) // 2 = 6 pieces."""
    fits, too_long = (question("a quay", "quay", " ".join(["why"] * count)) for count in (6, 7))
    assert encode(ASKING, [fits], tokenizer, 15).encodings.truncated == 0
    assert encode(ASKING, [too_long], tokenizer, 15).encodings.truncated == 1


def test_words_of_just_the_room_are_not_cut(tokenizer) -> None:
    words = ["the"] * 6
    for room, truncated in ((8, 0), (7, 1)):
        row = {"tokens": words, "ner_tags": [0] * 6}
        assert encode(TAGGING, [row], tokenizer, room).encodings.truncated == truncated


def test_the_first_answer_is_learned_and_one_of_nothing_stands_nowhere(tokenizer) -> None:
    context = "The ferry left at noon, not at dawn. \u200b"
    row = question(context, "noon", "When?")
    row["answers"] = {"text": ["noon", "dawn"], "answer_start": [context.index("noon"), context.index("dawn")]}
    encoded = encode(ASKING, [row], tokenizer, 64)
    assert text_of(encoded, 0) == "noon"
    assert encode(ASKING, [question(context, "\u200b", "When?")], tokenizer, 64).labels == [[0, 0]]
