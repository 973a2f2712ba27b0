"""From documents to batches for pretraining: rows are packed, ordered and masked anew in every epoch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from minisft.data import Batches
from minisft.errors import InputError
from minisft.objectives.masked import MaskedBatch, Pieces, mask_words
from minisft.objectives.next_sentence import Document, fill, make_pairs, target_length
from minisft.objectives.permutation import PermutedBatch, left_to_right, order_words
from minisft.objectives.pretraining import labelled
from minisft.text import Encodings, Tokenizer

Kind = Literal["mlm+nsp", "mlm", "plm", "ltr"]
KINDS: tuple[Kind, ...] = ("mlm+nsp", "mlm", "plm", "ltr")
SPECIALS = 2  # [CLS] text [SEP]
PLM_SHARE = 1 / 6  # of a row's words that are predicted, the last in the order (XLNet's K = 6)


def pack(documents: list[Document], max_length: int, cls_id: int, sep_id: int, seed: int, epoch: int) -> Encodings:
    """Rows [CLS] text [SEP] of at most `max_length` ids: consecutive sentences of one document, as many as fit.

    A sentence that is longer is cut into several rows. What is drawn depends on (seed, epoch, the document) alone.
    """
    rows = []
    for number, document in enumerate(documents):
        draw = np.random.default_rng([seed, epoch, number])
        room = max_length - SPECIALS
        short = [s[i : i + room] for s in document for i in range(0, len(s), room)]
        start = 0
        while start < len(short):
            end = fill(short, start, target_length(room, draw.random(2)), at_least=1)
            text = [i for sentence in short[start:end] for i in sentence]
            rows.append([cls_id, *text, sep_id])
            start = end
    return Encodings(rows, [[0] * len(row) for row in rows], 0)
