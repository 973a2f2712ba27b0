"""What the contracts ask for is right: torch's or minisft's own function passes, and autograd agrees."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from minisft.checks import CONTRACTS, examine
from minisft.models import BertConfig
from minisft.models.encoder import EncoderLayer
from minisft.models.permutation import visible
from minisft.models.pretraining import WordHead
from minisft.objectives import MaskingVocabulary, mask_words
from minisft.ops import FUSED, TEXTBOOK
from minisft.training.callbacks import Validate
from minisft.training.optimizer import parameter_groups

pytestmark = pytest.mark.usefixtures("unchecked")


def sdpa(query, key, value, mask=None, dropout=0.0):
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask).nan_to_num()


def weights(query, key, mask=None):
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) * query.shape[-1] ** -0.5
    return scores.softmax(-1) if mask is None else scores.where(mask, -math.inf).softmax(-1).nan_to_num()


def torch_multi_head(x, weight, bias, output_weight, output_bias, heads, mask=None):
    hidden, tokens = None, x.shape[1]
    if mask is not None:  # torch gives NaN to a row that sees nothing: let it see everything, and set it right below
        hidden = (~mask & mask.any(-1, keepdim=True)).expand(-1, heads, tokens, -1).flatten(0, 1)
    out, _ = functional.multi_head_attention_forward(
        *[x.transpose(0, 1)] * 3, x.shape[-1], heads, weight, bias, None, None, False, 0.0, output_weight, output_bias,
        attn_mask=hidden, need_weights=False,
    )  # fmt: skip
    out = out.transpose(0, 1)
    return out if mask is None else torch.where(mask.any(-1)[:, 0, :, None], out, output_bias)


def our_layer(x, weights, heads, eps, mask=None):
    config = BertConfig(
        hidden_size=x.shape[-1], num_attention_heads=heads, layer_norm_eps=eps,
        intermediate_size=len(weights["feed_forward.widen.bias"]),
    )  # fmt: skip
    layer = EncoderLayer(config, TEXTBOOK).double().eval()
    layer.load_state_dict(weights)
    return layer(x, mask)


def our_masking(input_ids, draws, special, mask_id, share=0.15):
    return mask_words(input_ids, draws, MaskingVocabulary(special, torch.zeros_like(special), mask_id), share)


def torch_masked_loss(logits, labels):
    total = functional.cross_entropy(logits.transpose(1, 2), labels, reduction="sum")
    return total / (labels != -100).sum().clamp(min=1)


def visible_to_all(ranks, attention_mask=None):
    tokens = ranks.shape[1]
    seen = visible(ranks, torch.arange(tokens).expand_as(ranks), attention_mask)
    return seen[:, :tokens, :tokens], seen[:, tokens:, :tokens]


def by_rank(words, draws, share=1.0):
    """One row and one word after the other."""
    ranks = torch.zeros_like(words, dtype=torch.long)
    for row in range(len(words)):
        places = sorted(words[row].nonzero().flatten().tolist(), key=lambda place: draws[row, place])
        count = max(1, math.ceil(len(places) * share))
        for rank, place in enumerate(places[-count:], 1):
            ranks[row, place] = rank
    return ranks


def torch_clip(gradients, max_norm):
    parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    norm = nn.utils.clip_grad_norm_(parameters, max_norm)
    return [parameter.grad for parameter in parameters], norm


def our_groups(shapes):
    model = nn.Module()
    names = {name.replace(".", "_"): name for name in shapes}
    for name, original in names.items():
        model.register_parameter(name, nn.Parameter(torch.zeros(shapes[original])))
    found = {id(parameter): names[name] for name, parameter in model.named_parameters()}
    return tuple([found[id(p)] for p in group["params"]] for group in parameter_groups(model, 0.01))


def our_stopping(losses, patience):
    validate = Validate(None, "loss", None, patience)
    for epoch, loss in enumerate(losses):
        validate.history.append({"epoch": epoch + 1, "loss": loss})
        if validate.exhausted():
            break
    return validate.best_epoch() - 1, len(validate.history)


def our_word_head(hidden, transform, transform_bias, norm, norm_bias, table, bias, eps):
    config = BertConfig(hidden_size=hidden.shape[-1], num_attention_heads=1, vocab_size=len(table), layer_norm_eps=eps)
    head = WordHead(config, TEXTBOOK).double()
    own = {
        "transform.weight": transform, "transform.bias": transform_bias,
        "norm.weight": norm, "norm.bias": norm_bias, "bias": bias,
    }  # fmt: skip
    return torch.func.functional_call(head, own, (hidden, table))


def torch_adamw(parameter, gradient, first, second, step, *, learning_rate, betas, eps, weight_decay=0.0, decay=None):
    if decay == "document":
        parameter, weight_decay = parameter * (1 - weight_decay), 0.0
    weight = nn.Parameter(parameter)
    weight.grad = gradient
    optimizer = torch.optim.AdamW([weight], learning_rate, betas, eps, weight_decay, foreach=False)
    optimizer.state[weight] = {"step": torch.tensor(step - 1.0), "exp_avg": first, "exp_avg_sq": second}
    optimizer.step()
    return weight.detach(), first, second


def log_probability(logits, tokens, order):
    return logits.log_softmax(-1).gather(1, tokens[order][:, None]).sum()


def word_by_word(logits, ids, special):
    return sum(logits[i, i].log_softmax(-1)[ids[i]] for i in range(len(ids)) if not special[i])


def torch_smoothing(logits, labels, smoothing):
    return functional.cross_entropy(logits, labels, label_smoothing=smoothing)


def pytorch_schedule(kind):
    import transformers

    def factor(step, warmup_steps, total_steps):
        make = {
            "linear": lambda optimizer: transformers.get_linear_schedule_with_warmup(
                optimizer, warmup_steps, total_steps
            ),
            "cosine": lambda optimizer: transformers.get_cosine_schedule_with_warmup(
                optimizer, warmup_steps, total_steps
            ),
            "constant": lambda optimizer: transformers.get_constant_schedule_with_warmup(optimizer, warmup_steps),
        }
        scheduler = make[kind](torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0))
        return scheduler.lr_lambdas[0](step)

    return factor


OTHERS = {
    "attention_scores": lambda query, keys: torch.stack([sum(query * key) / len(query) ** 0.5 for key in keys]),
    "attention_weights": weights,
    "attention": sdpa,
    "split_heads": lambda x, heads: x.unflatten(-1, (heads, -1)).movedim(2, 1),
    "merge_heads": lambda x: torch.cat(list(x.unbind(1)), -1),
    "multi_head_attention": torch_multi_head,
    "layer_norm": lambda x, weight, bias, eps: functional.layer_norm(x, x.shape[-1:], weight, bias, eps),
    "residual_block": lambda x, f, w, b, eps: functional.layer_norm(x + f(x), x.shape[-1:], w, b, eps),
    "encoder_layer": our_layer,
    "mask_words": our_masking,
    "masked_loss": torch_masked_loss,
    "next_sentence_loss": functional.cross_entropy,
    "prediction_ranks": by_rank,
    "plm_mask": visible_to_all,
    "sequence_log_probability": log_probability,
    "linear_schedule": pytorch_schedule("linear"),
    "cosine_schedule": pytorch_schedule("cosine"),
    "linear_warmup": pytorch_schedule("constant"),
    "clip_gradients": torch_clip,
    "parameter_groups": our_groups,
    "early_stopping": our_stopping,
    "label_smoothing": torch_smoothing,
    "softmax": lambda scores, dim=-1: torch.softmax(scores, dim),
    "temperature_softmax": lambda logits, temperature: (
        torch.distributions.Categorical(logits=logits / temperature).probs
    ),
    "feed_forward": lambda x, w1, b1, w2, b2, f: functional.linear(f(functional.linear(x, w1, b1)), w2, b2),
    "gelu": functional.gelu,
    "cross_entropy": FUSED.cross_entropy,
    "binary_cross_entropy": lambda logits, targets, reduction="mean": functional.binary_cross_entropy_with_logits(
        logits, targets, reduction=reduction
    ),
    "word_logits": our_word_head,
    "pseudo_log_likelihood": word_by_word,
    "adamw_update": torch_adamw,
    "document_update": lambda *state, **settings: torch_adamw(*state, **settings, decay="document"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("seed", [0, 7])
def test_another_correct_function_passes(name: str, seed: int) -> None:
    verdict = examine(name, OTHERS[name], seed)
    assert verdict.passed, (verdict.failed, verdict.difference)


@pytest.mark.parametrize("name", [name for name in vars(FUSED) if name in CONTRACTS])
def test_the_fused_op_passes(name: str) -> None:
    verdict = examine(name, getattr(FUSED, name))
    assert verdict.passed, (verdict.failed, verdict.difference)


@pytest.mark.parametrize("name", [name for name in vars(TEXTBOOK) if name in CONTRACTS])
def test_the_reference_of_an_op_is_the_op(name: str) -> None:
    """So that what passes a check can be swapped into a model."""
    assert CONTRACTS[name].reference is getattr(TEXTBOOK, name)


def gradients(function, inputs: list[Tensor], gradient: Tensor) -> tuple[Tensor, ...]:
    """What autograd has for it."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(function(*leaves), leaves, gradient)


AUTOGRAD = {
    "softmax_backward": lambda shares, gradient: gradients(
        lambda scores: scores.softmax(-1), [shares.log()], gradient
    )[0],
    "attention_backward": lambda query, key, value, gradient, mask=None: gradients(
        lambda *inputs: sdpa(*inputs, mask), [query, key, value], gradient
    ),
    "layer_norm_backward": lambda x, weight, eps, gradient: gradients(
        lambda x, weight, bias: functional.layer_norm(x, x.shape[-1:], weight, bias, eps),
        [x, weight, torch.zeros_like(weight)], gradient,
    ),
    "feed_forward_backward": lambda x, w1, b1, w2, b2, gradient: gradients(
        lambda x, w1, b1, w2, b2: functional.linear(functional.linear(x, w1, b1).relu(), w2, b2),
        [x, w1, b1, w2, b2], gradient,
    ),
    "cross_entropy_gradient": lambda logits, labels: gradients(
        lambda logits: FUSED.cross_entropy(logits, labels), [logits], torch.ones((), dtype=logits.dtype)
    )[0],
}  # fmt: skip


@pytest.mark.parametrize("name", AUTOGRAD)
def test_a_gradient_by_hand_is_what_autograd_has(name: str) -> None:
    verdict = examine(name, AUTOGRAD[name])
    assert verdict.passed, (verdict.failed, verdict.difference)


def test_every_contract_is_held_here() -> None:
    in_test_by_hand = {
        "accumulate", "adam_moments", "bias_correction", "weight_left", "schedule_steps", "choose_second",
        "dropout_from_draws",
    }  # fmt: skip
    assert set(CONTRACTS) == set(OTHERS) | set(AUTOGRAD) | in_test_by_hand
