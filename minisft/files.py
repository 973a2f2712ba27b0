"""Files that are either the old ones or the new ones, whatever happens while they are written."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from minisft.errors import InputError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place of `path` in one step.

    A crash, a kill or a full disk in between leaves what was at `path`. Raises InputError where the disk is full
    or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with open(temporary, "r+b") as file:  # Windows syncs only what is open for writing
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"could not write {path}: {reason}; what was there before is unharmed. "
            "Free some space or choose another folder with --out"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # what went wrong has been said
            temporary.unlink(missing_ok=True)
