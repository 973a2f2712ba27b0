"""Batches hold every row once, waste little, and carry a mask only where something is padded."""

import itertools

import torch

from minisft.data import Batches
from minisft.ops import IGNORED
from minisft.text import Encodings


def make(lengths: list[int], batch_size: int = 4, seed: int = 0) -> Batches:
    ids = [[100 + row] * length for row, length in enumerate(lengths)]
    return Batches(Encodings(ids, [[0] * n for n in lengths], 0), list(range(len(ids))), batch_size, 0, True, seed)


def test_every_row_once_an_epoch_and_another_order_each_time() -> None:
    batches = make([3 + row % 9 for row in range(46)])
    orders = [[row for batch in batches.epoch(epoch) for row in batch.rows] for epoch in range(3)]
    for order in orders:
        assert sorted(order) == list(range(46))
    assert orders[0] != orders[1] != orders[2]
    assert len(batches) == len(list(batches.epoch(0))) == 12
    assert orders[1] == [row for batch in batches.epoch(1) for row in batch.rows]  # drawn from (seed, epoch) alone
    assert orders[1] != [row for batch in make([3 + r % 9 for r in range(46)], seed=1).epoch(1) for row in batch.rows]


def test_skipping_gives_the_rest_of_the_same_epoch() -> None:
    batches = make([3 + row % 9 for row in range(46)])
    whole = [batch.rows for batch in batches.epoch(2)]
    assert [batch.rows for batch in batches.epoch(2, skip=5)] == whole[5:]


def test_the_mask_is_there_exactly_where_something_is_padded() -> None:
    batches = make([2, 5, 3, 7, 7, 7, 7, 7])
    padded, even = batches.collate([0, 1, 2, 3]), batches.collate([4, 5, 6, 7])
    assert even.attention_mask is None
    assert padded.attention_mask.dtype == torch.bool
    assert padded.attention_mask.sum(1).tolist() == [2, 5, 3, 7]
    assert torch.equal(padded.input_ids != 0, padded.attention_mask)
    assert padded.labels.tolist() == [0, 1, 2, 3]


def test_grouping_by_length_wastes_little() -> None:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(10, 100, (2000,), generator=generator).tolist()
    batches = make(lengths, batch_size=16)
    padded = sum(batch.input_ids.numel() for batch in batches.epoch(0))
    assert padded < 1.03 * sum(lengths)  # in random order it would be 1.7
    # The batches themselves come in random order: neighbours are not of like length.
    widths = [batch.input_ids.shape[1] for batch in batches.epoch(0)]
    assert sum(abs(a - b) for a, b in itertools.pairwise(widths)) / len(widths) > 15


def test_lengths_are_multiples_where_that_is_asked() -> None:
    """On to the next multiple, but not beyond the longest row that may be; tags have the length of the rows."""
    ids = [[7] * length for length in (3, 5, 13, 16)]
    tags = [[[1] * len(row)] for row in ids]
    encodings = Encodings(ids, [[1] * len(row) for row in ids], 0)
    batches = Batches(encodings, tags, 4, 9, kind="tags", multiple_of=8, max_length=14)
    for rows, length in (([0], 8), ([0, 1], 8), ([0, 2], 14), ([2], 14), ([3], 16), ([0, 3], 16)):
        batch = batches.collate(rows)
        assert batch.input_ids.shape == batch.token_type_ids.shape == (len(rows), length)
        assert batch.labels.shape == (len(rows), 1, length)
        assert (batch.attention_mask is None) == (rows == [3])
        for number, row in enumerate(rows):
            own, padding = len(ids[row]), length - len(ids[row])
            assert batch.input_ids[number].tolist() == [7] * own + [9] * padding
            assert batch.token_type_ids[number].tolist() == [1] * own + [0] * padding
            assert batch.labels[number].tolist() == [[1] * own + [IGNORED] * padding]
            if rows != [3]:
                assert batch.attention_mask[number].tolist() == [True] * own + [False] * padding
    one_class = Batches(encodings, [1, 0, 1, 0], 4, 9, multiple_of=8, max_length=16).collate([0, 1])
    several = Batches(encodings, [[1.0, 0.0]] * 4, 4, 9, kind="labels", multiple_of=8, max_length=16).collate([0, 1])
    assert (one_class.labels.shape, several.labels.shape) == ((2,), (2, 2))


def test_padding_is_the_vocabularys_own() -> None:
    batches = Batches(Encodings([[5, 6], [5]], [[0, 0], [0]], 0), [0, 1], 2, 9, False, 0)
    assert batches.collate([0, 1]).input_ids.tolist() == [[5, 6], [5, 9]]
