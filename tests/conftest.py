"""What many tests share: one small BERT, one real one, and texts to feed them."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

# Before anything imports them: tests are small, workers are many, and nothing may reach for the network.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"
if "MINISFT_DATA" in os.environ:  # may be relative, and notebooks run in folders of their own
    os.environ["MINISFT_DATA"] = os.path.abspath(os.environ["MINISFT_DATA"])

import jaxtyping
import pytest
import torch

from minisft.checkpoints import locate
from minisft.models import BertConfig, SequenceClassifier
from minisft.text import Tokenizer

# Widths that do not repeat one another, so that a transposed matrix cannot fit by chance.
SMALL = BertConfig(
    vocab_size=97, hidden_size=12, num_hidden_layers=3, num_attention_heads=2, intermediate_size=20,
    max_position_embeddings=40,
)  # fmt: skip


@pytest.fixture
def unchecked() -> Iterator[None]:
    """No annotations checked: over millions of calls, a check costs ten times what it checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The folder of the packaged MiniLM."""
    return locate("minilm")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the publishers' data sets; skips where MINISFT_DATA is not set."""
    if "MINISFT_DATA" not in os.environ:
        pytest.skip("MINISFT_DATA is not set")
    return Path(os.environ["MINISFT_DATA"])


@pytest.fixture
def padded_batch() -> dict[str, torch.Tensor]:
    """Three rows of unlike length and two segments, for the small model."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, SMALL.vocab_size, (3, 11), generator=generator)
    mask = torch.arange(11) < torch.tensor([[11], [4], [7]])
    segments = (torch.arange(11) >= 3).long().expand(3, 11).contiguous()
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": segments * mask}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """The folder of a BERT that is small enough to train in a second; its pieces are mostly letters."""
    folder = tmp_path_factory.mktemp("tiny")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,'"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "good", "bad", "not", "very", "film", "was"]
    vocabulary += [*letters, *(f"##{letter}" for letter in letters)]
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=64,
    )  # fmt: skip
    torch.manual_seed(0)
    SequenceClassifier(config, ["first", "second", "third"]).save_pretrained(folder)
    Tokenizer(vocabulary).save(folder)
    return folder


@pytest.fixture(scope="session")
def reviews(tmp_path_factory) -> Path:
    """A csv file of 300 short reviews in two classes; the words decide."""
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    draw = random.Random(0)
    lines: dict[str, None] = {}  # no text twice: such rows would stay together when splits are carved
    while len(lines) < 300:
        label = ("bad", "good")[len(lines) % 2]
        filler = " ".join(
            draw.choice(["the", "film", "was", "very", "long", "a", "tale"]) for _ in range(draw.randint(1, 9))
        )
        lines[f"{filler} {label},{'negative' if label == 'bad' else 'positive'}"] = None
    path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    return path
