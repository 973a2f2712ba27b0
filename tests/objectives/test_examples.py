"""What a row becomes is decided by seed, epoch and its number: not by order, batch size or workers."""

import pytest
import torch

from minisft.data.corpus import encode_documents
from minisft.errors import InputError
from minisft.objectives import OBJECTIVES, Examples, Stream
from minisft.ops import IGNORED
from minisft.text.vocabulary import train_vocabulary

SENTENCES = ["the ferry sails at noon .", "nobody was on the quay .", "it rained , so the market closed early .",
             "the mayor read a letter from the harbour master .", "she had not slept ."]  # fmt: skip
TEXTS = [[SENTENCES[(d + s) % 5] for s in range(2 + d % 5)] for d in range(40)]
TOKENIZER = train_vocabulary((sentence for document in TEXTS for sentence in document), 120)
DOCUMENTS = encode_documents(TEXTS, TOKENIZER)


def examples(kind: str, **options) -> Examples:
    return Examples(DOCUMENTS, TOKENIZER, kind, **{"batch_size": 4, "max_length": 24, **options})


def by_row(batches) -> dict[int, tuple]:
    """What each row became, without padding."""
    found = {}
    for batch in batches:
        mask = torch.ones_like(batch.input_ids).bool() if batch.attention_mask is None else batch.attention_mask
        for number, row in enumerate(batch.rows):
            length = int(mask[number].sum())
            if hasattr(batch, "ranks"):
                rest = (
                    batch.ranks[number, :length].tolist(),
                    batch.labels[number][batch.labels[number] != -100].tolist(),
                )
            else:
                rest = (batch.labels[number, :length].tolist(), batch.next_labels[number].item())
            assert row not in found
            found[row] = (
                batch.input_ids[number, :length].tolist(),
                batch.token_type_ids[number, :length].tolist(),
                rest,
            )
    return found


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_order_batch_size_and_history_do_not_matter(kind) -> None:
    first = by_row(examples(kind).epoch(3))
    assert len(first) > 40
    torch.manual_seed(123)
    assert by_row(examples(kind, batch_size=7).epoch(3)) == first
    one_by_one = list(examples(kind, shuffle=False, batch_size=1).epoch(3))
    assert by_row(one_by_one) == first
    skipped = by_row(examples(kind).epoch(3, skip=5))
    assert len(skipped) == len(first) - sum(len(batch.rows) for batch in list(examples(kind).epoch(3))[:5])
    assert skipped.items() < first.items()
    padded = list(examples(kind, multiple_of=8).epoch(3))
    assert {batch.input_ids.shape[1] % 8 for batch in padded} == {0} != {b.input_ids.shape[1] % 8 for b in one_by_one}
    assert by_row(padded) == first
    one = examples(kind)
    alone = one.finish(one.rows(3).collate([11]), 3)
    assert by_row([alone])[11] == first[11]
    if kind != "ltr":
        assert by_row(examples(kind).epoch(4)) != first
        assert by_row(examples(kind, seed=1).epoch(3)) != first


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_positions_are_where_a_label_is(kind) -> None:
    for batch in examples(kind).epoch(0):
        assert batch.positions.tolist() == [
            i for i, label in enumerate(batch.labels.flatten().tolist()) if label != IGNORED
        ]
        assert len(batch.positions) >= len(batch.rows)  # one word a row at least


@pytest.mark.parametrize("kind", ["mlm", "plm"])
def test_the_same_text_is_hidden_and_ordered_anew_in_each_row_and_epoch(kind) -> None:
    same = Examples([DOCUMENTS[4]] * 30, TOKENIZER, kind, 4, 64)
    seen = [str(rest) for epoch in range(3) for _, _, rest in by_row(same.epoch(epoch)).values()]
    assert len(set(seen)) > 0.95 * len(seen) > 85


def test_permutation_keeps_the_true_words_and_predicts_a_sixth() -> None:
    targets = words = 0
    for batch in examples("plm", max_length=64).epoch(0):
        assert TOKENIZER.mask_id not in batch.input_ids
        specials = torch.isin(batch.input_ids, torch.tensor([TOKENIZER.cls_id, TOKENIZER.sep_id, TOKENIZER.pad_id]))
        assert (batch.ranks[specials] == 0).all()
        targets, words = targets + len(batch.positions), words + int((~specials).sum())
    assert 1 / 6 < targets / words < 0.2  # rounded up in each row


def test_a_stream_is_one_sequence_however_it_is_cut() -> None:
    whole = [batch.rows for batch in Stream(examples("mlm+nsp"), 100, 100).epoch(0)]
    assert len(whole) == 100
    stream = Stream(examples("mlm+nsp"), 100, 30)
    assert len(stream) == 30
    rounds = [[batch.rows for batch in stream.epoch(number)] for number in range(4)]
    assert [len(part) for part in rounds] == [30, 30, 30, 10]
    assert [rows for part in rounds for rows in part] == whole
    fresh = Stream(examples("mlm+nsp"), 100, 30)  # as after a kill
    assert [batch.rows for batch in fresh.epoch(2, skip=7)] == whole[67:90]


def test_a_stream_goes_from_epoch_to_epoch() -> None:
    made = examples("mlm+nsp")
    wanted = [batch for epoch in range(20) for batch in made.epoch(epoch)][:100]
    for mine, other in zip(Stream(made, 100, 100).epoch(0), wanted, strict=True):
        assert mine.rows == other.rows
        assert torch.equal(mine.input_ids, other.input_ids)


def test_the_seed_decides_the_order_too() -> None:
    assert examples("mlm", seed=3).rows(0).seed == 3


def test_whole_words_are_masked_where_that_is_asked() -> None:
    documents = encode_documents([["seemarketboat noonquayearly"] * 9], TOKENIZER)
    made = Examples(documents, TOKENIZER, "mlm", 4, 24, whole_words=True)
    continues, hidden = made.pieces.continues, 0
    for batch in made.epoch(0):
        chosen = batch.labels != IGNORED
        true = torch.where(chosen, batch.labels, batch.input_ids)
        for row, place in continues[true].nonzero().tolist():
            assert chosen[row, place] == chosen[row, place - 1]
            hidden += int(chosen[row, place])
    assert hidden


def test_an_unknown_word_is_asked_as_any_other() -> None:
    (batch,) = Examples([[[TOKENIZER.unk_id, 7, 8]]], TOKENIZER, "ltr", 1, 24).epoch(0)
    assert batch.labels.tolist() == [[TOKENIZER.unk_id, 7, 8]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "clm"}, r"there is no objective 'clm'; expected mlm\+nsp, mlm, plm, ltr"),
        ({"kind": "mlm", "max_length": 7}, "max_length is 7; expected at least 8"),
        ({"kind": "plm", "whole_words": True}, "plm masks nothing"),
        ({"kind": "mlm", "seed": -1}, "seed is -1"),
    ],
)
def test_what_cannot_be(options, message) -> None:
    with pytest.raises(InputError, match=message):
        examples(**options)
    with pytest.raises(InputError, match="the corpus is empty"):
        Examples([], TOKENIZER, "mlm", 4, 24)
