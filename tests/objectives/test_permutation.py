"""Words in any order, held to brute force: every order of four words, every text that four words can be."""

import itertools

import pytest
import torch

from minisft.models import Bert, BertConfig, PermutationBert
from minisft.objectives import Objective, PermutedBatch, PermutedWords, left_to_right, order_words
from minisft.objectives.pretraining import labelled
from minisft.ops import FUSED, IGNORED, TEXTBOOK, Ops

BOTH = pytest.mark.parametrize("ops", [TEXTBOOK, FUSED], ids=["textbook", "fused"])
ORDERS = list(itertools.permutations(range(4)))
FEW = BertConfig(
    vocab_size=4, hidden_size=6, num_hidden_layers=2, num_attention_heads=2, intermediate_size=10,
    max_position_embeddings=12,
)  # fmt: skip


def model_of(ops: Ops = FUSED, **changes) -> PermutationBert:
    torch.manual_seed(0)
    model = PermutationBert(BertConfig(**{**FEW.to_dict(), **changes}), ops).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def batch_of(ids: torch.Tensor, order: tuple[int, ...], share: float = 1.0, words=None) -> PermutedBatch:
    """Rows that are all predicted in one order: `order` names the positions, the first to be predicted first."""
    draws = torch.empty(ids.shape, dtype=torch.float64)
    draws[:, list(order)] = torch.linspace(0, 0.9, len(order), dtype=torch.float64)
    words = torch.ones_like(ids, dtype=torch.bool) if words is None else words
    ranks, targets, labels = order_words(ids, words, draws, share)
    return PermutedBatch(ids, None, ids * 0, ranks, targets, labels, labelled(labels), list(range(len(ids))))


def one_conditional(model: PermutationBert, ids: list[int], earlier: list[int], target: int) -> torch.Tensor:
    """log p(word at `target` | the words at `earlier`, in that order), with nothing else in memory.

    The tokens that come later do not exist here, so no mask can leak them: each content vector is computed from the
    slice of those that came before it, one attention at a time, and the query from all of `earlier`.
    """
    bert = model.bert
    place = bert.embeddings

    def start(word: torch.Tensor, position: int) -> torch.Tensor:
        return place.norm(word + place.position.weight[position] + place.segment.weight[0])

    content = [start(place.word.weight[ids[position]], position) for position in earlier]
    query = start(model.query_word, target)
    for layer in bert.layers:

        def step(x: torch.Tensor, seen: list[torch.Tensor], layer=layer) -> torch.Tensor:
            width, heads = len(x), layer.attention.heads
            weight, bias = layer.attention.qkv.weight, layer.attention.qkv.bias
            mine = weight[:width] @ x + bias[:width]
            context = torch.zeros_like(x)
            for head in range(heads if seen else 0):
                part = slice(head * width // heads, (head + 1) * width // heads)
                keys = torch.stack([(weight[width : 2 * width] @ s + bias[width : 2 * width])[part] for s in seen])
                values = torch.stack([(weight[2 * width :] @ s + bias[2 * width :])[part] for s in seen])
                shares = torch.softmax(keys @ mine[part] / (width // heads) ** 0.5, 0)
                context[part] = shares @ values
            x = layer.attention_norm(x + layer.attention.output(context))
            return layer.feed_forward_norm(x + layer.feed_forward(x[None, None])[0, 0])

        after = [step(x, content[: number + 1]) for number, x in enumerate(content)]
        query, content = step(query, content), after
    return model.mlm(query[None], place.word.weight)[0].log_softmax(-1)


@BOTH
@torch.no_grad()
def test_all_24_orders_equal_the_product_of_conditionals_one_at_a_time(ops: Ops) -> None:
    model = model_of(ops, vocab_size=9)
    ids = [7, 2, 2, 5]  # a word twice
    losses = set()
    for order in ORDERS:
        expected = -sum(
            one_conditional(model, ids, list(order[:rank]), target)[ids[target]] for rank, target in enumerate(order)
        )
        loss, _ = PermutedWords(ops)(model, batch_of(torch.tensor([ids]), order))
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
        losses.add(round(loss.item(), 4))
    assert len(losses) == 24  # no two orders are the same task


@torch.no_grad()
def test_in_every_order_the_probabilities_of_all_texts_sum_to_one() -> None:
    """A target that sees itself, or anything later, would make a text too likely: the sum would not be one."""
    model = model_of()
    texts = torch.tensor(list(itertools.product(range(4), repeat=4)))
    for order in ORDERS:
        batch = batch_of(texts, order)
        logits = PermutedWords().outputs(model, batch)["plm"][0]
        chosen = logits.log_softmax(-1).gather(1, batch.labels.reshape(-1, 1)).view(256, 4)
        assert chosen.sum(1).exp().sum().item() == pytest.approx(1.0, abs=1e-9)


@BOTH
@torch.no_grad()
def test_a_word_that_is_later_in_the_order_changes_no_earlier_target(ops: Ops) -> None:
    model = model_of(ops, vocab_size=9)
    ids = torch.tensor([[7, 2, 4, 5]])
    for order in ORDERS:
        before = PermutedWords(ops).outputs(model, batch_of(ids, order))["plm"][0]
        for rank, position in enumerate(order):
            changed = ids.clone()
            changed[0, position] = 8
            after = PermutedWords(ops).outputs(model, batch_of(changed, order))["plm"][0]
            assert torch.equal(after[: rank + 1], before[: rank + 1])  # nor its own: a target does not see itself
            assert ((after[rank + 1 :] - before[rank + 1 :]).abs().amax(-1) > 1e-6).all()  # all later ones see it


@torch.no_grad()
def test_later_targets_see_the_content_of_earlier_ones_and_not_a_mask() -> None:
    model = model_of(vocab_size=9)
    words = torch.tensor([[False, True, True, True, True, False]])
    ids = torch.tensor([[0, 7, 2, 4, 5, 1]])
    batch = batch_of(ids, (0, 5, 3, 1, 4, 2), share=0.5, words=words)
    assert batch.targets.tolist() == [[4, 2]]
    assert batch.labels.tolist() == [[5, 2]]
    assert batch.ranks.tolist() == [[0, 0, 2, 0, 1, 0]]
    assert torch.equal(batch.input_ids, ids)
    first, second = PermutedWords().outputs(model, batch)["plm"][0]
    changed = batch_of(torch.tensor([[0, 7, 2, 4, 8, 1]]), (0, 5, 3, 1, 4, 2), share=0.5, words=words)
    other_first, other_second = PermutedWords().outputs(model, changed)["plm"][0]
    assert torch.equal(first, other_first)
    assert (second - other_second).abs().max() > 1e-6
    for position in (0, 1, 3, 5):  # what is given is seen by all targets, special tokens too
        given = ids.clone()
        given[0, position] = 8
        logits = PermutedWords().outputs(model, batch_of(given, (0, 5, 3, 1, 4, 2), share=0.5, words=words))["plm"][0]
        assert ((logits - torch.stack([first, second])).abs().amax(-1) > 1e-6).all()


def test_orders_of_rows_of_unlike_length() -> None:
    ids = torch.arange(14).view(2, 7)
    words = torch.tensor([[0, 1, 1, 1, 1, 1, 0], [0, 1, 1, 0, 0, 0, 0]]).bool()
    draws = torch.tensor([[0.0, 0.3, 0.9, 0.1, 0.5, 0.2, 0.9], [0.0, 0.7, 0.2, 0.99, 0.99, 0.99, 0.99]])
    ranks, targets, labels = order_words(ids, words, draws, share=0.5)  # 3 of 5 and 1 of 2
    assert ranks.tolist() == [[0, 1, 3, 0, 2, 0, 0], [0, 1, 0, 0, 0, 0, 0]]
    assert labels.tolist() == [[1, 4, 2], [IGNORED, IGNORED, 8]]
    assert targets[0].tolist() == [1, 4, 2]
    assert targets[1, 2] == 1
    ranks, _, labels = order_words(ids, words, left_to_right(words))
    assert ranks.tolist() == [[0, 1, 2, 3, 4, 5, 0], [0, 1, 2, 0, 0, 0, 0]]
    assert labels.tolist() == [[1, 2, 3, 4, 5], [IGNORED, IGNORED, IGNORED, 8, 9]]


@BOTH
def test_padding_and_filled_up_targets_change_neither_loss_nor_gradient(ops: Ops) -> None:
    model = model_of(ops, vocab_size=30)
    objective = PermutedWords(ops)
    assert isinstance(objective, Objective)
    torch.manual_seed(3)
    ids = torch.randint(3, 30, (2, 9))
    draws = torch.rand(2, 9, dtype=torch.float64)
    lengths, losses, gradients = (9, 5), [], []
    for alone in (True, False):
        model.zero_grad()
        total = 0
        for rows in ([0], [1]) if alone else ([0, 1],):
            tokens = lengths[rows[0]] if alone else 9
            part, mask = ids[rows, :tokens], torch.arange(tokens) < torch.tensor([[lengths[row]] for row in rows])
            ranks, targets, labels = order_words(part, mask, draws[rows, :tokens], share=0.4)
            batch = PermutedBatch(
                part, None if alone else mask, part * 0, ranks, targets, labels, labelled(labels), rows
            )  # fmt: skip
            assert objective.items(batch) == {(0,): 4, (1,): 2, (0, 1): 6}[tuple(rows)]
            total = total + objective(model, batch)[0]
        total.backward()
        losses.append(total.item())
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert "query_word" in gradients[0]
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=1e-6, msg=name)


@torch.no_grad()
def test_the_content_stream_is_bert() -> None:
    """With everything given, the two streams' content is what BERT gives: fine-tuning goes on from there."""
    model = model_of(vocab_size=9)
    ids = torch.tensor([[7, 2, 4, 5]])
    states = []
    model.bert.layers[-1].register_forward_hook(lambda module, inputs, output: states.append(output))
    nothing = torch.zeros_like(ids)
    model(ids, None, None, ranks=nothing, targets=nothing[:, :1])
    assert isinstance(model.bert, Bert)
    torch.testing.assert_close(states[0][:, :4], model.bert(ids)[0])
