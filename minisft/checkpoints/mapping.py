"""The tables between our names and Hugging Face's BERT, read in both directions."""

import torch
from torch import Tensor

Weights = dict[str, Tensor]

# Ours -> theirs. Where there are several of theirs, ours is all of them stacked: queries, keys and values are one
# matrix here. {} is the layer's number; every name stands for a .weight and a .bias unless it ends in one of them.
TABLE: dict[str, tuple[str, ...]] = {
    "embeddings.word.weight": ("embeddings.word_embeddings.weight",),
    "embeddings.position.weight": ("embeddings.position_embeddings.weight",),
    "embeddings.segment.weight": ("embeddings.token_type_embeddings.weight",),
    "embeddings.norm": ("embeddings.LayerNorm",),
    "layers.{}.attention.qkv": (
        "encoder.layer.{}.attention.self.query",
        "encoder.layer.{}.attention.self.key",
        "encoder.layer.{}.attention.self.value",
    ),
    "layers.{}.attention.output": ("encoder.layer.{}.attention.output.dense",),
    "layers.{}.attention_norm": ("encoder.layer.{}.attention.output.LayerNorm",),
    "layers.{}.feed_forward.widen": ("encoder.layer.{}.intermediate.dense",),
    "layers.{}.feed_forward.narrow": ("encoder.layer.{}.output.dense",),
    "layers.{}.feed_forward_norm": ("encoder.layer.{}.output.LayerNorm",),
    "pooler": ("pooler.dense",),
}
# The heads of pretraining stand beside the encoder. The decoder's matrix is the table of words and has no row here.
PRETRAINING: dict[str, tuple[str, ...]] = {
    "mlm.transform": ("cls.predictions.transform.dense",),
    "mlm.norm": ("cls.predictions.transform.LayerNorm",),
    "mlm.bias": ("cls.predictions.bias",),
    "nsp": ("cls.seq_relationship",),
}
HEADS = (
    "classifier",
    "nested_classifier",
    "qa_outputs",
    "query_word",
)  # beside the encoder too, under the same name in both

# A safetensors file keeps one of several names that share a tensor: the other name may be the one that is there.
ALIASES = {
    "embeddings.word_embeddings.weight": "cls.predictions.decoder.weight",
    "cls.predictions.bias": "cls.predictions.decoder.bias",
}
# Buffers that old versions of transformers saved: 0, 1, 2, ... and no weights.
NOT_WEIGHTS = ("embeddings.position_ids", "embeddings.token_type_ids")


def expand(layers: int) -> dict[str, tuple[str, ...]]:
    """The tables written out for a number of layers: ours -> theirs, one entry a tensor; theirs lack bert."""
    rows = {}
    for ours, theirs in ({f"bert.{name}": parts for name, parts in TABLE.items()} | PRETRAINING).items():
        for layer in range(layers) if "{}" in ours else [0]:
            for ending in [""] if ours.endswith((".weight", ".bias")) else [".weight", ".bias"]:
                rows[ours.format(layer) + ending] = tuple(name.format(layer) + ending for name in theirs)
    return rows


def today(name: str) -> str:
    """A key of an old or bare checkpoint as today's encoder spells it: no bert., no gamma, no beta."""
    name = name.removeprefix("bert.")
    if name.endswith(".gamma"):
        return name.removesuffix(".gamma") + ".weight"
    return name.removesuffix(".beta") + ".bias" if name.endswith(".beta") else name


def to_ours(theirs: Weights, layers: int) -> tuple[Weights, list[str]]:
    """Hugging Face's tensors under our names (encoder under bert.), and those of their keys that found no use.

    A tensor of ours for which nothing is there is left out; who loads it notices.
    """
    given = {today(name): tensor for name, tensor in theirs.items()}
    for name, alias in ALIASES.items():
        if alias in given and (name not in given or torch.equal(given[name], given[alias])):
            given[name] = given.pop(alias)
    ours: Weights = {}
    for name, parts in expand(layers).items():
        if all(part in given for part in parts):
            ours[name] = torch.cat([given.pop(part) for part in parts]).float()
    for name in [key for key in given if key.split(".")[0] in HEADS]:
        ours[name] = given.pop(name).float()
    return ours, sorted(name for name in given if name not in NOT_WEIGHTS)


def to_hugging_face(ours: Weights, layers: int) -> Weights:
    """Our tensors under Hugging Face's names, each with memory of its own."""
    theirs: Weights = {}
    table = expand(layers)
    for name, tensor in ours.items():
        parts = table.get(name, (name,))
        prefix = "bert." if name.startswith("bert.") else ""
        for part, piece in zip(parts, tensor.chunk(len(parts)), strict=True):
            theirs[prefix + part] = piece.detach().cpu().clone()
    return theirs
