"""From documents to batches for pretraining: in every epoch the rows are packed, shuffled and masked anew."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minisft.data import Batch, Batches
from minisft.errors import InputError
from minisft.objectives.masked import MaskedBatch, MaskedWords, MaskingVocabulary, mask_words
from minisft.objectives.next_sentence import MaskedAndNext, make_pairs
from minisft.objectives.packing import Document, pack
from minisft.objectives.permutation import PermutedBatch, PermutedWords, left_to_right, order_words
from minisft.objectives.pretraining import PretrainingObjective, labelled
from minisft.text import Tokenizer

OBJECTIVES: dict[str, type[PretrainingObjective]] = {
    "mlm+nsp": MaskedAndNext,
    "mlm": MaskedWords,
    "plm": PermutedWords,
    "ltr": PermutedWords,  # left to right, one of the orders of plm
}
SHORTEST = 8  # max_length: three special tokens and something to read


@dataclass
class Examples:
    """Batches of an objective, made from documents (sentences as ids).

    What a row becomes is drawn from (seed, epoch, its number) and nothing else: neither the order of the rows, nor
    the batch size, nor how many workers make them changes it. Raises InputError where `kind` is none of OBJECTIVES,
    `max_length` leaves no room, or the documents do not suffice.
    """

    documents: list[Document]
    tokenizer: Tokenizer
    kind: str
    batch_size: int
    max_length: int
    seed: int = 0
    shuffle: bool = True
    whole_words: bool = False
    plm_share: float = 1 / 6  # of a row's words that plm predicts, the last of the order (XLNet's K is 6)
    multiple_of: int = 1  # see `Batches`
    pieces: MaskingVocabulary = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in OBJECTIVES:
            raise InputError(f"there is no objective {self.kind!r}; expected {', '.join(OBJECTIVES)}")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; expected 0 or more")
        if self.max_length < SHORTEST:
            raise InputError(f"max_length is {self.max_length}; expected at least {SHORTEST}")
        if self.whole_words and not self.kind.startswith("mlm"):
            raise InputError(f"whole words are masked together in mlm; {self.kind} masks nothing")
        if not self.documents:
            raise InputError("the corpus is empty: no document has a word in it")
        self.pieces = MaskingVocabulary.of(self.tokenizer)

    def rows(self, epoch: int) -> Batches:
        """The packed rows of an epoch, before anything is hidden; their labels are 0 next, 1 random."""
        tokenizer = self.tokenizer
        where = (self.documents, self.max_length, tokenizer.cls_id, tokenizer.sep_id, self.seed, epoch)
        if self.kind == "mlm+nsp":
            encodings, labels = make_pairs(*where)
        else:
            encodings = pack(*where)
            labels = [0] * len(encodings.input_ids)
        return Batches(
            encodings, labels, self.batch_size, tokenizer.pad_id, self.shuffle, self.seed,
            multiple_of=self.multiple_of, max_length=self.max_length,
        )  # fmt: skip

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[MaskedBatch | PermutedBatch]:
        """The finished batches of an epoch, without the first `skip`."""
        for batch in self.rows(epoch).epoch(epoch, skip):
            yield self.finish(batch, epoch)

    def finish(self, batch: Batch, epoch: int) -> MaskedBatch | PermutedBatch:
        """Hide words of a batch, or order them."""
        ids, rows = batch.input_ids, batch.rows
        draws = row_draws(self.seed, epoch, rows, ids.shape[1])
        if self.kind.startswith("mlm"):
            masked, labels = mask_words(ids, draws, self.pieces, whole_words=self.whole_words)
            where = labelled(labels)
            return MaskedBatch(
                masked, batch.attention_mask, batch.token_type_ids, labels, where, batch.labels, rows
            )  # fmt: skip
        # [UNK] is a word here as any other: left to right it must not be seen before its turn.
        words = (ids != self.tokenizer.pad_id) & (ids != self.tokenizer.cls_id) & (ids != self.tokenizer.sep_id)
        if self.kind == "ltr":
            ordered = order_words(ids, words, left_to_right(words))
        else:
            ordered = order_words(ids, words, draws[..., 0], self.plm_share)
        where = labelled(ordered[2])
        return PermutedBatch(ids, batch.attention_mask, batch.token_type_ids, *ordered, where, rows)


def row_draws(seed: int, epoch: int, rows: list[int], length: int) -> Float[Tensor, "B T 3"]:
    """Three uniform numbers for each position of each row; a longer batch draws more and not other ones."""
    return torch.from_numpy(np.stack([np.random.default_rng([seed, epoch, row]).random((length, 3)) for row in rows]))


class Stream:
    """`steps` batches from as many epochs of the examples as that takes, in rounds of `round_length`.

    A round is what the Trainer calls an epoch: after it, it measures. The last may be shorter. Raises InputError
    where the documents do not suffice.
    """

    def __init__(self, examples: Examples, steps: int, round_length: int) -> None:
        self.examples, self.steps, self.round_length = examples, steps, round_length
        self.lengths = [len(examples.rows(0))]  # in batches, of the epochs seen so far

    def __len__(self) -> int:
        return self.round_length

    def epoch(self, number: int, skip: int = 0) -> Iterator[MaskedBatch | PermutedBatch]:
        """The batches of a round, without the first `skip`."""
        start = number * self.round_length + skip
        left = min((number + 1) * self.round_length, self.steps) - start
        epoch = 0
        while left > 0:
            if epoch == len(self.lengths):
                self.lengths.append(len(self.examples.rows(epoch)))
            if start < self.lengths[epoch]:
                for batch in self.examples.epoch(epoch, start):
                    yield batch
                    left -= 1
                    if not left:
                        return
            start = max(0, start - self.lengths[epoch])
            epoch += 1
