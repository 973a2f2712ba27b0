"""What is measured: a model, rows to train it on, and the work that an update asks for."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measuring import SKIPPED

from minisft.checkpoints import locate
from minisft.checkpoints.folder import read_config
from minisft.data import Batches, Task, load_task, make_batches
from minisft.data.corpus import encode_documents, town_corpus
from minisft.errors import InputError
from minisft.models import BertConfig, BertForPretraining
from minisft.objectives import Examples
from minisft.text import Tokenizer
from minisft.training.settings import length_multiple

HIDDEN = 0.15  # the share of words that are masked in pretraining
CORPUS = 20_000, 400_000  # tokens of the town to pretrain on, at least and at most: an epoch may come again


@dataclass(frozen=True)
class Workload:
    """One training to be timed."""

    kind: str = "finetune"  # or pretrain: masked words
    model: str = "minilm"  # or LAYERSxWIDTH, with random weights: 12x768 is BERT-base
    length: int = 128  # of the longest row, in pieces
    rows: int = 16  # in a batch
    precision: str = "fp32"  # or tf32, bf16
    device: str = "cpu"
    steps: int = 54  # updates, those before the clock included
    skipped: int = SKIPPED  # updates before the clock
    seed: int = 0

    @property
    def name(self) -> str:
        """For a table."""
        return f"{self.kind} {self.length}" if self.kind == "pretrain" else self.kind


def load() -> Task:
    """MRPC where it is at hand, else the town."""
    return load_task("mrpc" if os.environ.get("MINISFT_DATA") else "town/paraphrase")


def load_mrpc() -> Task:
    """MRPC. Ends the program where it is not at hand."""
    try:
        return load_task("mrpc")
    except InputError as error:
        raise SystemExit(f"MRPC: {error}") from None


@contextlib.contextmanager
def model_folder(name: str) -> Iterator[Path]:
    """The folder of a pretrained model, or of one of these sizes with random weights and MiniLM's vocabulary."""
    if name == "minilm":
        yield locate(name)
        return
    with tempfile.TemporaryDirectory() as folder:
        BertForPretraining(sized(name)).save_pretrained(folder)
        Tokenizer.from_folder(locate("minilm")).save(Path(folder))
        yield Path(folder)


def sized(name: str) -> BertConfig:
    """The sizes of a model, by its name."""
    if name == "minilm":
        return BertConfig.from_dict(read_config(locate(name)))
    layers, width = (int(number) for number in name.split("x"))
    return BertConfig(
        num_hidden_layers=layers,
        hidden_size=width,
        num_attention_heads=max(1, width // 64),
        intermediate_size=4 * width,
    )


def pairs_to_learn(workload: Workload, task: Task) -> Batches:
    """The rows of a fine-tuning."""
    tokenizer = Tokenizer.from_folder(locate("minilm"))
    multiple_of = length_multiple(workload.device)  # as in FineTuning
    return make_batches(task, task.train, tokenizer, workload.rows, workload.length, True, workload.seed, multiple_of)


def text_to_learn(workload: Workload) -> Examples:
    """The rows of a pretraining: the town's chronicle as running text, cut so that every row is full."""
    tokenizer = Tokenizer.from_folder(locate("minilm"))
    few, many = CORPUS
    wanted = min(many, max(few, workload.steps * workload.rows * workload.length))
    documents = encode_documents(town_corpus(wanted, ["en"]).train, tokenizer)
    text = [i for document in documents for sentence in document for i in sentence]
    room = workload.length - 2  # [CLS] and [SEP]
    rows = [[text[start : start + room]] for start in range(0, len(text) - room, room)]
    rows = rows[: max(1, len(rows) // workload.rows) * workload.rows]  # and every batch
    return Examples(rows, tokenizer, "mlm", workload.rows, workload.length, workload.seed)


def flops_a_token(workload: Workload, mean_length: float) -> float:
    """Floating-point operations of the matrix products that an update needs for each real token.

    Forward once, backward twice. What nobody reads is not needed: the last layer after its attention is counted at
    [CLS] and at the hidden words, and so is the head. Padding is not needed either. So a share of the peak compares
    systems by what they get done.
    """
    config = sized(workload.model)
    width, wide, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    read = 1 / mean_length + (HIDDEN if workload.kind == "pretrain" else 0.0)
    attention = layers * (3 * width * width + 2 * width * mean_length)
    rest = (layers - 1 + read) * (width * width + 2 * width * wide)
    if workload.kind == "pretrain":
        head = HIDDEN * width * (width + config.vocab_size)
    else:
        head = width * (width + 2) / mean_length  # the pooler and two classes
    return 3 * 2 * (attention + rest + head)
