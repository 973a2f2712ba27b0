"""A model as a folder: config.json and model.safetensors, as transformers reads and writes them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from minisft.checkpoints.locate import locate
from minisft.checkpoints.mapping import Weights, to_hugging_face, to_ours
from minisft.errors import InputError
from minisft.files import write_atomically


@dataclass(frozen=True)
class Checkpoint:
    """A model on disk: its name, its config.json, its weights under our names, and the keys that found no use."""

    source: str
    config: dict[str, Any]
    weights: Weights
    unused: list[str]


def read_checkpoint(source: str | Path) -> Checkpoint:
    """Read a model from a folder, the hub or `"minilm"`; the weights come as float32 on the CPU.

    Raises InputError where a file is missing, broken, foreign, or a pickle.
    """
    folder = locate(source)
    config = read_config(folder)
    layers = config.get("num_hidden_layers")
    if not isinstance(layers, int):
        raise InputError(
            f"{folder / 'config.json'} has no num_hidden_layers (model_type {config.get('model_type')!r}); "
            "expected a BERT's configuration"
        )
    tensors = read_tensors(folder)
    if layers > max(len(tensors), 100):  # a table of their names would fill the memory
        raise InputError(
            f"{folder} has {len(tensors)} weights, and its config.json asks for {layers} layers; get it again"
        )
    try:
        weights, unused = to_ours(tensors, layers)
    except RuntimeError as error:  # queries, keys and values that do not fit together
        raise InputError(f"{folder} holds weights of shapes that do not fit ({error}); get it again") from None
    if not weights:
        raise InputError(f"{folder} holds no weight of a BERT; its keys are {', '.join(unused[:3])} ...")
    return Checkpoint(str(source), config, weights, unused)


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a folder."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} has no config.json; expected a folder with config.json and model.safetensors"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}); get the file again") from None
    if not isinstance(config, dict):
        raise InputError(f"{path} holds a {type(config).__name__}; expected an object with a BERT's configuration")
    return config


def read_tensors(folder: Path) -> Weights:
    """All tensors of a folder's safetensors file or files, under the names they have there."""
    index, whole = folder / "model.safetensors.index.json", folder / "model.safetensors"
    if index.exists() and not whole.exists():  # where both are, the index is an older model's
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
            _ = [folder / name for name in names]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:  # cut off, or something else
            raise InputError(f"{index} does not say where the weights are ({error}); get the file again") from None
    else:
        names = [whole.name]
    tensors: Weights = {}
    for path in (folder / name for name in names):
        if not path.exists():
            raise InputError(missing_weights(folder, path.name))
        try:
            tensors |= load_file(path)
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is broken ({error}); get the file again") from None
    return tensors


def missing_weights(folder: Path, name: str) -> str:
    """Why there are no weights to read: there is nothing, or only a pickle."""
    pickles = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for path in folder.glob(pattern))
    if pickles:
        return (
            f"{folder} holds {pickles[0]} and no {name}: a pickle can run any code when it is opened, so it is not "
            "read. Take a revision with safetensors, or convert it where you trust it"
        )
    return f"{folder} has no {name}; expected the weights there"


def write_checkpoint(folder: Path, config: dict[str, Any], weights: Weights, half: bool = False) -> None:
    """Write a folder that transformers opens. Each file appears whole or not at all.

    `half` stores float16: half the size, 3 to 4 digits. Reading gives float32 again.
    """
    tensors = to_hugging_face(weights, config["num_hidden_layers"])
    if half:
        tensors = {name: tensor.half() for name, tensor in tensors.items()}
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    write_atomically(folder / "model.safetensors", lambda path: save_file(tensors, path, {"format": "pt"}))
    write_atomically(folder / "config.json", lambda path: path.write_text(text, encoding="utf-8"))
