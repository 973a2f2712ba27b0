"""The model equals Hugging Face's, keeps its invariants, and is trained by whatever ops it is given."""

import dataclasses
import inspect
import re

import pytest
import torch
from transformers import BertConfig as TheirConfig
from transformers import BertForSequenceClassification, BertModel

from minisft.checkpoints.mapping import to_hugging_face, to_ours
from minisft.errors import InputError
from minisft.models import (
    Bert,
    BertConfig,
    BertForPretraining,
    NestedTokenClassifier,
    PermutationBert,
    SequenceClassifier,
    SpanClassifier,
)
from minisft.ops import FUSED, TEXTBOOK, Ops
from minisft.text import Tokenizer
from tests.conftest import SMALL

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])


def pair(ops: Ops, labels: int = 3, **changes) -> tuple[SequenceClassifier, BertForSequenceClassification]:
    """A model of ours in float64 and Hugging Face's with the same weights, none of them 0 or 1."""
    config = dataclasses.replace(SMALL, **changes)
    torch.manual_seed(0)
    ours = SequenceClassifier(config, [f"label {i}" for i in range(labels)], ops).double()
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    theirs = BertForSequenceClassification(TheirConfig(**config.to_dict(), num_labels=labels)).double()
    theirs.load_state_dict(to_hugging_face(ours.state_dict(), config.num_hidden_layers))
    return ours.eval(), theirs.eval()


@BOTH
@pytest.mark.parametrize("act", ["gelu", "relu"])
def test_outputs_and_gradients_equal_hugging_face(ops: Ops, act, padded_batch) -> None:
    ours, theirs = pair(ops, hidden_act=act)
    logits, expected = ours(**padded_batch), theirs(**padded_batch).logits
    torch.testing.assert_close(logits, expected, rtol=1e-10, atol=1e-12)
    weights = torch.linspace(-1, 2, logits.numel(), dtype=logits.dtype).reshape(logits.shape)
    (logits * weights).sum().backward()
    (expected * weights).sum().backward()
    gradients, unused = to_ours({name: p.grad for name, p in theirs.named_parameters()}, SMALL.num_hidden_layers)
    assert unused == []
    assert set(gradients) == set(dict(ours.named_parameters()))
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad.float(), gradients[name], rtol=1e-5, atol=1e-6, msg=name)


@BOTH
def test_every_hidden_state_of_a_real_bert(ops: Ops, minilm) -> None:
    tokenizer = Tokenizer.from_folder(minilm)
    first = ["The ferry did not sail on Sunday.", "Naïve café, 東京!", "No."]
    second = ["On Sunday the ferry stayed in port because of the storm.", "Why?", "Yes, said the mayor."]
    encoded = tokenizer.encode(first, second)
    longest = max(map(len, encoded.input_ids))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in encoded.input_ids])
    segments = torch.tensor([row + [0] * (longest - len(row)) for row in encoded.token_type_ids])
    mask = torch.arange(longest) < torch.tensor([[len(row)] for row in encoded.input_ids])
    ours = Bert.from_pretrained("minilm", ops=ops).eval()
    theirs = BertModel.from_pretrained(minilm).eval()
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask, token_type_ids=segments, output_hidden_states=True)
        states = ours.hidden_states(ids, mask, segments)
        _, pooled = ours(ids, mask, segments)
    assert len(states) == len(expected.hidden_states) == 7
    for layer, (mine, reference) in enumerate(zip(states, expected.hidden_states, strict=True)):
        torch.testing.assert_close(mine[mask], reference[mask], rtol=0, atol=1e-5, msg=f"layer {layer}")
    torch.testing.assert_close(pooled, expected.pooler_output, rtol=0, atol=1e-5)


@BOTH
def test_padding_and_its_content_change_nothing(ops: Ops, padded_batch) -> None:
    model, _ = pair(ops)
    together = model(**padded_batch)
    noise = {**padded_batch, "input_ids": padded_batch["input_ids"] + ~padded_batch["attention_mask"] * 5}
    torch.testing.assert_close(model(**noise), together, rtol=1e-12, atol=1e-12)
    for row, length in enumerate(padded_batch["attention_mask"].sum(1).tolist()):
        ids = padded_batch["input_ids"][row : row + 1, :length]
        alone = model(ids, None, padded_batch["token_type_ids"][row : row + 1, :length])
        torch.testing.assert_close(alone, together[row : row + 1], rtol=1e-10, atol=1e-12)


@BOTH
def test_a_permuted_batch_gives_a_permuted_result(ops: Ops, padded_batch) -> None:
    model, _ = pair(ops)
    order = torch.tensor([2, 0, 1])
    permuted = model(**{name: tensor[order] for name, tensor in padded_batch.items()})
    torch.testing.assert_close(permuted, model(**padded_batch)[order], rtol=1e-12, atol=1e-12)


@BOTH
@pytest.mark.parametrize("wanted", [[], [13, 1, 24], [0, 11]], ids=["none", "some", "two [CLS]"])
def test_the_last_layer_gives_what_is_asked_for_and_computes_no_more(ops: Ops, wanted, padded_batch) -> None:
    model, positions, rows = pair(ops)[0].bert, torch.tensor(wanted, dtype=torch.long), []
    last, pooled = model(**padded_batch)
    for layer in model.layers:
        layer.feed_forward.register_forward_hook(lambda module, inputs, output: rows.append(output.shape))
    some, same_pooled = model(**padded_batch, positions=positions)
    torch.testing.assert_close(some, last.flatten(0, 1)[positions], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(same_pooled, pooled, rtol=1e-10, atol=1e-12)
    assert rows == [(3, 11, 12), (3, 11, 12), (1, 3 + len(wanted), 12)]
    weights = torch.linspace(-1, 2, some.numel()).double().view_as(some)
    gradients = []
    for hidden, vector in ((some, same_pooled), (last.flatten(0, 1)[positions], pooled)):
        wanted_gradients = torch.autograd.grad((hidden * weights).sum() + vector.sum(), list(model.parameters()))
        gradients.append(wanted_gradients)
    for mine, reference in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-9, atol=1e-10)


def test_a_compiled_model_gives_the_same(padded_batch, unchecked) -> None:
    """It is traced whole, with a mask and without; and what was traced fits another size of batch."""
    model, twin = (pair(FUSED, num_hidden_layers=2)[0] for _ in range(2))
    twin.compile(dynamic=True, fullgraph=True, backend="aot_eager")  # traced as for a GPU, with no compiler needed
    for rows, tokens, fits in ((3, 11, False), (2, 7, True)):
        batch = {name: tensor[:rows, :tokens].clone() for name, tensor in padded_batch.items()}
        for mask in (batch["attention_mask"], None):
            results = []
            for one in (model, twin):
                with torch._dynamo.config.patch(error_on_recompile=fits):
                    logits = one(batch["input_ids"], mask, batch["token_type_ids"])
                results.append((logits, *torch.autograd.grad(logits.square().sum(), list(one.parameters()))))
            for expected, mine in zip(*results, strict=True):
                torch.testing.assert_close(mine, expected)


def test_word_order_and_segment_matter(padded_batch) -> None:
    model, _ = pair(FUSED)
    full = {name: tensor[:1] for name, tensor in padded_batch.items()}
    before = model(**full)
    flipped = {**full, "input_ids": full["input_ids"].flip(1)}
    assert (model(**flipped) - before).abs().max() > 1e-5
    assert (model(**{**full, "token_type_ids": 1 - full["token_type_ids"]}) - before).abs().max() > 1e-5


def test_the_network_calls_every_op_it_is_given(padded_batch) -> None:
    names = ["attention", "split_heads", "merge_heads", "layer_norm", "gelu", "linear", "feed_forward", "embedding"]
    called = set()

    def watch(name: str):
        function = getattr(TEXTBOOK, name)
        return lambda *args, **kwargs: (called.add(name), function(*args, **kwargs))[1]

    ops = TEXTBOOK.replace(**{name: watch(name) for name in [*names, "dropout"]})
    SequenceClassifier(SMALL, ["no", "yes"], ops).train()(**padded_batch)
    assert called == {*names, "dropout"}


@BOTH
def test_dropout_stands_where_bert_has_it(ops: Ops, padded_batch) -> None:
    probabilities = {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.2, "classifier_dropout": 0.4}
    places = []

    def record(x: torch.Tensor, p: float) -> torch.Tensor:
        places.append(p)
        return x

    def attend(*inputs) -> torch.Tensor:
        places.append(("attention", inputs[4]))
        return ops.attention(*inputs[:4])

    watched = ops.replace(dropout=record, attention=attend)
    model = SequenceClassifier(dataclasses.replace(SMALL, **probabilities), ["no", "yes"], watched)
    model.train()(**padded_batch)
    assert places == [0.3, *[("attention", 0.2), 0.3, 0.3] * 3, 0.4]
    places.clear()
    model.eval()(**padded_batch)
    assert places == [0.0, *[("attention", 0.0), 0.0, 0.0] * 3, 0.0]


def test_initialisation_is_berts() -> None:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=5000, hidden_size=96, num_hidden_layers=2, initializer_range=0.03)
    several = [f"label {number}" for number in range(100)]
    heads = NestedTokenClassifier(config, several), SequenceClassifier(config, several), SpanClassifier(config, several)
    models = *heads, BertForPretraining(config), PermutationBert(config)
    for name, parameter in (pair for model in models for pair in model.named_parameters()):
        if name.endswith("bias"):
            assert (parameter == 0).all(), name
        elif "norm" in name:
            assert (parameter == 1).all(), name
        else:  # five standard errors
            assert parameter.std().item() == pytest.approx(0.03, rel=5 / (2 * parameter.numel()) ** 0.5), name
            assert abs(parameter.mean().item()) < 5 * 0.03 / parameter.numel() ** 0.5, name


def test_what_does_not_fit_is_said(unchecked) -> None:
    model = Bert(SMALL)
    with pytest.raises(InputError, match="41 tokens are more than the model's 40 positions"):
        model(torch.zeros(2, 41, dtype=torch.long))
    with pytest.raises(InputError, match="num_attention_heads 5 does not divide hidden_size 12"):
        dataclasses.replace(SMALL, num_attention_heads=5)
    wrong = {"num_attention_heads": 0, "hidden_size": "16", "vocab_size": -3, "layer_norm_eps": "1"}
    for name, value in (wrong | {"hidden_dropout_prob": 1.5, "attention_probs_dropout_prob": "0.1"}).items():
        with pytest.raises(InputError, match=f"{name} is {value!r}; expected"):
            dataclasses.replace(SMALL, **{name: value})
    with pytest.raises(InputError, match="hidden_act 'swish'"):
        dataclasses.replace(SMALL, hidden_act="swish")
    with pytest.raises(InputError, match="model_type is 'roberta', expected 'bert'"):
        BertConfig.from_dict({"model_type": "roberta"})
    with pytest.raises(InputError, match="position_embedding_type is 'relative_key'"):
        BertConfig.from_dict({"position_embedding_type": "relative_key"})


def test_the_models_use_no_layer_of_torch() -> None:
    import minisft.models as room

    used = {type(module).__module__ for module in SequenceClassifier(SMALL, ["no", "yes"]).modules()}
    assert used == {
        "torch.nn.modules.container",
        *(f"{room.__name__}.{name}" for name in ("bert", "classifier", "encoder", "layers")),
    }
    assert "torch.nn.functional" not in inspect.getsource(inspect.getmodule(Bert))


def test_a_dropout_for_the_head_may_be_left_out() -> None:
    assert BertConfig.from_dict({"classifier_dropout": None}).classifier_dropout is None


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classifier_dropout": "0.1"}, "classifier_dropout is '0.1'; expected a number"),
        ({"classifier_dropout": 1.0}, "classifier_dropout is 1.0; expected 0 or more, and less than 1"),
        ({"hidden_dropout_prob": None}, "hidden_dropout_prob is None; expected a number"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0; expected a whole number, at least 1"),
        ({"num_attention_heads": 5}, "num_attention_heads 5 does not divide hidden_size 768"),
        ({"hidden_act": "gelu_new"}, "hidden_act 'gelu_new' is not known"),
        ({"is_decoder": True}, "this is not a BERT encoder: is_decoder is True"),
        ({"add_cross_attention": True}, "this is not a BERT encoder: add_cross_attention is True"),
    ],
)
def test_a_configuration_that_cannot_be(changes, message) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        BertConfig.from_dict(changes)


@pytest.mark.parametrize(("asked", "hidden", "expected"), [(None, 0.3, 0.3), (0.0, 0.3, 0.0), (0.2, 0.3, 0.2)])
def test_the_heads_own_dropout(asked, hidden, expected) -> None:
    """0 is a probability like any other, and not the absence of one."""
    config = dataclasses.replace(SMALL, classifier_dropout=asked, hidden_dropout_prob=hidden)
    seen = []

    def dropout(x: torch.Tensor, p: float) -> torch.Tensor:
        seen.append(p)
        return x

    model = SequenceClassifier(config, ["no", "yes"], FUSED.replace(dropout=dropout)).train()
    model(torch.randint(5, 90, (2, 4)))
    assert seen[-1] == expected
    assert set(seen[:-1]) == {hidden}
    # Nothing is dropped before an answer's place, as in Google's BERT.
    seen.clear()
    SpanClassifier(config, ["start", "end"], FUSED.replace(dropout=dropout)).train()(torch.randint(5, 90, (2, 4)))
    assert len(seen) == 1 + 2 * SMALL.num_hidden_layers


def test_outer_tags_come_first() -> None:
    model = NestedTokenClassifier(SMALL, ["O", "B-x", "I-x"]).eval()
    ids = torch.randint(5, 90, (2, 7))
    states = model.bert.hidden_states(ids)[-1]
    outer, inner = model(ids).unbind(1)
    torch.testing.assert_close(outer, model.classifier(states))
    torch.testing.assert_close(inner, model.nested_classifier(states))
    assert not torch.allclose(outer, inner)


def test_a_mask_of_another_shape_is_refused(unchecked) -> None:
    model = Bert(SMALL).eval()
    with pytest.raises(InputError, match=r"attention_mask has shape \(2, 3\), expected that of input_ids, \(2, 7\)"):
        model(torch.randint(5, 90, (2, 7)), torch.ones(2, 3, dtype=torch.bool))
