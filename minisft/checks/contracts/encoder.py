"""Section 3.1.3: LayerNorm, the residual block, and a whole layer of the encoder."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minisft.checks.contract import Arguments, Contract, Draw, Mutant
from minisft.checks.contracts.attention import nothing_to_see
from minisft.checks.contracts.heads import far_below, multi_head_attention
from minisft.ops import feed_forward, gelu, layer_norm

SUBLAYERS = {"zero": torch.zeros_like, "square": torch.square, "roll": lambda x: x.roll(1, -1)}


def residual_block(
    x: Float[Tensor, "*batch E"],
    sublayer,
    weight: Float[Tensor, " E"],
    bias: Float[Tensor, " E"],
    eps: float,
) -> Float[Tensor, "*batch E"]:
    """LayerNorm(x + Sublayer(x)), without dropout."""
    return layer_norm(x + sublayer(x), weight, bias, eps)


def encoder_layer(
    x: Float[Tensor, "B T E"],
    weights: dict[str, Tensor],
    heads: int,
    eps: float,
    mask: Bool[Tensor, "B 1 #T T"] | None = None,
) -> Float[Tensor, "B T E"]:
    """Attention, then feed-forward with GELU, each x = LayerNorm(x + Sublayer(x)), without dropout.

    `weights` has the names of `minisft.models.encoder.EncoderLayer.state_dict()`.
    """
    w = weights
    attended = multi_head_attention(
        x, w["attention.qkv.weight"], w["attention.qkv.bias"],
        w["attention.output.weight"], w["attention.output.bias"], heads, mask,
    )  # fmt: skip
    x = layer_norm(x + attended, w["attention_norm.weight"], w["attention_norm.bias"], eps)
    widened = feed_forward(
        x, w["feed_forward.widen.weight"], w["feed_forward.widen.bias"],
        w["feed_forward.narrow.weight"], w["feed_forward.narrow.bias"], gelu,
    )  # fmt: skip
    return layer_norm(x + widened, w["feed_forward_norm.weight"], w["feed_forward_norm.bias"], eps)


def normed(draw: Draw, *shape: int, eps: float, dtype: torch.dtype = torch.float64) -> Arguments:
    """What layer_norm needs."""
    return {
        "x": draw.normal(*shape, dtype=dtype),
        "weight": draw.normal(shape[-1], dtype=dtype),
        "bias": draw.normal(shape[-1], dtype=dtype),
        "eps": eps,
    }


def level(draw: Draw) -> list[Arguments]:
    """A token whose numbers are all equal, and one whose numbers hardly differ."""
    arguments = normed(draw, 2, 3, 4, eps=1e-5)
    arguments["x"][0, 1] = 2.5
    arguments["x"][1, 0] *= 1e-3
    return [arguments]


def far_from_zero(draw: Draw) -> list[Arguments]:
    """Numbers with a mean that is a million times what they differ by."""
    arguments = normed(draw, 2, 3, 16, eps=1e-12)
    return [arguments | {"x": arguments["x"] + 1e6}]


LAYER_NORM = Contract(
    name="layer_norm",
    section="3.1.3",
    reference=layer_norm,
    gradients=("x", "weight", "bias"),
    properties={
        "mean 0 and variance 1, scaled and shifted": lambda draw: [
            normed(draw, 2, 3, 4, eps=1e-12),
            normed(draw, 3, 5, 7, eps=1e-5),
        ],
        "a large eps, which shows where it stands": lambda draw: [normed(draw, 2, 3, 5, eps=0.7)],
        "at a real width": lambda draw: [normed(draw, 2, 3, 768, eps=1e-12)],
        "numbers that hardly differ": level,
        "numbers far from zero": far_from_zero,
    },
    mutants=(
        Mutant(
            "LayerNorm with Bessel's correction, the sum of squares divided by E - 1. torch's std and var do so by "
            "default; the variance here is divided by E: correction=0.",
            {"(centred * centred).mean(-1, keepdim=True)": "centred.var(-1, keepdim=True)"},
        ),
        Mutant(
            "LayerNorm with eps outside the root. It belongs inside, on the variance: √(variance + eps).",
            {"(variance + eps).sqrt()": "(variance.sqrt() + eps)"},
        ),
        Mutant(
            "LayerNorm by torch's std plus eps, which is wrong twice: Bessel's correction, and eps outside the root.",
            {"(variance + eps).sqrt()": "(x.std(-1, keepdim=True) + eps)"},
        ),
        Mutant(
            "LayerNorm without eps. A token whose numbers are all equal has variance 0, and 0 / 0 is NaN.",
            {"variance + eps": "variance"},
        ),
        Mutant(
            "LayerNorm without the root: divided by the variance, whose unit is the square of x's.",
            {"(variance + eps).sqrt()": "(variance + eps)"},
        ),
        Mutant(
            "LayerNorm that does not take the mean off (that is RMSNorm).",
            {"x - x.mean(-1, keepdim=True)": "x"},
        ),
        Mutant(
            "LayerNorm over the tokens. Each token is normalised by itself, over the last dimension: dim=-1.",
            {"x.mean(-1,": "x.mean(-2,", "centred).mean(-1,": "centred).mean(-2,"},
        ),
        Mutant(
            "LayerNorm with one mean and one variance for the whole batch. Each token has its own: dim=-1, keepdim.",
            {"x.mean(-1, keepdim=True)": "x.mean()", "centred).mean(-1, keepdim=True)": "centred).mean()"},
        ),
        Mutant(
            "LayerNorm without weight and bias. They scale and shift what has been normalised.",
            {" * weight + bias": " * 1.0"},
        ),
        Mutant("LayerNorm without the bias. It shifts what the weight has scaled, at the very end.", {" + bias": ""}),
        Mutant(
            "LayerNorm with weight and bias exchanged: weight scales, bias shifts.", {"weight + bias": "bias + weight"}
        ),
        Mutant(
            "a variance as the mean of the squares minus the square of the mean. Where the mean is large, both are "
            "large and nearly equal, and their difference is noise: take the mean off first.",
            {
                "(centred * centred).mean(-1, keepdim=True)": (
                    "((x * x).mean(-1, keepdim=True) - x.mean(-1, keepdim=True) ** 2).clamp(min=0)"
                )
            },
        ),
    ),
)


def block(draw: Draw, sublayer: str, *shape: int) -> Arguments:
    """What residual_block needs."""
    inputs = normed(draw, *shape, eps=0.1)
    return {"x": inputs["x"], "sublayer": sublayer, **{name: inputs[name] for name in ("weight", "bias", "eps")}}


RESIDUAL_BLOCK = Contract(
    name="residual_block",
    section="3.1.3",
    reference=residual_block,
    functions={"sublayer": SUBLAYERS},
    gradients=("x", "weight", "bias"),
    properties={
        "a sublayer that gives zero": lambda draw: [block(draw, "zero", 2, 3, 4)],
        "a sublayer that moves the numbers": lambda draw: [block(draw, "roll", 2, 3, 5)],
        "a sublayer that is no linear map": lambda draw: [
            block(draw, "square", 3, 2, 7),
            block(draw, "square", 2, 384),
        ],
    },
    mutants=(
        Mutant(
            "a pre-LN block, x + Sublayer(LayerNorm(x)), as later Transformers have it. BERT's is post-LN: the sum is "
            "normalised.",
            {"layer_norm(x + sublayer(x), weight, bias, eps)": "x + sublayer(layer_norm(x, weight, bias, eps))"},
        ),
        Mutant(
            "a block without the residual connection. x itself is added to what the sublayer gives.",
            {"x + sublayer(x)": "sublayer(x)"},
        ),
        Mutant(
            "x plus the normalised sublayer. The sum is normalised, not the summand.",
            {"layer_norm(x + sublayer(x), weight, bias, eps)": "x + layer_norm(sublayer(x), weight, bias, eps)"},
        ),
        Mutant(
            "a block without LayerNorm: x + Sublayer(x) alone. LayerNorm keeps the sum from growing layer by layer.",
            {"layer_norm(x + sublayer(x), weight, bias, eps)": "x + sublayer(x)"},
        ),
        Mutant(
            "LayerNorm(x) with the sublayer added after it. The sum is normalised.",
            {"layer_norm(x + sublayer(x), weight, bias, eps)": "layer_norm(x, weight, bias, eps) + sublayer(x)"},
        ),
        Mutant(
            "a sublayer that is given the normalised x. It gets x; only the sum is normalised.",
            {"sublayer(x)": "sublayer(layer_norm(x, weight, bias, eps))"},
        ),
    ),
)


def layer(draw: Draw, batch: int, tokens: int, width: int, heads: int) -> Arguments:
    """A layer whose feed-forward is 2 E + 1 wide, with LayerNorms that are told apart."""
    wide = 2 * width + 1
    shapes = {
        "attention.qkv": (3 * width, width), "attention.output": (width, width), "attention_norm": (width,),
        "feed_forward.widen": (wide, width), "feed_forward.narrow": (width, wide), "feed_forward_norm": (width,),
    }  # fmt: skip
    weights = {}
    for name, shape in shapes.items():
        weights[f"{name}.weight"] = draw.normal(*shape, scale=shape[-1] ** -0.5 if len(shape) > 1 else 1.0)
        weights[f"{name}.bias"] = draw.normal(shape[0])
    return {"x": draw.normal(batch, tokens, width), "weights": weights, "heads": heads, "eps": 1e-12}


def large(draw: Draw, *sizes: int) -> Arguments:
    """A layer whose scores are all far below 0, and some of them hidden."""
    arguments, (batch, tokens, *_) = layer(draw, *sizes), sizes
    bias = far_below(arguments["weights"]["attention.qkv.bias"])
    hidden = draw.mask(batch, 1, tokens, tokens)
    return arguments | {"weights": arguments["weights"] | {"attention.qkv.bias": bias}, "mask": hidden}


NORM = 'layer_norm(x + attended, w["attention_norm.weight"], w["attention_norm.bias"], eps)'
LAST_NORM = 'layer_norm(x + widened, w["feed_forward_norm.weight"], w["feed_forward_norm.bias"], eps)'

ENCODER_LAYER = Contract(
    name="encoder_layer",
    section="3.1.3",
    reference=encoder_layer,
    gradients=("x",),
    properties={
        "attention, then feed-forward": lambda draw: [layer(draw, 2, 3, 8, 4), layer(draw, 3, 5, 6, 2)],
        "at a larger width": lambda draw: [layer(draw, 1, 4, 96, 12)],
        "a mask hides tokens": lambda draw: [
            layer(draw, 2, 5, 8, 2) | {"mask": draw.mask(2, 1, 1, 5)},
            layer(draw, 2, 4, 6, 3) | {"mask": draw.mask(2, 1, 4, 4)},
        ],
        "large scores, of which some are hidden": lambda draw: [large(draw, 2, 5, 8, 2)],
        "a token that may see nothing": lambda draw: [layer(draw, 3, 6, 8, 2) | {"mask": nothing_to_see()}],
        "a large eps": lambda draw: [layer(draw, 2, 3, 8, 4) | {"eps": 0.1}],
    },
    mutants=(
        Mutant("a layer with ReLU, as the document has it. BERT's feed-forward has GELU.", {"gelu,": "torch.relu,"}),
        Mutant(
            "a layer with the tanh approximation of GELU. BERT's is exact, by erf.",
            {"gelu,": 'lambda x: torch.nn.functional.gelu(x, approximate="tanh"),'},
        ),
        Mutant(
            "a layer without the residual connection around attention. What attention gives is added to its input.",
            {"x + attended": "attended"},
        ),
        Mutant(
            "a layer without the residual connection around feed-forward. What it gives is added to its input.",
            {"x + widened": "widened"},
        ),
        Mutant(
            "a layer that uses the first LayerNorm twice. Each sublayer has its own weights.",
            {
                'w["feed_forward_norm.weight"], w["feed_forward_norm.bias"]': (
                    'w["attention_norm.weight"], w["attention_norm.bias"]'
                )
            },
        ),
        Mutant(
            "a layer without the LayerNorm after attention. Each sublayer has one: x = LayerNorm(x + Sublayer(x)).",
            {NORM: "x + attended"},
        ),
        Mutant(
            "a layer without the LayerNorm at its end. Each sublayer has one: x = LayerNorm(x + Sublayer(x)).",
            {LAST_NORM: "x + widened"},
        ),
        Mutant(
            "a layer with an eps of its own. It is an argument: hand it on to both LayerNorms.",
            {NORM: NORM.replace("eps)", "1e-12)"), LAST_NORM: LAST_NORM.replace("eps)", "1e-12)")},
        ),
        Mutant(
            "a layer without GELU. Two matrices with nothing between them are one matrix.",
            {"gelu,": "lambda x: x,"},
        ),
        Mutant(
            "a pre-LN layer, x + Sublayer(LayerNorm(x)), as later Transformers have it. BERT's is post-LN: each sum is "
            "normalised.",
            {
                "    attended = multi": (
                    '    old, x = x, layer_norm(x, w["attention_norm.weight"], w["attention_norm.bias"], eps)\n'
                    "    attended = multi"
                ),
                NORM: "old + attended",
                "    widened = feed": (
                    '    old, x = x, layer_norm(x, w["feed_forward_norm.weight"], w["feed_forward_norm.bias"], eps)\n'
                    "    widened = feed"
                ),
                LAST_NORM: "old + widened",
            },
        ),
        Mutant(
            "a layer that does not hand the mask on to attention. Padding would take part.", {"heads, mask,": "heads,"}
        ),
    ),
)
