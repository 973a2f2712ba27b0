"""Tags, spans and sets of labels: loss and gradients equal Hugging Face's; what does not count changes nothing."""

import itertools
import logging

import pytest
import torch
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from minisft.data import Batch
from minisft.models import (
    FineTuned,
    MultiLabelClassifier,
    NestedTokenClassifier,
    SequenceClassifier,
    SpanClassifier,
    TokenClassifier,
    load_fine_tuned,
)
from minisft.objectives import MultiLabel, Spans, Tagging
from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops
from tests.conftest import SMALL

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
TAGS = ["O", "B-person", "I-person", "B-place", "I-place"]
# Ours, theirs, the objective, the labels' names, and what a label of the three rows of 11 tokens looks like.
HEADS = [
    (TokenClassifier, AutoModelForTokenClassification, Tagging, TAGS),
    (SpanClassifier, AutoModelForQuestionAnswering, Spans, ["start", "end"]),
    (MultiLabelClassifier, AutoModelForSequenceClassification, MultiLabel, ["joy", "fear", "anger", "calm"]),
]


def make_labels(kind: str, names: list[str]) -> torch.Tensor:
    """Labels for three rows of eleven, four and seven tokens; continuation pieces and padding do not count."""
    generator = torch.Generator().manual_seed(3)
    if kind == "span":
        return torch.tensor([[2, 5], [0, 0], [3, 3]])
    if kind == "labels":
        return torch.randint(0, 2, (3, len(names)), generator=generator).float()
    tags = torch.randint(0, len(names), (3, 1, 11), generator=generator)
    tags[:, :, [0, 4, 7, 10]] = IGNORED
    tags[1, :, 4:], tags[2, :, 7:] = IGNORED, IGNORED
    return tags


def make_batch(padded: dict[str, torch.Tensor], labels: torch.Tensor, mask: bool = True) -> Batch:
    """A batch of the small model's rows."""
    given = padded["attention_mask"] if mask else None
    return Batch(padded["input_ids"], given, padded["token_type_ids"], labels, [0, 1, 2])


def gradients(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The gradient of each parameter that has one."""
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@BOTH
@pytest.mark.parametrize(("model", "theirs", "objective", "names"), HEADS, ids=["tags", "span", "labels"])
def test_loss_and_gradients_equal_hugging_face(
    ops: Ops, model: type[FineTuned], theirs, objective, names, padded_batch, tmp_path
) -> None:
    torch.manual_seed(0)
    ours = model(SMALL, names, ops).eval()
    ours.save_pretrained(tmp_path)
    reference = theirs.from_pretrained(tmp_path).double().eval()
    assert list(reference.config.id2label.values()) == names
    ours = ours.double()
    # Without padding: Hugging Face's span head gives padding a share of the probability, ours does not.
    mask = model is not SpanClassifier
    batch = make_batch(padded_batch, make_labels(ours.kind, names), mask)
    loss, logits = objective(ops)(ours, batch)
    mean = loss / objective(ops).items(batch)
    given = {"input_ids": batch.input_ids, "token_type_ids": batch.token_type_ids}
    given |= {"attention_mask": batch.attention_mask.long()} if mask else {}
    if ours.kind == "span":
        given |= {"start_positions": batch.labels[:, 0], "end_positions": batch.labels[:, 1]}
    else:
        given["labels"] = batch.labels[:, 0] if ours.kind == "tags" else batch.labels.double()
    expected = reference(**given)
    assert mean.item() == pytest.approx(expected.loss.item(), abs=1e-6)
    if ours.kind == "tags":
        torch.testing.assert_close(logits[:, 0].double(), expected.logits, rtol=0, atol=1e-5)
    mean.backward()
    expected.loss.backward()
    head = "qa_outputs" if ours.kind == "span" else "classifier"
    names_of = {
        f"{head}.weight": f"{head}.weight",
        f"{head}.bias": f"{head}.bias",
        "bert.embeddings.word.weight": "bert.embeddings.word_embeddings.weight",
        "bert.layers.1.feed_forward.widen.weight": "bert.encoder.layer.1.intermediate.dense.weight",
    }
    found, wanted = gradients(ours), gradients(reference)
    for mine, other in names_of.items():
        assert wanted[other].abs().max() > 0
        # torch freezes the embedding of id 0, padding; Google trains it, and so do we.
        rows = slice(1, None) if "word" in mine else slice(None)
        torch.testing.assert_close(found[mine][rows], wanted[other][rows], rtol=1e-4, atol=1e-7)


@BOTH
def test_two_layers_of_tags_are_two_losses_summed(ops: Ops, padded_batch) -> None:
    torch.manual_seed(0)
    model = NestedTokenClassifier(SMALL, TAGS, ops).eval()
    outer = make_labels("tags", TAGS)
    inner = torch.where(outer == IGNORED, IGNORED, (outer + 1) % len(TAGS))
    batch = make_batch(padded_batch, torch.cat([outer, inner], dim=1))
    loss, logits = Tagging(ops)(model, batch)
    assert logits.shape == (3, 2, 11, 5)
    assert Tagging(ops).items(batch) == int((outer != IGNORED).sum())
    parts = [
        torch.nn.functional.cross_entropy(logits[:, layer].flatten(0, 1), tags.flatten(), reduction="sum")
        for layer, tags in enumerate((outer, inner))
    ]
    assert loss.item() == pytest.approx(sum(parts).item(), rel=1e-5)
    loss.backward()
    assert not torch.equal(model.classifier.weight.grad, model.nested_classifier.weight.grad)


@BOTH
def test_pieces_that_do_not_count_change_nothing(ops: Ops, padded_batch) -> None:
    torch.manual_seed(0)
    model = TokenClassifier(SMALL, TAGS, ops).eval()
    labels = make_labels("tags", TAGS)
    loss, logits = Tagging(ops)(model, make_batch(padded_batch, labels))
    (gradient,) = torch.autograd.grad(loss, logits)
    for b, layer, t in itertools.product(range(3), range(labels.shape[1]), range(11)):
        assert (labels[b, layer, t] == IGNORED) == (gradient[b, layer, t] == 0).all()
    kept = [(b, t) for b in range(3) for t in range(11) if labels[b, 0, t] != IGNORED]
    by_hand = sum(-logits[b, 0, t].log_softmax(-1)[labels[b, 0, t]] for b, t in kept)
    assert loss.item() == pytest.approx(by_hand.item(), rel=1e-5)  # and id 0, O, is a label like any other
    assert (labels == 0).any()


@pytest.mark.parametrize(("model", "theirs", "objective", "names"), HEADS, ids=["tags", "span", "labels"])
def test_padding_changes_nothing(model, theirs, objective, names, padded_batch) -> None:
    torch.manual_seed(0)
    ours = model(SMALL, names).double().eval()
    labels = make_labels(ours.kind, names)
    whole, _ = objective()(ours, make_batch(padded_batch, labels))
    alone = 0.0
    for row, length in enumerate((11, 4, 7)):
        cut = {name: value[row : row + 1, :length] for name, value in padded_batch.items()}
        own = labels[row : row + 1, :, :length] if ours.kind == "tags" else labels[row : row + 1]
        alone += objective()(ours, Batch(cut["input_ids"], None, cut["token_type_ids"], own, [0]))[0].item()
    assert whole.item() == pytest.approx(alone, rel=1e-6)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (SequenceClassifier, ["no", "yes"]),
        (SequenceClassifier, ["score"]),
        (MultiLabelClassifier, ["a", "b", "c"]),
        (TokenClassifier, TAGS),
        (NestedTokenClassifier, TAGS),
        (SpanClassifier, ["start", "end"]),
    ],
)
def test_a_folder_knows_what_it_is_for(model, names, padded_batch, tmp_path) -> None:
    torch.manual_seed(0)
    saved = model(SMALL, names).eval()
    saved.save_pretrained(tmp_path)
    opened = load_fine_tuned(tmp_path).eval()
    assert type(opened) is model
    assert (opened.kind, opened.labels) == (saved.kind, names)
    assert torch.equal(opened(**padded_batch), saved(**padded_batch))


def test_a_head_on_tokens_has_no_pooler_and_says_so(tmp_path, caplog) -> None:
    SequenceClassifier(SMALL, ["no", "yes"]).save_pretrained(tmp_path)
    with caplog.at_level(logging.WARNING, "minisft"):
        model = NestedTokenClassifier.from_pretrained(tmp_path, TAGS)
    assert not [name for name, _ in model.named_parameters() if "pooler" in name]
    assert "nested_classifier" in caplog.text
    assert "not used: bert.pooler.bias, bert.pooler.weight, classifier.bias, classifier.weight" in caplog.text
