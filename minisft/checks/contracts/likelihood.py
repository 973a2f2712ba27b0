"""Section 4.2.1: from a hidden state to words, and from words to the score of a text."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.ops import gelu, layer_norm, linear


def word_logits(
    hidden_states: Float[Tensor, "M E"],
    transform_weight: Float[Tensor, "E E"],
    transform_bias: Float[Tensor, " E"],
    norm_weight: Float[Tensor, " E"],
    norm_bias: Float[Tensor, " E"],
    table: Float[Tensor, "V E"],
    bias: Float[Tensor, " V"],
    eps: float,
) -> Float[Tensor, "M V"]:
    """BERT's logits of every word: transform, GELU, LayerNorm, then the embedding's own table and a bias."""
    transformed = gelu(linear(hidden_states, transform_weight, transform_bias))
    return linear(layer_norm(transformed, norm_weight, norm_bias, eps), table, bias)


def pseudo_log_likelihood(
    logits: Float[Tensor, "T T V"], ids: Int[Tensor, " T"], special: Bool[Tensor, " T"]
) -> Float[Tensor, ""]:
    """The sum of log p(word | all others) over the words that are not special.

    In pass i the word at position i was hidden: `logits[i, j]` is what pass i says of position j.
    """
    positions = torch.arange(len(ids))
    own = logits[positions, positions]  # T V: of each pass, the hidden position
    largest = own.amax(-1, keepdim=True)
    log_sums = (own - largest).exp().sum(-1).log() + largest.squeeze(-1)
    return (own[positions, ids] - log_sums)[~special].sum()


def head(draw: Draw, words: int, width: int, vocabulary: int, eps: float = 1e-12) -> Arguments:
    """Hidden states and the weights of the head."""
    return {
        "hidden_states": draw.normal(words, width),
        "transform_weight": draw.normal(width, width, scale=2 * width**-0.5),
        "transform_bias": draw.normal(width),
        "norm_weight": draw.normal(width),
        "norm_bias": draw.normal(width),
        "table": draw.normal(vocabulary, width, scale=width**-0.5),
        "bias": draw.normal(vocabulary),
        "eps": eps,
    }


WORD_LOGITS = Contract(
    name="word_logits",
    section="4.2.1",
    reference=word_logits,
    gradients=("hidden_states", "table", "bias"),
    properties={
        "a logit for every word": lambda draw: [head(draw, 2, 5, 9), head(draw, 3, 4, 7)],
        "a large eps": lambda draw: [head(draw, 2, 6, 8, eps=0.5)],
        "at a real width": lambda draw: [head(draw, 3, 128, 1000)],
    },
    mutants=(
        Mutant(
            "the document's e(w)ᵀ h. BERT transforms h first: dense, GELU, LayerNorm.",
            {"layer_norm(transformed, norm_weight, norm_bias, eps)": "hidden_states"},
        ),
        Mutant(
            "logits without the bias of each word. It knows how frequent the word is.",
            {"table, bias)": "table, torch.zeros_like(bias))"},
        ),
        Mutant(
            "a transform without GELU. Without a bend it is one more matrix before a matrix.",
            {
                "gelu(linear(hidden_states, transform_weight, transform_bias))": (
                    "linear(hidden_states, transform_weight, transform_bias)"
                )
            },
        ),
        Mutant(
            "a transform without LayerNorm. It comes after GELU, before the table.",
            {"layer_norm(transformed, norm_weight, norm_bias, eps)": "transformed"},
        ),
        Mutant(
            "a transform with LayerNorm before GELU. The order is dense, GELU, LayerNorm.",
            {
                "gelu(linear(hidden_states, transform_weight, transform_bias))": (
                    "linear(hidden_states, transform_weight, transform_bias)"
                ),
                "layer_norm(transformed, norm_weight, norm_bias, eps)": (
                    "gelu(layer_norm(transformed, norm_weight, norm_bias, eps))"
                ),
            },
        ),
        Mutant(
            "a transform whose result is added to h. There is no residual connection in the head.",
            {
                "gelu(linear(hidden_states, transform_weight, transform_bias))": (
                    "hidden_states + gelu(linear(hidden_states, transform_weight, transform_bias))"
                )
            },
        ),
        Mutant(
            "a transform with the tanh approximation of GELU. BERT's is exact, by erf.",
            {
                "gelu(linear(hidden_states, transform_weight, transform_bias))": (
                    "torch.nn.functional.gelu("
                    "linear(hidden_states, transform_weight, transform_bias), approximate='tanh')"
                )
            },
        ),
        Mutant(
            "a transform with ReLU between matrix and LayerNorm. BERT's has GELU there.",
            {"gelu(linear(": "torch.relu(linear("},
        ),
        Mutant(
            "a transform without its bias. It is added before GELU.",
            {"transform_weight, transform_bias))": "transform_weight, torch.zeros_like(transform_bias)))"},
        ),
        Mutant(
            "a transform whose matrix is not transposed. It is stored as (out, in): x @ W.T.",
            {"hidden_states, transform_weight,": "hidden_states, transform_weight.T,"},
        ),
        Mutant(
            "a transform with LayerNorm by torch's std plus eps: it divides by E - 1, and eps belongs inside the root.",
            {
                "layer_norm(transformed, norm_weight, norm_bias, eps)": (
                    "((transformed - transformed.mean(-1, keepdim=True)) / (transformed.std(-1, keepdim=True) + eps) "
                    "* norm_weight + norm_bias)"
                )
            },
        ),
        Mutant(
            "logits divided by √E. Attention's scores are; these are not.",
            {"norm_bias, eps), table": "norm_bias, eps) / hidden_states.shape[-1] ** 0.5, table"},
        ),
    ),
)


def passes(draw: Draw, tokens: int, words: int) -> Arguments:
    """As many passes as tokens; the first and the last two tokens are special."""
    special = torch.zeros(tokens, dtype=torch.bool)
    special[0] = special[-2:] = True
    ids = draw.uniform(words).argsort()[:tokens]
    return {"logits": draw.normal(tokens, tokens, words), "ids": ids, "special": special}


PSEUDO_LOG_LIKELIHOOD = Contract(
    name="pseudo_log_likelihood",
    section="4.2.1",
    reference=pseudo_log_likelihood,
    gradients=("logits",),
    properties={
        "the sum over the words, each hidden once": lambda draw: [passes(draw, 5, 7), passes(draw, 7, 9)],
        "a longer text": lambda draw: [passes(draw, 40, 60)],
        "logits of a thousand": lambda draw: [passes(draw, 6, 8) | {"logits": draw.extreme(6, 6, 8)}],
    },
    mutants=(
        Mutant(
            "every word read off the first pass. There only the first word was hidden, and the model saw the others: "
            "word i belongs to pass i.",
            {"logits[positions, positions]": "logits[0]"},
        ),
        Mutant(
            "all positions of all passes. Of pass i only the hidden position counts; the other words were seen.",
            {
                "return (own[positions, ids] - log_sums)[~special].sum()": (
                    "return logits.log_softmax(-1)[:, positions, ids][:, ~special].sum()"
                )
            },
        ),
        Mutant(
            "a sum with [CLS] and [SEP] in it. They are not part of the text.",
            {"[~special]": ""},
        ),
        Mutant(
            "the mean over the words. The sum is asked for; a mean would let a long text hide a bad word.",
            {"[~special].sum()": "[~special].mean()"},
        ),
        Mutant(
            "the sum of the logits. A logit becomes a log-probability when the log of the sum of exponentials is taken "
            "off.",
            {" - log_sums": ""},
        ),
        Mutant(
            "the sum of the probabilities. Logarithms are added, as probabilities are multiplied.",
            {"(own[positions, ids] - log_sums)": "(own[positions, ids] - log_sums).exp()"},
        ),
        Mutant(
            "a log-probability with an exponential that overflows. Take the largest logit of each row off first.",
            {"(own - largest).exp().sum(-1).log() + largest.squeeze(-1)": "own.exp().sum(-1).log()"},
        ),
        Mutant(
            "minus the log-likelihood. That is a loss: a log-probability is never above 0.",
            {"own[positions, ids] - log_sums": "log_sums - own[positions, ids]"},
        ),
    ),
)
