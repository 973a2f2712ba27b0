"""Wrong answers that learners have given and that no mutant is: each must fail."""

import pytest

from minisft.checks import CONTRACTS, Mutant, examine
from minisft.objectives.masked import mask_words

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
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_fails_at_every_seed(case: str) -> None:
    name = case.split(",")[0]
    wrong = Mutant(case, WRONG[case], mask_words if name == "mask_words" else None).of(CONTRACTS[name].reference)
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
