"""Plain values with arrays as lines of JSON: what goes between the grader and the worker.

An array travels as a base64 `.npy`, read back without pickle. The worker, where `minisft` is not installed, runs this
file as well: it imports nothing of ours.
"""

import base64
import io
import json
import math
from typing import Any

import numpy as np

DTYPE_KINDS = "biufc"  # of dtypes: truth values, whole numbers, floats and complex numbers


def encode(message: dict[str, Any], arrays: list[np.ndarray] = ()) -> bytes:
    """A message and arrays as one line."""
    return json.dumps({**message, "arrays": [_npy(array) for array in arrays]}).encode() + b"\n"


def _npy(array: np.ndarray) -> str:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode()


def decode(line: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What `encode` was given. Raises ValueError for anything else, whoever wrote it."""
    try:
        message = json.loads(line)
        arrays = [_array(base64.b64decode(text, validate=True)) for text in message.pop("arrays")]
    except ValueError:
        raise
    except Exception as error:  # whatever a line that was made to break this makes it raise
        raise ValueError(f"not a message: {type(error).__name__}") from None
    return message, arrays


def _array(data: bytes) -> np.ndarray:
    """An array, after its header was found to promise no more than there is."""
    buffer = io.BytesIO(data)
    if np.lib.format.read_magic(buffer) != (1, 0):
        raise ValueError("an array of another format")
    shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    if dtype.kind not in DTYPE_KINDS or math.prod(shape) * dtype.itemsize != len(data) - buffer.tell():
        raise ValueError("an array that is not what it says")
    buffer.seek(0)
    return np.load(buffer, allow_pickle=False)
