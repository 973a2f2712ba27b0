"""The whole state of a run in one file, so that a run that was cut off goes on exactly where it was."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from minisft.errors import InputError
from minisft.files import write_atomically
from minisft.models import BertConfig
from minisft.text import Tokenizer
from minisft.training.callbacks import Validate
from minisft.training.distributed import process_group
from minisft.training.trainer import Callback, Trainer


class KeepState(Callback):
    """Write the state after each epoch, every `every` updates where given, and when the run is stopped.

    `about` says how the run was started and is kept with it. The file is replaced in one step: a kill while it is
    written leaves the one before. `restore` puts a run back.
    """

    main_only = True

    def __init__(self, path: Path, validate: Validate, about: dict[str, Any], every: int | None = None) -> None:
        if every is not None and every < 1:
            raise InputError(f"keep_every is {every}; expected at least 1")
        self.path, self.validate, self.about, self.every = path, validate, about, every

    def on_update(self, trainer: Trainer) -> None:
        last_of_epoch = trainer.step % trainer.updates_an_epoch == 0  # on_epoch comes next and writes more
        if self.every and trainer.step % self.every == 0 and not last_of_epoch:
            self.write(trainer)

    def on_epoch(self, trainer: Trainer) -> None:
        self.write(trainer)

    def on_stop(self, trainer: Trainer) -> None:
        self.write(trainer)

    def write(self, trainer: Trainer) -> None:
        """Write the state. The losses are read first: a state with NaN in it is never written."""
        trainer.flush()
        progress = {
            "step": trainer.step,
            "epoch": trainer.epoch,
            "batch": trainer.batch,
            "finished": trainer.epoch == trainer.settings.epochs or self.validate.exhausted(),
            "history": self.validate.history,
            "about": self.about,
        }
        tensors = collect(trainer)
        write_atomically(self.path, lambda path: save_file(tensors, path, {"progress": json.dumps(progress)}))


def collect(trainer: Trainer) -> dict[str, Tensor]:
    """Weights, moments and random-number generators."""
    tensors = {f"model.{name}": tensor for name, tensor in trainer.model.state_dict().items()}
    for name, parameter in trainer.model.named_parameters():
        for key, value in trainer.optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{key}.{name}"] = torch.as_tensor(value)
    tensors["random.cpu"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(trainer.device)
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def read_progress(path: Path) -> dict[str, Any]:
    """Where the run in a state file stands. Raises InputError where the file is broken or something else."""
    try:
        with safe_open(path, "pt") as file:
            return json.loads((file.metadata() or {})["progress"])
    except (SafetensorError, OSError, KeyError, json.JSONDecodeError) as error:
        raise InputError(
            f"{path} is not the state of a run ({error}); delete it and start again without --resume"
        ) from None


def begin(folder: Path, state: Path, tokenizer: Tokenizer, config: BertConfig) -> None:
    """Make `folder` ready for a new run: its tokenizer, and nothing of another run that could pass for its own.

    A model with the same vocabulary stays until a better one takes its place: it may be the very one that the run
    began with. Raises InputError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        state.unlink(missing_ok=True)
        if has_other_vocabulary(folder, tokenizer):
            (folder / "model.safetensors").unlink(missing_ok=True)
        tokenizer.save(folder, config.max_position_embeddings)
    except OSError as error:
        raise InputError(
            f"could not write to {folder}: {error.strerror or error}; choose another folder with --out"
        ) from error


def has_other_vocabulary(folder: Path, tokenizer: Tokenizer) -> bool:
    """Whether the model in a folder goes with other pieces."""
    try:
        return Tokenizer.from_folder(folder).vocabulary != tokenizer.vocabulary
    except InputError:  # none, or a broken one
        return True


def goes_on(path: Path, about: dict[str, Any], resume: bool) -> bool:
    """Whether the state at `path` is to be gone on with.

    Raises InputError where an unfinished run would be written over, or one is resumed that was started otherwise.
    """
    progress = read_progress(path) if path.exists() else None
    # Read before the others are asked: whoever has all answers first may begin a new run there.
    found = process_group().gather(progress is not None)
    if any(found) and not all(found):
        raise InputError(f"{path} is there for some processes and not for all; choose an --out folder that all share")
    if progress is None:
        return False
    if not resume:
        if not progress["finished"]:
            raise InputError(
                f"{path.parent} holds a run that stopped at update {progress['step']}; add --resume to go on with "
                "it, choose another --out, or delete that folder"
            )
        return False
    for name, value in about.items():
        before = progress["about"].get(name)
        if before != value:
            raise InputError(f"the run in {path.parent} was started with {name} {before!r}, not {value!r}")
    return True


def restore(trainer: Trainer, validate: Validate, path: Path) -> None:
    """Put a run back where the state file has it."""
    progress = read_progress(path)
    with safe_open(path, "pt", device=str(trainer.device)) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    try:
        weights = {name.removeprefix("model."): t for name, t in tensors.items() if name.startswith("model.")}
        trainer.model.load_state_dict(weights)
    except RuntimeError:
        raise InputError(f"{path} belongs to another model; give the same --model as when it was started") from None
    for name, parameter in trainer.model.named_parameters():
        if f"optimizer.step.{name}" in tensors:
            trainer.optimizer.state[parameter] = {
                "step": int(tensors[f"optimizer.step.{name}"]),
                "first_moment": tensors[f"optimizer.first_moment.{name}"],
                "second_moment": tensors[f"optimizer.second_moment.{name}"],
            }
    trainer.step, trainer.epoch, trainer.batch = progress["step"], progress["epoch"], progress["batch"]
    validate.history = progress["history"]
    trainer.stop = validate.exhausted()
    torch.set_rng_state(tensors["random.cpu"].cpu())
    if "random.cuda" in tensors and trainer.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"].cpu(), trainer.device)
