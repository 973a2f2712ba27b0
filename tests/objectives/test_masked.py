"""Masked words: the right ones, in the right shares, and nothing else counts."""

import pytest
import torch

from minisft.models import BertForPretraining
from minisft.objectives import MaskedBatch, MaskedWords, MaskingVocabulary, Objective, mask_words
from minisft.objectives.pretraining import labelled
from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops
from minisft.text import Tokenizer
from tests.conftest import SMALL

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
# Special tokens neither first nor side by side: a test for `id > 4` or the like would fail.
VOCABULARY = ["the", "[PAD]", "##s", "[UNK]", "ferry", "[unused1]", "[CLS]", "sail", "##ed", "[SEP]", "##ing", "[MASK]",
              *(f"word{number}" for number in range(88))]  # fmt: skip
TOKENIZER = Tokenizer(VOCABULARY)
PIECES = MaskingVocabulary.of(TOKENIZER)
ID = {piece: number for number, piece in enumerate(VOCABULARY)}
SPECIAL = {ID[piece] for piece in ("[PAD]", "[UNK]", "[unused1]", "[CLS]", "[SEP]", "[MASK]")}


def many(rows: int = 400, tokens: int = 120) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of random pieces between [CLS] and [SEP], padded, with [UNK] here and there; and draws."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, len(VOCABULARY), (rows, tokens), generator=generator)
    ids[:, 0], ids[:, -9], ids[:, -8:] = ID["[CLS]"], ID["[SEP]"], ID["[PAD]"]
    return ids, torch.rand(rows, tokens, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("whole_words", [False, True])
def test_80_10_10_of_15_percent(whole_words) -> None:
    ids, draws = many()
    masked, labels = mask_words(ids, draws, PIECES, whole_words=whole_words)
    chosen = labels != IGNORED
    candidates = ~PIECES.special[ids]
    assert chosen.sum() / candidates.sum() == pytest.approx(0.15, abs=0.005)
    count = chosen.sum().item()
    became_mask = (masked[chosen] == ID["[MASK]"]).sum().item() / count
    unchanged = (masked[chosen] == ids[chosen]).sum().item() / count
    other = 1 - became_mask - unchanged
    # A random piece is by chance the true one once in 94: 9.9 % differ and 10.1 % are the same.
    assert (became_mask, other, unchanged) == (
        pytest.approx(0.80, abs=0.012), pytest.approx(0.099, abs=0.01), pytest.approx(0.101, abs=0.01)
    )  # fmt: skip
    assert torch.equal(labels[chosen], ids[chosen])
    assert torch.equal(masked[~chosen], ids[~chosen])


def test_the_second_draw_cuts_at_080_and_090_exactly() -> None:
    ids = torch.full((1, 6), ID["ferry"])
    draws = torch.zeros(1, 6, 3, dtype=torch.float64)
    draws[0, :, 1] = torch.tensor([0.0, 0.7999, 0.8, 0.8999, 0.9, 0.9999], dtype=torch.float64)
    draws[0, :, 2] = 0.999
    masked, labels = mask_words(ids, draws, PIECES)
    assert masked.tolist() == [[ID["[MASK]"]] * 2 + [len(VOCABULARY) - 1] * 2 + [ID["ferry"]] * 2]
    assert (labels == ID["ferry"]).all()


def test_special_tokens_are_neither_chosen_nor_put_anywhere() -> None:
    ids, draws = many()
    draws[..., 0] = 0.0  # chosen wherever that is possible
    draws[..., 1] = 0.85  # and replaced by a random piece
    masked, labels = mask_words(ids, draws, PIECES)
    special = PIECES.special[ids]
    assert (labels[special] == IGNORED).all()
    assert torch.equal(masked[special], ids[special])
    assert set(masked[~special].unique().tolist()) == set(range(len(VOCABULARY))) - SPECIAL  # any real piece


def test_whole_words_are_chosen_together_and_end_at_special_tokens() -> None:
    words = ["[CLS]", "the", "sail", "##ing", "##s", "[SEP]", "ferry", "##s", "sail", "##ed", "[SEP]"]
    ids = torch.tensor([[ID[word] for word in words]])
    draws = torch.full((1, len(words), 3), 0.5, dtype=torch.float64)
    draws[0, [2, 8], 0] = 0.1  # the first pieces of sailings and sailed
    draws[0, [4, 7], 0] = 0.0  # a later piece has no say
    _, labels = mask_words(ids, draws, PIECES, whole_words=True)
    assert (labels[0] != IGNORED).nonzero().flatten().tolist() == [2, 3, 4, 8, 9]
    _, labels = mask_words(ids, draws, PIECES)
    assert (labels[0] != IGNORED).nonzero().flatten().tolist() == [2, 4, 7, 8]


def test_a_short_row_hides_one_word_and_an_empty_one_none() -> None:
    ids = torch.tensor([[ID["[CLS]"], ID["ferry"], ID["the"], ID["[SEP]"]], [ID["[CLS]"], ID["[SEP]"], ID["[PAD]"], 1]])
    draws = torch.full((2, 4, 3), 0.5, dtype=torch.float64)
    draws[0, 2, 0] = 0.4
    _, labels = mask_words(ids, draws, PIECES)
    assert labels.tolist() == [[IGNORED, IGNORED, ID["the"], IGNORED], [IGNORED] * 4]


def batch_of(labels: torch.Tensor, ids: torch.Tensor) -> MaskedBatch:
    segments = torch.zeros_like(ids)
    return MaskedBatch(ids, None, segments, labels, labelled(labels), torch.zeros(len(ids), dtype=torch.long), [])


@BOTH
def test_ignored_positions_change_neither_loss_nor_gradient(ops: Ops) -> None:
    """And the loss is the mean over the labelled ones: twice the ignored positions leave it as it is."""
    torch.manual_seed(0)
    model = BertForPretraining(SMALL, ops).eval()
    ids = torch.randint(5, 97, (2, 9))
    labels = torch.full((2, 9), IGNORED)
    labels[0, 2], labels[0, 5], labels[1, 7] = 0, 33, 96  # id 0 is a label like any other
    objective = MaskedWords(ops)
    assert isinstance(objective, Objective)
    batch = batch_of(labels, ids)
    assert objective.items(batch) == 3
    total, logits = objective(model, batch)
    total.backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    # By hand, over every position, with torch.
    everywhere, _ = model(ids, None, torch.zeros_like(ids))
    expected = torch.nn.functional.cross_entropy(everywhere, labels.flatten(), reduction="sum")
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)
    assert logits.shape == (3, 97)
    model.zero_grad()
    expected.backward()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, model.get_parameter(name).grad, rtol=1e-4, atol=1e-6, msg=name)
    # -1 is a label out of range, and not one to ignore.
    wrong = labels.clone()
    wrong[0, 0] = -1
    with pytest.raises(IndexError):
        objective(model, batch_of(wrong, ids))


def test_a_short_row_hides_its_lowest_word_whole() -> None:
    """No draw is below 0.15: the word with the lowest goes, and it is the draw of its first piece that counts."""
    ids = torch.tensor([[ID[piece] for piece in ("[CLS]", "sail", "##ing", "##s", "the", "[SEP]")]])
    draws = torch.full((1, 6, 3), 0.9, dtype=torch.float64)
    draws[0, :, 0] = torch.tensor([0.2, 0.5, 0.3, 0.95, 0.6, 0.2], dtype=torch.float64)
    _, labels = mask_words(ids, draws, PIECES, whole_words=True)
    assert (labels != IGNORED).tolist() == [[False, True, True, True, False, False]]
    _, labels = mask_words(ids, draws, PIECES)
    assert (labels != IGNORED).tolist() == [[False, False, True, False, False, False]]
