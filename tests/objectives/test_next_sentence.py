"""The next sentence: half true, half from elsewhere, and no way to tell but by reading."""

import random

import pytest
import torch

from minisft.errors import InputError
from minisft.models import BertForPretraining
from minisft.objectives import MaskedBatch, NextSentence, Objective, make_pairs
from minisft.objectives.packing import cut, fill, pack
from minisft.ops import FUSED, TEXTBOOK
from tests.conftest import SMALL

CLS, SEP = 2, 3


def documents(count: int = 200, seed: int = 0) -> list[list[list[int]]]:
    """Documents in which every id says where it stands: 1_000_000 a document, 1000 a sentence, 1 a word."""
    draw = random.Random(seed)
    return [
        [[1_000_000 * (d + 1) + 1000 * s + w for w in range(draw.randint(1, 12))] for s in range(draw.randint(1, 9))]
        for d in range(count)
    ]


def split(row: list[int], segments: list[int]) -> tuple[list[int], list[int]]:
    """The two texts of a row, which is checked for its special tokens and segments."""
    middle = row.index(SEP)
    assert row[0] == CLS
    assert row[-1] == SEP
    assert row.count(SEP) == 2
    assert segments == [0] * (middle + 1) + [1] * (len(row) - middle - 1)
    return row[1:middle], row[middle + 1 : -1]


def test_half_follow_and_half_are_from_another_document() -> None:
    texts = documents()
    labels_of_all = []
    for epoch in range(5):
        encodings, labels = make_pairs(texts, 48, CLS, SEP, seed=0, epoch=epoch)
        labels_of_all += labels
        for row, segments, label in zip(encodings.input_ids, encodings.token_type_ids, labels, strict=True):
            a, b = split(row, segments)
            assert a
            assert b
            assert len(row) <= 48
            if label == 0:
                assert b[0] // 1000 == a[-1] // 1000 + 1  # the sentence after the last of a
                assert b[0] % 1000 == 0
            else:
                assert b[0] // 1_000_000 != a[-1] // 1_000_000
                document = texts[b[0] // 1_000_000 - 1]
                assert b[0] // 1000 % 1000 > 0 or len(document) == 1  # no opening line, where there is a choice
            for text in (a, b):
                sentences = [word // 1000 for word in text]
                assert sentences == sorted(sentences)
                assert sentences[-1] - sentences[0] == len(set(sentences)) - 1
    assert sum(labels_of_all) / len(labels_of_all) == pytest.approx(0.5, abs=0.03)


def test_neither_length_nor_number_of_sentences_gives_it_away() -> None:
    texts = documents(400)
    sizes = {0: [], 1: []}
    for epoch in range(4):
        encodings, labels = make_pairs(texts, 64, CLS, SEP, seed=3, epoch=epoch)
        for row, segments, label in zip(encodings.input_ids, encodings.token_type_ids, labels, strict=True):
            _, b = split(row, segments)
            sizes[label].append((len(b), len({word // 1000 for word in b})))
    for column in range(2):
        means = [sum(size[column] for size in sizes[label]) / len(sizes[label]) for label in (0, 1)]
        assert means[0] == pytest.approx(means[1], rel=0.15)


def test_every_sentence_of_a_document_with_several_is_read() -> None:
    texts = documents()
    seen = set()
    encodings, labels = make_pairs(texts, 200, CLS, SEP, seed=0, epoch=0)
    for row, segments, label in zip(encodings.input_ids, encodings.token_type_ids, labels, strict=True):
        a, b = split(row, segments)
        seen |= {word // 1000 for word in a + (b if label == 0 else [])}
        if label == 1:  # what truly followed is passed over in this epoch
            after = a[-1] // 1000 + 1
            seen |= set(range(after, after + 9))
    wanted = {sentence[0] // 1000 for document in texts if len(document) > 1 for sentence in document}
    assert wanted <= seen


def test_the_random_sentence_is_never_the_true_next() -> None:
    """Three documents that share their second sentence: it must not come as the random one of its own twin."""
    texts = [[[10], [11], [12]], [[20], [11], [22]], [[30], [31], [32]]]
    truths = {10: 11, 20: 11, 11: None, 30: 31, 31: 32}
    random_ones = 0
    for epoch in range(300):
        encodings, labels = make_pairs(texts, 12, CLS, SEP, seed=0, epoch=epoch)
        for row, segments, label in zip(encodings.input_ids, encodings.token_type_ids, labels, strict=True):
            a, b = split(row, segments)
            if label == 1:
                random_ones += 1
                assert b[0] != truths[a[-1]]
    assert random_ones > 100
    # Nothing but twins: there is no random sentence to be had, so the true ones stay and say so.
    _, labels = make_pairs([[[10], [11]]] * 3, 12, CLS, SEP, seed=0, epoch=0)
    assert labels == [0, 0, 0]


def test_drawn_from_seed_epoch_and_document_alone() -> None:
    texts = documents(30)

    def rows(**draw) -> list[list[int]]:
        return make_pairs(texts, 48, CLS, SEP, **draw)[0].input_ids

    first = rows(seed=0, epoch=0)
    random.seed(99)
    torch.manual_seed(99)
    assert rows(seed=0, epoch=0) == first
    assert rows(seed=0, epoch=1) != first
    assert rows(seed=1, epoch=0) != first


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([[[5], [6]]], "at least 2 documents, and there are 1: a random sentence comes from another one"),
        ([[[5], [6]], []], "at least 2 documents, and there are 1"),
        ([[[5]], [[6]]], "no document has two sentences"),
    ],
)
def test_too_little_to_choose_from(texts, message) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make_pairs(texts, 32, CLS, SEP, 0, 0)
    assert "\n" not in str(caught.value)


def test_the_longer_text_is_cut_and_the_border_stays() -> None:
    assert cut([1, 2, 3], [4, 5], 5) == ([1, 2, 3], [4, 5])
    assert cut([1, 2, 3, 4, 5], [6, 7], 4) == ([4, 5], [6, 7])
    assert cut([1, 2], [3, 4, 5, 6], 4) == ([1, 2], [3, 4])
    assert cut([1, 2, 3, 4], [5, 6, 7, 8], 3) == ([3, 4], [5])


def test_packing_keeps_every_word_and_no_two_documents_together() -> None:
    texts = documents(50)
    texts[3] = [list(range(4_000_000, 4_000_100))]  # longer than a row
    rows = pack(texts, 32, CLS, SEP, seed=0, epoch=0).input_ids
    for row in rows:
        assert (row[0], row[-1]) == (CLS, SEP)
        assert len(row) <= 32
        assert len({word // 1_000_000 for word in row[1:-1]}) == 1
    assert [word for row in rows for word in row[1:-1]] == [word for d in texts for s in d for word in s]
    assert pack(texts, 32, CLS, SEP, seed=0, epoch=1).input_ids != rows  # some rows are made shorter


@pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
def test_both_classes_count(ops) -> None:
    """A criterion shared with another objective, with ignore_index 0, would delete class 0."""
    torch.manual_seed(0)
    model = BertForPretraining(SMALL, ops).eval()
    ids = torch.randint(5, 97, (4, 6))
    nothing = torch.full((4, 6), -100)
    objective = NextSentence(ops)
    assert isinstance(objective, Objective)
    for labels in ([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]):
        batch = MaskedBatch(ids, None, ids * 0, nothing, torch.zeros(0).long(), torch.tensor(labels), [])
        loss, logits = objective(model, batch)
        assert objective.items(batch) == 4
        assert loss.item() == pytest.approx(-logits.log_softmax(-1)[range(4), labels].sum().item(), rel=1e-5)
        assert loss > 1


def test_a_row_is_filled_to_the_last_piece() -> None:
    assert fill([[1, 2], [3]], 0, room=3) == 2
    assert fill([[1, 2], [3, 4]], 0, room=3) == 1
    assert fill([[1, 2], [3, 4]], 0, room=1) == 1  # one in any case


def test_what_was_cut_is_counted() -> None:
    encodings, _ = make_pairs([[list(range(10, 30)), [40]], [[50], [60]]], 12, CLS, SEP, seed=0, epoch=0)
    assert encodings.truncated == 1


def test_a_document_is_packed_alike_whatever_the_others_are() -> None:
    """One generator for all documents would pass on what the documents before have drawn."""
    texts = documents(60)
    longer = [texts[0] * 7, *texts[1:]]

    def rows_of_others(found: list[list[int]]) -> list[list[int]]:
        return [row for row in found if row[1] // 1_000_000 > 1]

    for epoch in range(3):
        short, long = (pack(some, 24, CLS, SEP, seed=0, epoch=epoch).input_ids for some in (texts, longer))
        assert rows_of_others(short) == rows_of_others(long)
        assert len(long) > len(short)


def test_where_a_pair_is_split_is_drawn_for_each_document_by_itself() -> None:
    texts = documents(60)
    firsts = []
    for some in (texts, [texts[0] * 7, *texts[1:]]):
        encodings, _ = make_pairs(some, 48, CLS, SEP, seed=0, epoch=0)
        found: dict[int, int] = {}  # for each document, the last sentence of the first text of its first row
        for row, segments in zip(encodings.input_ids, encodings.token_type_ids, strict=True):
            a, _ = split(row, segments)
            found.setdefault(a[0] // 1_000_000, a[-1] // 1000)
        firsts.append({number: last for number, last in found.items() if number > 1})
    assert firsts[0] == firsts[1]
