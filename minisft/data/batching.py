"""From texts to batches: rows of like length together, and a mask only where something is padded."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minisft.data.encoding import encode
from minisft.data.task import Declaration, Row, Task, gold_of
from minisft.ops import IGNORED
from minisft.text import Encodings, Tokenizer

if TYPE_CHECKING:
    from datasets import Dataset

AnyBatch = TypeVar("AnyBatch")
# Rows are sorted by length within blocks of this many batches: enough to waste little, and still shuffled.
BLOCK = 64


@dataclass(frozen=True)
class Batch:
    """Some rows, padded to the longest of them. `rows` are their numbers in the split."""

    input_ids: Int[Tensor, "B T"]
    attention_mask: Bool[Tensor, "B T"] | None  # True at real tokens; None where no row is padded
    token_type_ids: Int[Tensor, "B T"]
    labels: Int[Tensor, "B ..."] | Float[Tensor, "B ..."]  # B, or B C, B L T, B 2: see `Encoded`
    rows: list[int]

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        return move(self, device)

    def share(self, rank: int, world_size: int) -> "Batch":
        """The rows of one of several processes. See `share`."""
        return share(self, rank, world_size)


@dataclass(frozen=True)
class Batches:
    """The encoded rows of one split, and the order in which they come: drawn from (seed, epoch) and nothing else.

    `labels` and `places` as in `Encoded`; `gold` is what is to be found in each row of the split, see `gold_of`.
    Rows are padded to the longest of their batch, or on to the next multiple of `multiple_of`, or to `max_length` where
    that is less: a GPU multiplies such lengths faster, and they are fewer.
    """

    encodings: Encodings
    labels: list
    batch_size: int
    pad_id: int
    shuffle: bool = False
    seed: int = 0
    kind: str = "class"
    gold: list = field(default_factory=list)
    places: list = field(default_factory=list)
    multiple_of: int = 1
    max_length: int = 0

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return -(-len(self.labels) // self.batch_size)

    def order(self, epoch: int) -> list[list[int]]:
        """The row numbers of each batch of an epoch. Without `shuffle`, from short to long."""
        lengths = [len(ids) for ids in self.encodings.input_ids]
        rows = list(range(len(lengths)))
        if not self.shuffle:
            return chunks(sorted(rows, key=lambda row: lengths[row]), self.batch_size)
        draw = random.Random(f"{self.seed} {epoch}")
        draw.shuffle(rows)
        batches: list[list[int]] = []
        for block in chunks(rows, BLOCK * self.batch_size):
            batches += chunks(sorted(block, key=lambda row: lengths[row]), self.batch_size)
        draw.shuffle(batches)
        return batches

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, without the first `skip`."""
        for rows in self.order(epoch)[skip:]:
            yield self.collate(rows)

    def __iter__(self) -> Iterator[Batch]:
        return self.epoch(0)

    def collate(self, rows: list[int]) -> Batch:
        """Pad the rows to one length."""
        lengths = [len(self.encodings.input_ids[row]) for row in rows]
        length = max(max(lengths), min(-(-max(lengths) // self.multiple_of) * self.multiple_of, self.max_length))
        ids = pad([self.encodings.input_ids[row] for row in rows], self.pad_id, length)
        segments = pad([self.encodings.token_type_ids[row] for row in rows], 0, length)
        mask = None
        if min(lengths) < length:
            mask = torch.arange(length) < torch.tensor(lengths)[:, None]
        labels = stack([self.labels[row] for row in rows], length if self.kind == "tags" else 0)
        return Batch(ids, mask, segments, labels, rows)


def move(batch: AnyBatch, device: torch.device) -> AnyBatch:
    """A batch with all its tensors on a device."""
    if device.type == "cpu":
        return batch
    tensors = {name: value for name, value in vars(batch).items() if isinstance(value, Tensor)}
    return replace(batch, **{name: pinned(tensor).to(device, non_blocking=True) for name, tensor in tensors.items()})


def pinned(tensor: Tensor) -> Tensor:
    """A tensor that a GPU can fetch when it comes to it. For one in any other memory of the CPU, it is waited for."""
    return tensor.pin_memory() if tensor.device.type == "cpu" else tensor


def share(batch: AnyBatch, rank: int, world_size: int) -> AnyBatch:
    """Every `world_size`-th row of a batch from row `rank` on, at the batch's own length; perhaps no row."""
    rows = slice(rank, None, world_size)
    tensors = {name: value[rows] for name, value in vars(batch).items() if isinstance(value, Tensor)}
    return replace(batch, **tensors, rows=batch.rows[rows])


def pad(rows: list[list], filler: int, length: int = 0) -> Int[Tensor, "B T"] | Float[Tensor, "B T"]:
    """One tensor of rows of unlike length: that of the longest, or `length` where that is more."""
    length = max(length, *(len(row) for row in rows))
    return torch.tensor([row + [filler] * (length - len(row)) for row in rows])


def stack(labels: list, length: int = 0) -> Tensor:
    """One tensor of the labels of several rows; lists that are shorter than others, or `length`, end in -100."""
    if not isinstance(labels[0], list):
        return torch.tensor(labels)
    if isinstance(labels[0][0], list):
        return torch.stack([pad(list(layer), IGNORED, length) for layer in zip(*labels, strict=True)], dim=1)
    return pad(labels, IGNORED, length)


def chunks(items: list[int], size: int) -> list[list[int]]:
    """The items in groups of `size`, in order; the last may be smaller."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def make_batches(
    task: Declaration | Task,
    split: "Dataset | list[Row]",
    tokenizer: Tokenizer,
    batch_size: int,
    max_length: int,
    shuffle: bool = False,
    seed: int = 0,
    multiple_of: int = 1,
) -> Batches:
    """Encode a split of a task. See `Batches` for `multiple_of`."""
    rows = split if isinstance(split, list) else split.to_list()
    found = encode(task, rows, tokenizer, max_length)
    gold = [gold_of(task, row) for row in rows]
    return Batches(
        found.encodings, found.labels, batch_size, tokenizer.pad_id, shuffle, seed, task.kind, gold, found.places,
        multiple_of, max_length,
    )  # fmt: skip
