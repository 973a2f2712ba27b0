"""Cases and answers as JSON and arrays, so that a function can run in another process without pickle."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from minisft.checks.calling import Answer, Failure, Foreign


def pack(value: Any) -> tuple[Any, list[np.ndarray]]:
    """A plain value as something that json takes, and its tensors as arrays that np.save takes."""
    arrays: list[np.ndarray] = []
    return _pack(value, arrays), arrays


def _pack(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, Tensor):
        try:
            arrays.append(value.numpy())
        except TypeError:  # numpy has no bfloat16
            return {"foreign": f"a tensor of {value.dtype}"}
        return {"array": len(arrays) - 1}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_pack(part, arrays) for part in value]}
    if isinstance(value, dict):
        return {"dict": {key: _pack(part, arrays) for key, part in value.items()}}
    if isinstance(value, Foreign):
        return {"foreign": value.kind}
    if isinstance(value, Failure):
        return {"failure": [value.kind, value.message, value.detail, value.line]}
    if isinstance(value, Answer):
        return {"answer": [_pack(part, arrays) for part in (value.value, value.gradients, value.failure)]}
    return value


def unpack(value: Any, arrays: list[np.ndarray]) -> Any:
    """What `pack` was given. Raises ValueError where a value is none of what `pack` makes."""
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise ValueError("a packed value is no list")
        return value
    if len(value) != 1:
        raise ValueError("a packed value is a dict with one key")
    ((kind, content),) = value.items()
    try:
        match kind:
            case "array":
                return torch.from_numpy(arrays[content])
            case "list" | "tuple":
                return {"list": list, "tuple": tuple}[kind](unpack(part, arrays) for part in content)
            case "dict":
                return {key: unpack(part, arrays) for key, part in content.items()}
            case "foreign":
                return Foreign(str(content))
            case "failure":
                return Failure(*(str(part) for part in content))
            case "answer":
                parts = [unpack(part, arrays) for part in content]
                if len(parts) != 3 or not isinstance(parts[1], dict) or not isinstance(parts[2], Failure | None):
                    raise ValueError("a packed answer is a value, a dict of gradients, and a failure or none")
                return Answer(*parts)
    except (TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"a packed {kind} does not fit: {error}") from None
    raise ValueError(f"{kind!r} is not a kind of packed value")
