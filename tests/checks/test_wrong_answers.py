"""Wrong answers that learners have given and that no mutant is: each must fail."""

import math

import pytest
import torch

from minisft.checks import CONTRACTS, AnswerKey, Mutant, examine, feedback
from minisft.checks.contracts import heads
from minisft.objectives.masked import mask_words
from minisft.objectives.permutation import order_words
from minisft.ops import TEXTBOOK

pytestmark = pytest.mark.usefixtures("unchecked")
FIRST_QUERY = "None if mask is None else mask[..., :1, :]"
WRONG = {
    "early_stopping, patience is always 3": {">= patience": ">= 3"},
    "multi_head_attention, all queries have the mask of the first": {
        "attention(query, key, value, mask)": f"attention(query, key, value, {FIRST_QUERY})"
    },
    "encoder_layer, all queries have the mask of the first": {"heads, mask,": f"heads, {FIRST_QUERY},"},
    "choose_second, the true one is known by identity": {"second == true": "second is true"},
    "cosine_schedule, a run of warm-up alone divides by 0": {
        "max(1, total_steps - warmup_steps)": "(total_steps - warmup_steps)"
    },
    "schedule_steps, 50.0 warm-up updates": {"else int(warmup)": "else warmup"},
    "mask_words, a fate of 0.8": {"fate < 0.8": "fate <= 0.8", "fate >= 0.8": "fate > 0.8"},
    "mask_words, a fate of 0.9": {"fate < 0.9": "fate <= 0.9"},
    "mask_words, a chance of exactly the share": {"chance < share": "chance <= share"},
    "mask_words, the number of [MASK] is always 4": {"pieces.mask_id": "4"},
    "mask_words, one word of the batch and not of each row": {
        "(chance < share) | (chance == lowest)": "(chance < share) | ((chance == lowest) & ~(chance < share).any())"
    },
    "schedule_steps, a share rounded up and one more": {"math.ceil(warmup * total)": "(int(warmup * total) + 1)"},
    "schedule_steps, a share rounded to the nearest": {"math.ceil(warmup * total)": "round(warmup * total)"},
    "early_stopping, a gain that is small does not count": {"loss < losses[best]": "loss < losses[best] - 1e-4"},
    "prediction_ranks, a share rounded up and one more": {".ceil()": ".floor().add(1)"},
}
INSIDE = {"mask_words": mask_words, "prediction_ranks": order_words}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_fails_at_every_seed(case: str) -> None:
    name = case.split(",")[0]
    wrong = Mutant(case, WRONG[case], INSIDE.get(name)).of(CONTRACTS[name].reference)
    assert [seed for seed in range(60) if examine(name, wrong, seed).passed] == []


def from_the_epoch_before(losses, patience):
    """As learners write it: a counter, and the last epoch in the place of the best."""
    best = waited = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[epoch - 1]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return best, epoch + 1
    return best, len(losses)


def test_the_mistake_that_is_named_explains_all_that_fails() -> None:
    verdict = examine("early_stopping", from_the_epoch_before)
    assert verdict.mutant.sentence.startswith("each epoch compared with the one before.")


def never_after_one(losses, patience):
    """Right for every patience but 1."""
    return CONTRACTS["early_stopping"].reference(losses, max(patience, 2))


def test_no_mistake_is_named_that_a_right_answer_denies() -> None:
    verdict = examine("early_stopping", never_after_one)
    assert verdict.failed == ("a lower loss that comes too late",)
    assert verdict.mutant is None


def filled(value: float):
    """Attention that hides by a score that is low, but not low enough."""

    def weights(query, key, mask=None):
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        return torch.softmax(scores, -1) if mask is None else torch.softmax(scores.masked_fill(~mask, value), -1) * mask

    return weights


def divided_again(query, key, mask=None):
    """Hidden after the softmax, and what is left divided by its sum."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        return torch.softmax(scores, -1)
    shares = torch.softmax(scores, -1) * mask
    return shares / (shares.sum(-1, keepdim=True) + 1e-9)


def without_the_largest(query, key, mask=None):
    """A softmax that takes nothing off."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    powers = scores.exp() if mask is None else scores.exp() * mask
    return powers / powers.sum(-1, keepdim=True).clamp(min=1e-30)


@pytest.mark.parametrize("weights", [*map(filled, (-30.0, -1e3, -1e4)), divided_again, without_the_largest])
def test_attention_is_tried_where_large_scores_are_hidden(weights) -> None:
    def layer(x, weight, bias, output_weight, output_bias, heads, mask=None):
        query, key, value = (TEXTBOOK.split_heads(part, heads) for part in (x @ weight.T + bias).chunk(3, -1))
        return TEXTBOOK.merge_heads(weights(query, key, mask) @ value) @ output_weight.T + output_bias

    def whole(query, key, value, mask=None, dropout=0.0):
        return weights(query, key, mask) @ value

    for name, function in (("attention_weights", weights), ("attention", whole), ("multi_head_attention", layer)):
        assert [seed for seed in range(20) if examine(name, function, seed).passed] == [], name


def test_a_token_that_sees_nothing_is_tried_in_the_whole_layer(monkeypatch) -> None:
    def careless(query, key, value, mask=None):
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        return torch.softmax(scores if mask is None else scores.masked_fill(~mask, -1e9), -1) @ value

    key = AnswerKey(CONTRACTS["encoder_layer"], 0)
    monkeypatch.setattr(heads, "attention", careless)
    assert key.judge(key.answers(CONTRACTS["encoder_layer"].reference)).failed == ("a token that may see nothing",)


def total_of_losses(logits, labels, reduction="mean"):
    """Never divided."""
    valid = labels != -100
    logits, labels = logits[valid], labels[valid]
    return (torch.logsumexp(logits, -1) - logits[torch.arange(len(labels)), labels]).sum()


def two_forms_exchanged(*state, decay="decoupled", **settings):
    other = {"decoupled": "document", "document": "decoupled"}
    return TEXTBOOK.adamw_update(*state, decay=other[decay], **settings)


@pytest.mark.parametrize(
    ("name", "wrong", "sentence"),
    [
        ("cross_entropy", total_of_losses, "the sum of the losses, whatever `reduction` says."),
        ("adamw_update", two_forms_exchanged, "the two forms of decay exchanged."),
    ],
)
def test_the_right_mistake_is_named(name, wrong, sentence) -> None:
    for seed in range(10):
        assert examine(name, wrong, seed).mutant.sentence.startswith(sentence)


def below_the_end(step, warmup_steps, total_steps):
    """Right but for a run of warm-up alone."""
    if step < warmup_steps:
        return step / warmup_steps
    if step >= total_steps:
        return 0.0
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / (total_steps - warmup_steps)))


def test_a_mistake_that_fails_elsewhere_is_not_named() -> None:
    verdict = examine("cosine_schedule", below_the_end)
    assert verdict.failed == ("a run of warm-up alone",)
    assert verdict.mutant is None


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("attention_scores", lambda query, keys: torch.einsum("d,kd->k", query / math.sqrt(len(query)), keys)),
        ("attention_scores", lambda query, keys: (keys * query).sum(-1) / len(query) ** 0.5),
        ("softmax", lambda scores, dim=-1: (scores - torch.logsumexp(scores, dim, keepdim=True)).exp()),
    ],
)
def test_another_right_form_passes_at_every_seed(name, function) -> None:
    assert [seed for seed in range(120) if not examine(name, function, seed).passed] == []


def test_what_breaks_on_the_way_back_is_said_so() -> None:
    def in_place(scores, dim=-1):
        powers = torch.exp(scores - scores.amax(dim, keepdim=True))
        powers /= powers.sum(dim, keepdim=True)
        return powers

    verdict = examine("softmax", in_place)
    assert verdict.failed == ("the backward pass",)
    assert "is changed in place, by +=" in verdict.difference.what
    assert "is changed in place, by +=" in feedback(verdict)


def test_a_thousandth_is_too_much() -> None:
    wrong = examine(
        "attention_scores", lambda query, keys: 1.001 * CONTRACTS["attention_scores"].reference(query, keys)
    )
    assert not wrong.passed
