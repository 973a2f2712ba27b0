"""What many tests share: one small BERT, one real one, and texts to feed them."""

import os
from pathlib import Path

# Before anything imports them: tests are small, workers are many, and nothing may reach for the network.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
import torch

from minisft.checkpoints import locate
from minisft.models import BertConfig

# Widths that do not repeat one another, so that a transposed matrix cannot fit by chance.
SMALL = BertConfig(
    vocab_size=97, hidden_size=12, num_hidden_layers=3, num_attention_heads=2, intermediate_size=20,
    max_position_embeddings=40,
)  # fmt: skip


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
