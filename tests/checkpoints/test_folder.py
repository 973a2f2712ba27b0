"""Folders in and out: the same as Hugging Face's, nothing silently lost, nothing broken half-way."""

import json
import logging
import os
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, BertForPreTraining, BertForSequenceClassification
from transformers import BertConfig as TheirConfig

from minisft.checkpoints import locate, read_checkpoint
from minisft.errors import InputError
from minisft.files import write_atomically
from minisft.models import Bert, SequenceClassifier
from tests.conftest import SMALL


@pytest.fixture
def saved(tmp_path) -> Path:
    """A small classifier, saved."""
    torch.manual_seed(3)
    SequenceClassifier(SMALL, ["no", "yes", "maybe"]).save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def rewrite(folder: Path, change) -> None:
    """Pass the tensors of a folder through `change`."""
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, {"format": "pt"})


def test_transformers_opens_what_we_save(saved, padded_batch) -> None:
    ours = SequenceClassifier.from_pretrained(saved).eval()
    theirs, report = AutoModelForSequenceClassification.from_pretrained(saved, output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert theirs.config.id2label == {0: "no", 1: "yes", 2: "maybe"}
    with torch.no_grad():
        torch.testing.assert_close(ours(**padded_batch), theirs.eval()(**padded_batch).logits, rtol=0, atol=1e-6)


def test_we_open_what_transformers_saves(saved, padded_batch, tmp_path, caplog) -> None:
    theirs = AutoModelForSequenceClassification.from_pretrained(saved).eval()
    theirs.save_pretrained(tmp_path / "theirs")
    ours = SequenceClassifier.from_pretrained(tmp_path / "theirs").eval()
    assert ours.labels == ["no", "yes", "maybe"]
    assert caplog.records == []  # nothing new, nothing unused
    with torch.no_grad():
        torch.testing.assert_close(ours(**padded_batch), theirs(**padded_batch).logits, rtol=0, atol=1e-6)


def test_regression_survives_the_round_trip(tmp_path, padded_batch) -> None:
    model = SequenceClassifier(SMALL, ["similarity"]).eval()
    model.save_pretrained(tmp_path)
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    assert theirs.config.problem_type == "regression"
    with torch.no_grad():
        torch.testing.assert_close(model(**padded_batch), theirs(**padded_batch).logits, rtol=0, atol=1e-6)


def test_real_pretraining_checkpoint_with_heads_aliases_and_old_names(tmp_path, caplog, padded_batch) -> None:
    theirs = BertForPreTraining(TheirConfig(**SMALL.to_dict())).eval()
    theirs.save_pretrained(tmp_path)

    def age(tensors: dict) -> dict:
        old = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
               for n, t in tensors.items()}  # fmt: skip
        # Of two names for one tensor, this file kept the decoder's.
        old["cls.predictions.decoder.weight"] = old.pop("bert.embeddings.word_embeddings.weight")
        return old | {"bert.embeddings.position_ids": torch.arange(40)[None]}

    rewrite(tmp_path, age)
    with caplog.at_level(logging.WARNING, "minisft"):
        ours = Bert.from_pretrained(tmp_path).eval()
    assert "not used: mlm.bias, mlm.norm.bias" in caplog.text
    assert "position_ids" not in caplog.text
    with torch.no_grad():
        expected = theirs.bert(**padded_batch)
        last, pooled = ours(**padded_batch)
    mask = padded_batch["attention_mask"]
    torch.testing.assert_close(last[mask], expected.last_hidden_state[mask], rtol=0, atol=1e-6)
    torch.testing.assert_close(pooled, expected.pooler_output, rtol=0, atol=1e-6)


def test_without_the_bert_prefix(saved, padded_batch) -> None:
    before = SequenceClassifier.from_pretrained(saved).eval()
    rewrite(saved, lambda tensors: {name.removeprefix("bert."): tensor for name, tensor in tensors.items()})
    after = SequenceClassifier.from_pretrained(saved).eval()
    assert torch.equal(before(**padded_batch), after(**padded_batch))


def test_shards(saved, padded_batch) -> None:
    before = SequenceClassifier.from_pretrained(saved).eval()
    tensors = load_file(saved / "model.safetensors")
    names, index = sorted(tensors), {}
    for number, part in enumerate((names[:9], names[9:])):
        save_file({name: tensors[name] for name in part}, saved / f"model-{number}.safetensors")
        index |= dict.fromkeys(part, f"model-{number}.safetensors")
    (saved / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    (saved / "model.safetensors").unlink()
    after = SequenceClassifier.from_pretrained(saved).eval()
    assert torch.equal(before(**padded_batch), after(**padded_batch))
    with torch.no_grad():
        after.classifier.weight.fill_(7.0)
    after.save_pretrained(saved)  # beside the shards and their index, which are an older model's from then on
    assert (SequenceClassifier.from_pretrained(saved).classifier.weight == 7.0).all()
    assert (AutoModelForSequenceClassification.from_pretrained(saved).classifier.weight == 7.0).all()


def test_new_and_unused_weights_are_said(saved, caplog) -> None:
    with caplog.at_level(logging.WARNING, "minisft"):
        SequenceClassifier.from_pretrained("minilm", ["no", "yes"])
    assert "minilm: new and untrained: classifier.weight, classifier.bias" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING, "minisft"):
        SequenceClassifier.from_pretrained(saved, ["no", "yes"])  # the saved head has three labels
    assert "new and untrained: classifier.weight" in caplog.text
    assert "not used: classifier.bias, classifier.weight" in caplog.text


INDEX = "model.safetensors.index.json"


def only_index(folder: Path, text: str) -> None:
    """Shards, and no whole file."""
    (folder / "model.safetensors").unlink()
    (folder / INDEX).write_text(text)


def ask_for_layers(folder: Path, count: int) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": count}))


DAMAGE = {
    "has no config.json; expected a folder with": lambda f: (f / "config.json").unlink(),
    "config.json is not JSON": lambda f: (f / "config.json").write_text("{"),
    "holds a list; expected an object": lambda f: (f / "config.json").write_text("[1]"),
    "no num_hidden_layers (model_type 'gpt2')": lambda f: (f / "config.json").write_text('{"model_type": "gpt2"}'),
    "has no model.safetensors; expected the weights there": lambda f: (f / "model.safetensors").unlink(),
    "a pickle can run any code": lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"),
    "model.safetensors is broken": lambda f: os.truncate(f / "model.safetensors", 5000),
    "model.safetensors is broken (": lambda f: (f / "model.safetensors").write_bytes(b""),
    "index.json does not say where the weights are": lambda f: only_index(f, '{"weight'),
    "index.json does not say where the weights are ('weight_map')": lambda f: only_index(f, "{}"),
    "index.json does not say where the weights are (unsupported": lambda f: only_index(f, '{"weight_map": {"a": 5}}'),
    "config.json is not JSON (maximum recursion": lambda f: (f / "config.json").write_text("[" * 100_000),
    "config.json asks for 1000000000 layers": lambda f: ask_for_layers(f, 10**9),
    "holds weights of shapes that do not fit (Sizes of tensors": lambda f: rewrite(
        f, lambda t: {n: x[:, :11].clone() if n.endswith("key.weight") else x for n, x in t.items()}
    ),
    "holds weights of shapes that do not fit (zero-dim": lambda f: rewrite(
        f, lambda t: {n: x[0].clone() if n.endswith("query.bias") else x for n, x in t.items()}
    ),
    "no weight of a BERT": lambda f: rewrite(f, lambda t: {"h.0.attn.weight": torch.zeros(2)}),
    "lacks bert.layers.1": lambda f: rewrite(f, lambda t: {n: x for n, x in t.items() if "layer.1" not in n}),
    "bert.embeddings.word.weight has shape (5, 12), but config.json asks for (97, 12)": lambda f: rewrite(
        f, lambda t: {n: x[:5].clone() if "word" in n else x for n, x in t.items()}
    ),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_damage_gets_one_clear_line(saved, message) -> None:
    DAMAGE[message](saved)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        SequenceClassifier.from_pretrained(saved)
    assert "\n" not in str(caught.value)


def test_a_model_that_cannot_be_had(tmp_path) -> None:
    with pytest.raises(InputError, match=r"there is no model folder \./nowhere"):
        locate("./nowhere")
    with pytest.raises(InputError, match="'some/model' is neither a folder here nor a model that the hub gives"):
        locate("some/model")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file; expected the folder"):
        locate(tmp_path / "file")
    with pytest.raises(InputError, match="is not fine-tuned"):
        SequenceClassifier.from_pretrained("minilm")


def test_a_failed_write_leaves_the_old_file(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half of the n")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match="No space left on device; what was there before is unharmed"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    with pytest.raises(InputError, match=r"could not write .*results\.json: File exists"):
        write_atomically(path / "results.json", lambda temporary: temporary.write_text("{}"))


def test_the_packaged_weights_are_all_used(minilm) -> None:
    checkpoint = read_checkpoint("minilm")
    assert checkpoint.unused == []
    assert len(checkpoint.weights) == 5 + 6 * 12 + 2
    assert sum(tensor.numel() for tensor in checkpoint.weights.values()) == 22_713_216


def test_labels_that_transformers_leaves_out_because_they_are_the_default(tmp_path, padded_batch) -> None:
    config = TheirConfig(
        vocab_size=97, hidden_size=12, num_hidden_layers=1, num_attention_heads=2, intermediate_size=20,
        max_position_embeddings=40,
    )  # fmt: skip
    theirs = BertForSequenceClassification(config).eval()
    theirs.save_pretrained(tmp_path)
    assert "id2label" not in json.loads((tmp_path / "config.json").read_text())
    ours = SequenceClassifier.from_pretrained(tmp_path).eval()
    assert ours.labels == ["LABEL_0", "LABEL_1"]
    with torch.no_grad():
        expected = theirs(**{name: x.long() for name, x in padded_batch.items()}).logits
        found = ours(**padded_batch)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
