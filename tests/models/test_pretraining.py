"""The heads of pretraining equal Hugging Face's, in value and gradient, and go through files both ways."""

import dataclasses
import logging

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import AutoModelForSequenceClassification, BertForPreTraining
from transformers import BertConfig as TheirConfig

from minisft.checkpoints import read_checkpoint
from minisft.checkpoints.mapping import to_hugging_face, to_ours
from minisft.models import Bert, BertForPretraining, PermutationBert, SequenceClassifier
from minisft.objectives import MaskedAndNext, MaskedBatch, MaskedWords, NextSentence
from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops
from tests.conftest import SMALL

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])


def pair(ops: Ops, **changes) -> tuple[BertForPretraining, BertForPreTraining]:
    """A model of ours in float64 and Hugging Face's with the same weights, none of them 0 or 1."""
    config = dataclasses.replace(SMALL, **changes)
    torch.manual_seed(0)
    ours = BertForPretraining(config, ops).double()
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    theirs = BertForPreTraining(TheirConfig(**config.to_dict())).double()
    missing, unexpected = theirs.load_state_dict(to_hugging_face(ours.state_dict(), 3), strict=False)
    assert set(missing) == {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}  # both are tied
    assert unexpected == []
    theirs.tie_weights()
    return ours.eval(), theirs.eval()


@pytest.fixture
def masked_batch(padded_batch) -> MaskedBatch:
    """Rows of unlike length; one label is id 0, one row has a single label."""
    labels = torch.full((3, 11), IGNORED)
    labels[0, [1, 5, 10]] = torch.tensor([42, 0, 96])
    labels[1, 2] = 7
    labels[2, [0, 6]] = torch.tensor([3, 3])
    positions = torch.tensor([1, 5, 10, 13, 22, 28])
    return MaskedBatch(
        **padded_batch, labels=labels, positions=positions, next_labels=torch.tensor([0, 1, 1]), rows=[0, 1, 2]
    )


@BOTH
@pytest.mark.parametrize("act", ["gelu", "relu"])
def test_loss_and_gradients_equal_hugging_face_and_torch(ops: Ops, act, masked_batch) -> None:
    ours, theirs = pair(ops, hidden_act=act)
    total, _ = MaskedAndNext(ops)(ours, masked_batch)
    loss = total / MaskedAndNext(ops).items(masked_batch)
    inputs = {name: getattr(masked_batch, name) for name in ("input_ids", "attention_mask", "token_type_ids")}
    expected = theirs(**inputs, labels=masked_batch.labels, next_sentence_label=masked_batch.next_labels)
    assert loss.item() == pytest.approx(expected.loss.item(), abs=1e-6)  # logits are float32 in the loss
    loss.backward()
    expected.loss.backward()
    gradients, unused = to_ours({name: p.grad for name, p in theirs.named_parameters()}, SMALL.num_hidden_layers)
    assert unused == []
    assert set(gradients) == set(dict(ours.named_parameters()))
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad.float(), gradients[name], rtol=1e-4, atol=1e-6, msg=name)
    words = functional.cross_entropy(expected.prediction_logits.flatten(0, 1), masked_batch.labels.flatten())
    following = functional.cross_entropy(expected.seq_relationship_logits, masked_batch.next_labels)
    assert (MaskedWords(ops)(ours, masked_batch)[0] / 6).item() == pytest.approx(words.item(), abs=1e-5)
    assert (NextSentence(ops)(ours, masked_batch)[0] / 3).item() == pytest.approx(following.item(), abs=1e-5)


@BOTH
def test_logits_at_the_masked_positions_and_everywhere(ops: Ops, masked_batch) -> None:
    ours, theirs = pair(ops)
    inputs = (masked_batch.input_ids, masked_batch.attention_mask, masked_batch.token_type_ids)
    expected = theirs(*inputs)
    some, following = ours(*inputs, masked_batch.positions)
    everywhere, _ = ours(*inputs)
    reference = expected.prediction_logits.flatten(0, 1)
    torch.testing.assert_close(everywhere, reference, rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(some, reference[masked_batch.positions], rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(following, expected.seq_relationship_logits, rtol=1e-9, atol=1e-10)


def test_the_head_gets_the_masked_rows_and_no_others(masked_batch) -> None:
    model, shapes = BertForPretraining(SMALL), []
    model.mlm.register_forward_hook(lambda module, inputs, output: shapes.append((len(inputs[0]), len(output))))
    MaskedAndNext()(model, masked_batch)
    NextSentence()(model, masked_batch)
    assert shapes == [(6, 6), (0, 0)]


def test_the_decoder_is_the_table_of_words_itself() -> None:
    model = BertForPretraining(SMALL)
    names = dict(model.named_parameters())
    assert [name for name, p in names.items() if p.shape == (97, 12)] == ["bert.embeddings.word.weight"]
    model.bert.embeddings.word.weight.data.zero_()
    model.mlm.bias.data.copy_(torch.arange(97.0))
    logits, _ = model(torch.arange(5, 15)[None])
    torch.testing.assert_close(logits, torch.arange(97.0).expand(10, 97))


@pytest.mark.parametrize("half", [False, True])
def test_transformers_opens_what_we_save(half, masked_batch, tmp_path, caplog) -> None:
    ours, _ = pair(FUSED)
    ours.float().save_pretrained(tmp_path, half=half)
    theirs, report = BertForPreTraining.from_pretrained(tmp_path, output_loading_info=True, dtype=torch.float32)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    again = BertForPretraining.from_pretrained(tmp_path).eval()
    assert caplog.records == []  # nothing new, nothing unused
    assert {parameter.dtype for parameter in again.parameters()} == {torch.float32}
    for name, parameter in again.named_parameters():
        wanted = ours.get_parameter(name)
        assert torch.equal(parameter, wanted.half().float() if half else wanted), name
    inputs = (masked_batch.input_ids, masked_batch.attention_mask, masked_batch.token_type_ids)
    with torch.no_grad():
        expected, (words, following) = theirs.eval()(*inputs), again(*inputs)
    torch.testing.assert_close(words, expected.prediction_logits.flatten(0, 1), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(following, expected.seq_relationship_logits, rtol=1e-5, atol=1e-5)
    stored = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16 if half else torch.float32}


@pytest.mark.parametrize("duplicates", [False, True])
def test_we_open_what_transformers_saves(duplicates, masked_batch, tmp_path, caplog) -> None:
    _, theirs = pair(FUSED)
    theirs.float().save_pretrained(tmp_path)
    if duplicates:  # converted from a pickle, a file has the tied tensors twice
        tensors = load_file(tmp_path / "model.safetensors")
        tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"].clone()
        tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].clone()
        save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    ours = BertForPretraining.from_pretrained(tmp_path).eval()
    assert caplog.records == []
    inputs = (masked_batch.input_ids, masked_batch.attention_mask, masked_batch.token_type_ids)
    with torch.no_grad():
        expected = theirs(*inputs)
        torch.testing.assert_close(ours(*inputs)[0], expected.prediction_logits.flatten(0, 1), rtol=1e-5, atol=1e-5)


def test_a_decoder_of_its_own_is_not_passed_over(tmp_path) -> None:
    _, theirs = pair(FUSED)
    theirs.float().save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["cls.predictions.decoder.weight"] = tensors["bert.embeddings.word_embeddings.weight"] + 1
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    assert read_checkpoint(tmp_path).unused == ["cls.predictions.decoder.weight"]


def test_encoder_and_classifier_open_the_same_folder(padded_batch, tmp_path, caplog) -> None:
    ours, _ = pair(FUSED)
    ours.float().save_pretrained(tmp_path / "pretrained")
    with caplog.at_level(logging.WARNING, "minisft"):
        encoder = Bert.from_pretrained(tmp_path / "pretrained").eval()
        classifier = SequenceClassifier.from_pretrained(tmp_path / "pretrained", ["no", "yes"]).eval()
    unused = "not used: mlm.bias, mlm.norm.bias, mlm.norm.weight, mlm.transform.bias and 3 more"
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == [
        unused, "new and untrained: classifier.weight, classifier.bias", unused,
    ]  # fmt: skip
    last, pooled = ours.bert(**padded_batch)
    torch.testing.assert_close(encoder(**padded_batch), (last, pooled))
    torch.testing.assert_close(classifier.bert(**padded_batch), (last, pooled))
    # A fine-tuned one goes on to transformers without the heads of pretraining.
    classifier.save_pretrained(tmp_path / "tuned")
    _, report = AutoModelForSequenceClassification.from_pretrained(tmp_path / "tuned", output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def test_a_checkpoint_without_heads_gets_new_ones_and_says_so(caplog) -> None:
    with caplog.at_level(logging.WARNING, "minisft"):
        BertForPretraining.from_pretrained("minilm")
    (record,) = caplog.records
    assert "minilm: new and untrained: mlm.bias, mlm.transform.weight, mlm.transform.bias" in record.getMessage()


def test_the_permutation_model_is_a_bert_with_one_vector_more(tmp_path, caplog, padded_batch) -> None:
    torch.manual_seed(1)
    model = PermutationBert(SMALL).eval()
    model.save_pretrained(tmp_path)
    again = PermutationBert.from_pretrained(tmp_path)
    assert caplog.records == []
    for name, parameter in again.named_parameters():
        assert torch.equal(parameter, model.get_parameter(name)), name
    difference = sum(p.numel() for p in BertForPretraining(SMALL).parameters()) - sum(
        p.numel() for p in again.parameters()
    )
    assert difference == 2 * SMALL.hidden_size + 2 - SMALL.hidden_size  # the head of the next sentence, less query_word
    with torch.no_grad():
        expected = model.bert(**padded_batch)
        torch.testing.assert_close(Bert.from_pretrained(tmp_path).eval()(**padded_batch), expected)
    assert "not used: mlm.bias" in caplog.text
    assert "query_word" in read_checkpoint(tmp_path).weights


def test_dropout_is_changed_in_what_is_loaded(tmp_path) -> None:
    for model in (BertForPretraining(SMALL), PermutationBert(SMALL)):
        folder = tmp_path / type(model).__name__
        model.save_pretrained(folder)
        changed = type(model).from_pretrained(folder, hidden_dropout_prob=0.3)
        assert changed.bert.layers[0].p == changed.bert.embeddings.p == 0.3
