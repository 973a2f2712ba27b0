"""Masked words (section 3.2.1): hide some words of a text and predict them from all the others."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minisft.data.batching import move
from minisft.objectives.pretraining import Outputs, PretrainingObjective, share
from minisft.ops import IGNORED
from minisft.text import Tokenizer
from minisft.text.tokenizer import SPECIAL


@dataclass(frozen=True)
class MaskingVocabulary:
    """What masking asks of a vocabulary."""

    special: Bool[Tensor, " V"]  # True at [PAD] [UNK] [CLS] [SEP] [MASK] and BERT's [unused...]
    continues: Bool[Tensor, " V"]  # True at a piece that goes on with a word, ##...
    mask_id: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "MaskingVocabulary":
        """The pieces of a tokenizer."""
        vocabulary = tokenizer.vocabulary
        special = [piece in SPECIAL or piece.startswith("[unused") for piece in vocabulary]
        continues = [piece.startswith("##") for piece in vocabulary]
        return cls(torch.tensor(special), torch.tensor(continues), tokenizer.mask_id)


def mask_words(
    input_ids: Int[Tensor, "B T"],
    draws: Float[Tensor, "B T 3"],
    pieces: MaskingVocabulary,
    share: float = 0.15,
    whole_words: bool = False,
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """The ids with some words hidden, and as labels the true ids there and -100 elsewhere (Devlin et al. 2019, 3.1).

    `draws` are uniform in 0 ... 1, three for each position: whether the word is chosen (below `share`; in a row
    where no draw is, the lowest), what becomes of it, and which other word may stand there. Of the chosen, 80 %
    become [MASK], 10 % any real piece and 10 % stay, and special tokens are never chosen. With `whole_words` the
    draw of a word's first piece decides for all of its pieces whether they are chosen.
    """
    candidates = ~pieces.special[input_ids]
    chance, fate, other = draws.unbind(-1)
    if whole_words:
        chance = chance.gather(1, first_pieces(pieces.continues[input_ids]))
    lowest = chance.masked_fill(~candidates, torch.inf).amin(1, keepdim=True)
    chosen = candidates & ((chance < share) | (chance == lowest))
    # One draw cut at 0.8 and 0.9. Two draws, 0.8 and then 0.1 of the rest, would leave 18 % of the words unchanged.
    masked = torch.where(chosen & (fate < 0.8), pieces.mask_id, input_ids)
    real = (~pieces.special).nonzero().squeeze(1)  # R
    random_ids = real[(other * len(real)).long()]
    masked = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), random_ids, masked)
    return masked, torch.where(chosen, input_ids, IGNORED)


def first_pieces(continues: Bool[Tensor, "B T"]) -> Int[Tensor, "B T"]:
    """For each position, where the first piece of its word stands."""
    positions = torch.arange(continues.shape[1]).expand_as(continues)
    return torch.where(continues, 0, positions).cummax(1).values


@dataclass(frozen=True)
class MaskedBatch:
    """Rows with hidden words. `positions` counts through the batch, b T + t, where a label is not -100."""

    input_ids: Int[Tensor, "B T"]
    attention_mask: Bool[Tensor, "B T"] | None
    token_type_ids: Int[Tensor, "B T"]
    labels: Int[Tensor, "B T"]
    positions: Int[Tensor, " M"]
    next_labels: Int[Tensor, " B"]  # 0 where the second segment follows the first, 1 where it does not
    rows: list[int]
    words_a_row: float | None = None  # hidden words, in the whole batch that this is a share of; None: it is whole

    def to(self, device: torch.device) -> "MaskedBatch":
        """The same batch on a device."""
        return move(self, device)

    def share(self, rank: int, world_size: int) -> "MaskedBatch":
        """The rows of one of several processes."""
        return replace(share(self, rank, world_size), words_a_row=max(1, len(self.positions)) / len(self.rows))


class MaskedWords(PretrainingObjective):
    """Cross-entropy of the hidden words. Only their positions are decoded."""

    def items(self, batch: MaskedBatch) -> int:
        return len(batch.positions)

    def outputs(self, model: nn.Module, batch: MaskedBatch) -> Outputs:
        """The logits of the hidden words."""
        logits, _ = model(batch.input_ids, batch.attention_mask, batch.token_type_ids, batch.positions)
        return {"mlm": (logits, batch.labels.flatten()[batch.positions])}
