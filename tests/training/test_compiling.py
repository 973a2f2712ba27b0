"""What torch.compile makes of a model computes the same. No compiler is needed for that: the model is traced alone."""

import copy
import itertools
import re
from dataclasses import replace

import pytest
import torch

from minisft.errors import InputError
from minisft.models import BertForPretraining, PermutationBert
from minisft.objectives import MaskedBatch, MaskedWords, PermutedWords
from minisft.objectives.permutation import PermutedBatch, order_words
from minisft.objectives.pretraining import labelled
from minisft.ops import IGNORED
from minisft.training.compiling import compile_parts
from tests.conftest import SMALL


def words() -> tuple[torch.Tensor, torch.Generator]:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(5, SMALL.vocab_size, (3, 9), generator=generator), generator


def masked_batch() -> MaskedBatch:
    ids, generator = words()
    labels = torch.where(torch.rand(3, 9, generator=generator) < 0.3, ids, IGNORED)
    mask = torch.arange(9) < torch.tensor([[9], [7], [8]])
    segments = (torch.arange(9) > 4).long().expand(3, 9)
    return MaskedBatch(ids, mask, segments, labels, labelled(labels), torch.zeros(3, dtype=torch.long), [0, 1, 2])


def permuted_batch() -> PermutedBatch:
    ids, generator = words()
    ordered = order_words(ids, torch.ones_like(ids, dtype=torch.bool), torch.rand(3, 9, generator=generator))
    return PermutedBatch(ids, None, torch.zeros_like(ids), *ordered, labelled(ordered[2]), [0, 1, 2])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("kind", "objective", "batch"),
    [(BertForPretraining, MaskedWords(), masked_batch()), (PermutationBert, PermutedWords(), permuted_batch())],
    ids=["masked", "permuted"],
)
def test_loss_and_gradients_are_the_same(kind, objective, batch) -> None:
    torch.manual_seed(0)
    model = kind(SMALL).eval()
    twin, traced_objective = copy.deepcopy(model), copy.copy(objective)
    compile_parts(twin, traced_objective, backend="aot_eager")
    traced = [name for name, part in twin.named_modules() if part._compiled_call_impl]
    assert traced == ["bert.embeddings", "bert.layers.0", "bert.layers.1", "bert.layers.2", "mlm"]
    assert list(twin.state_dict()) == list(model.state_dict())  # no name has changed: it is saved as ever
    assert (batch.labels != IGNORED).sum() == objective.items(batch) > 1
    results = []
    for one, judge in ((model, objective), (twin, traced_objective)):
        loss, logits = judge(one, batch)
        loss.backward()
        results.append((loss, logits, *(p.grad for p in one.parameters() if p.grad is not None)))
    assert len(results[0]) > 40
    for expected, mine in zip(*results, strict=True):
        torch.testing.assert_close(mine, expected)


@pytest.mark.usefixtures("unchecked")
def test_training_with_dropout_is_traced() -> None:
    torch.manual_seed(0)
    model = BertForPretraining(replace(SMALL, hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3)).train()
    objective = MaskedWords()
    compile_parts(model, objective, backend="aot_eager")
    losses = []
    for _ in range(20):
        model.zero_grad()
        loss, _ = objective(model, masked_batch())
        loss.backward()
        assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
        losses.append(loss.item())
    assert len(set(losses)) == 20
    still, _ = objective(model.eval(), masked_batch())
    assert sum(losses) / 20 == pytest.approx(still.item(), rel=0.1)


@pytest.mark.usefixtures("unchecked")
def test_no_form_of_a_layer_is_left_uncompiled() -> None:
    """With a mask or none, at the hidden words alone or everywhere, in one size and in others, to learn and to test."""
    torch.manual_seed(0)
    model, objective, batch = BertForPretraining(SMALL), MaskedWords(), masked_batch()
    compile_parts(model, objective, backend="eager")
    smaller = batch.share(0, 2)
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        for one, mask in itertools.product((batch, smaller), (True, False)):
            one = one if mask else replace(one, attention_mask=None)
            for training in (True, False):
                objective(model.train(training), one)
                model(one.input_ids, one.attention_mask, one.token_type_ids)


def test_no_compiler_is_said_before_anything_is_compiled(monkeypatch, tmp_path) -> None:
    model, objective = BertForPretraining(SMALL), MaskedWords()
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(InputError, match=r"found no C\+\+ compiler \(no-such-compiler\): install it, set CXX"):
        compile_parts(model, objective)
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "other++").touch(mode=0o755)
    for platform, name in (("linux", "g++"), ("darwin", "clang++"), ("win32", "cl")):
        monkeypatch.setattr("sys.platform", platform)
        with pytest.raises(InputError, match=re.escape(f"({name})")):
            compile_parts(model, objective)
    assert "loss" not in vars(objective)
    assert not any(part._compiled_call_impl for part in model.modules())
