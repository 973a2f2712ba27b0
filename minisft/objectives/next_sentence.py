"""The next sentence (section 3.2.2): does the second segment follow the first, or is it from somewhere else?"""

import random

from jaxtyping import Float
from torch import Tensor, nn

from minisft.errors import InputError
from minisft.objectives.masked import MaskedBatch, MaskedWords
from minisft.objectives.pretraining import Outputs, Pretraining
from minisft.text import Encodings

NEXT, RANDOM = 0, 1  # BERT's labels
SPECIALS = 3  # [CLS] a [SEP] b [SEP]
SHORTER = 0.1  # the share of rows that are made shorter, so that short texts are known too (Google's BERT)
TRIES = 10  # at finding a second segment that is not the true one

Document = list[list[int]]  # sentences as ids


def make_pairs(
    documents: list[Document], max_length: int, cls_id: int, sep_id: int, seed: int, epoch: int
) -> tuple[Encodings, list[int]]:
    """Rows [CLS] a [SEP] b [SEP] of at most `max_length` ids, and for each 0 (b follows a) or 1 (b is random).

    As in BERT (Devlin et al. 2019, appendix A.2): a and b are consecutive sentences that fill the row; for half of
    the rows b comes from another document, and the text that truly followed a goes into the next row. A random b has
    as many sentences as the true one and does not begin a document, where there is more to choose from: neither its
    length nor a headline gives it away. It never begins with the sentence that truly follows.

    What is drawn for a document depends on (seed, epoch, its number) alone. Raises InputError where there are fewer
    than two documents, or none has two sentences.
    """
    documents = [document for document in documents if document]
    if len(documents) < 2:
        raise InputError(
            f"the next sentence needs at least 2 documents, and there are {len(documents)}: a random sentence comes "
            "from another one. Separate documents by a blank line, or take --objective mlm"
        )
    rows: list[list[int]] = []
    segments: list[list[int]] = []
    labels: list[int] = []
    truncated = 0
    for number, document in enumerate(documents):
        draw = random.Random(f"{seed} {epoch} {number}")
        start = 0
        while start < len(document) and len(document) > 1:
            start = min(start, len(document) - 2)  # a last sentence alone takes the one before it along
            end = fill(document, start, target_length(max_length - SPECIALS, draw))
            split = draw.randint(start + 1, end - 1)
            a, b, label = document[start:split], document[split:end], NEXT
            if draw.random() < 0.5:
                b, label = elsewhere(documents, number, b, draw)
            first, second = cut([i for s in a for i in s], [i for s in b for i in s], max_length - SPECIALS)
            truncated += len(first) + len(second) < sum(map(len, a)) + sum(map(len, b))
            rows.append([cls_id, *first, sep_id, *second, sep_id])
            segments.append([0] * (len(first) + 2) + [1] * (len(second) + 1))
            labels.append(label)
            start = split if label == RANDOM else end
    if not rows:
        raise InputError("no document has two sentences; the next sentence needs them: take --objective mlm")
    return Encodings(rows, segments, truncated), labels


def target_length(room: int, draw: random.Random) -> int:
    """How many ids a row is filled with: all there is room for, or now and then fewer."""
    return draw.randint(2, room) if draw.random() < SHORTER else room


def fill(document: Document, start: int, room: int) -> int:
    """Where the sentences from `start` on that have room end; at least two are taken where there are two."""
    end, length = start, 0
    while end < len(document) and (end < start + 2 or length + len(document[end]) <= room):
        length += len(document[end])
        end += 1
    return end


def elsewhere(documents: list[Document], number: int, true: Document, draw: random.Random) -> tuple[Document, int]:
    """As many consecutive sentences of another document, and the label for them.

    Where every try begins with the very sentence that is next (documents that repeat one another), the true ones.
    """
    for _ in range(TRIES):
        other = draw.randrange(len(documents) - 1)
        document = documents[other + (other >= number)]
        start = draw.randint(min(1, len(document) - 1), max(len(document) - len(true), min(1, len(document) - 1)))
        if document[start] != true[0]:
            return document[start : start + len(true)], RANDOM
    return true, NEXT


def cut(first: list[int], second: list[int], room: int) -> tuple[list[int], list[int]]:
    """Shorten the longer of the two until both fit: the first loses its begin, the second its end.

    What meets at the border stays: that is where one sees whether they belong together.
    """
    over = max(0, len(first) + len(second) - room)
    from_first = min(over, max(0, len(first) - len(second)))
    from_second = min(over - from_first, max(0, len(second) - len(first)))
    rest = over - from_first - from_second
    from_first, from_second = from_first + rest // 2, from_second + rest - rest // 2
    return first[from_first:], second[: len(second) - from_second]


class NextSentence(Pretraining):
    """Cross-entropy of two classes a row. It has no class to ignore, least of all class 0."""

    def items(self, batch: MaskedBatch) -> int:
        return len(batch.next_labels)

    def outputs(self, model: nn.Module, batch: MaskedBatch) -> Outputs:
        """The logits of next and random."""
        _, logits = model(batch.input_ids, batch.attention_mask, batch.token_type_ids, batch.positions)
        return {"nsp": (logits, batch.next_labels)}


class MaskedAndNext(Pretraining):
    """BERT's pretraining: the mean loss of the hidden words plus the mean loss of the next sentence, each its own.

    An item is a hidden word; a row's loss is scaled up to them, so that dividing by the items gives both means.
    Where several batches make an update, the rows of each weigh by its hidden words.
    """

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.words, self.next = MaskedWords(self.ops), NextSentence(self.ops)

    def items(self, batch: MaskedBatch) -> int:
        return self.words.items(batch)

    def outputs(self, model: nn.Module, batch: MaskedBatch) -> Outputs:
        """Both heads' logits, from one pass through the encoder."""
        words, following = model(batch.input_ids, batch.attention_mask, batch.token_type_ids, batch.positions)
        return {"mlm": (words, batch.labels.flatten()[batch.positions]), "nsp": (following, batch.next_labels)}

    def __call__(self, model: nn.Module, batch: MaskedBatch) -> tuple[Float[Tensor, ""], Float[Tensor, "M V"]]:
        outputs = self.outputs(model, batch)
        scale = max(1, self.items(batch)) / self.next.items(batch)
        return self.loss(*outputs["mlm"]) + scale * self.loss(*outputs["nsp"]), outputs["mlm"][0]
