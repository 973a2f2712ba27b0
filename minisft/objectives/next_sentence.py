"""The next sentence (section 3.2.2): does the second segment follow the first, or is it from somewhere else?"""

import random

from jaxtyping import Float
from torch import Tensor, nn

from minisft.errors import InputError
from minisft.objectives.masked import MaskedBatch, MaskedWords
from minisft.objectives.packing import Document, cut, fill, target_length
from minisft.objectives.pretraining import Outputs, PretrainingObjective
from minisft.text import Encodings

NEXT, RANDOM = 0, 1  # BERT's labels
SPECIALS = 3  # [CLS] a [SEP] b [SEP]
TRIES = 10  # at finding a second segment that is not the true one


def make_pairs(
    documents: list[Document], max_length: int, cls_id: int, sep_id: int, seed: int, epoch: int
) -> tuple[Encodings, list[int]]:
    """Rows [CLS] a [SEP] b [SEP] of at most `max_length` ids, and for each 0 (b follows a) or 1 (b is random).

    As in BERT (Devlin et al. 2019, appendix A.2): a and b are consecutive sentences that fill the row, and for half
    of the rows b comes from another document, whichever. A random b has as many sentences as the true one and does not
    begin its document, where there is more to choose from: neither its length nor a headline gives it away. It never
    begins with the sentence that truly follows.

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
        while len(document) > 1 and start < len(document):
            start = min(start, len(document) - 2)  # a last sentence alone takes the one before it along
            end = fill(document, start, target_length(max_length - SPECIALS, draw), at_least=2)
            split = draw.randint(start + 1, end - 1)
            a, b, label = document[start:split], document[split:end], NEXT
            if draw.random() < 0.5:
                b, label = elsewhere(documents, number, b, draw)
            first, second = cut([i for s in a for i in s], [i for s in b for i in s], max_length - SPECIALS)
            truncated += len(first) + len(second) < sum(map(len, a)) + sum(map(len, b))
            rows.append([cls_id, *first, sep_id, *second, sep_id])
            segments.append([0] * (len(first) + 2) + [1] * (len(second) + 1))
            labels.append(label)
            start = end
    if not rows:
        raise InputError("no document has two sentences; the next sentence needs them: take --objective mlm")
    return Encodings(rows, segments, truncated), labels


def elsewhere(documents: list[Document], number: int, true: Document, draw: random.Random) -> tuple[Document, int]:
    """As many consecutive sentences of another document, and the label for them.

    Where no document that is tried has so many, fewer; where each begins with the very sentence that is next
    (documents that repeat one another), the true ones.
    """
    found, label = true, NEXT
    for _ in range(TRIES):
        other = draw.randrange(len(documents) - 1)
        document = documents[other + (other >= number)]
        earliest = min(1, len(document) - 1)
        start = draw.randint(earliest, max(earliest, len(document) - len(true)))
        sentences = document[start : start + len(true)]
        if sentences[0] != true[0] and (label == NEXT or len(sentences) > len(found)):
            found, label = sentences, RANDOM
        if label == RANDOM and len(found) == len(true):
            break
    return found, label


class NextSentence(PretrainingObjective):
    """Cross-entropy of two classes a row. It has no class to ignore, least of all class 0."""

    def items(self, batch: MaskedBatch) -> int:
        return len(batch.next_labels)

    def outputs(self, model: nn.Module, batch: MaskedBatch) -> Outputs:
        """The logits of next and random."""
        _, logits = model(batch.input_ids, batch.attention_mask, batch.token_type_ids, batch.positions[:0])
        return {"nsp": (logits, batch.next_labels)}


class MaskedAndNext(MaskedWords):
    """BERT's pretraining: the mean loss of the hidden words plus the mean loss of the next sentence, each its own.

    An item is a hidden word; a row's loss is scaled up to them, so that dividing by the items gives both means.
    Where several batches make an update, the rows of each weigh by its hidden words.
    """

    def outputs(self, model: nn.Module, batch: MaskedBatch) -> Outputs:
        """Both heads' logits, from one pass through the encoder."""
        words, following = model(batch.input_ids, batch.attention_mask, batch.token_type_ids, batch.positions)
        return {"mlm": (words, batch.labels.flatten()[batch.positions]), "nsp": (following, batch.next_labels)}

    def __call__(self, model: nn.Module, batch: MaskedBatch) -> tuple[Float[Tensor, ""], Float[Tensor, "M V"]]:
        outputs = self.outputs(model, batch)
        scale = batch.words_a_row or max(1, self.items(batch)) / len(batch.next_labels)
        return self.loss(*outputs["mlm"]) + scale * self.loss(*outputs["nsp"]), outputs["mlm"][0]
