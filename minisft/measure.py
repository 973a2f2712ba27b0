"""What code costs: time as ratios of one run, the memory that training keeps, and the most that is held at once."""

import statistics
import time
import weakref
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def medians(ways: Mapping[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """Seconds that each function takes: the median of some rounds, after one that does not count.

    In a round each runs once, in turn, so that whatever else the machine does meets all of them. Compare the medians of
    one call with each other and not with those of another day.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found[1:]) for name, found in seconds.items()}


def speed_of_bf16(device: torch.device | str = "cpu") -> float:
    """How many times as fast a matrix product is in bf16 as in fp32: far below 1 where bf16 is emulated."""
    matrices = {kind: torch.randn(256, 256, device=device).to(kind) for kind in (torch.float32, torch.bfloat16)}
    seconds = medians({str(kind): lambda matrix=matrix: matrix @ matrix for kind, matrix in matrices.items()})
    return seconds["torch.float32"] / seconds["torch.bfloat16"]


def kept_for_backward(function: Callable, *inputs: Tensor) -> float:
    """Megabytes that autograd keeps from the forward pass until the backward pass, the inputs themselves aside."""
    own = {tensor.untyped_storage().data_ptr() for tensor in inputs}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = function(*inputs)
    # The result holds the graph, and with it what is kept: no address was used twice.
    del result
    return sum(size for address, size in kept.items() if address not in own) / 1e6


class LiveTensors(TorchDispatchMode):
    """While it is on: the bytes of all tensors that operations read or made, for as long as each is alive."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: set[int] = set()
        self.bytes = self.peak = 0

    def __torch_dispatch__(self, function: Callable, types: object, args: tuple = (), kwargs: dict | None = None):
        result = function(*args, **(kwargs or {}))
        for value in tree_leaves((args, kwargs, result)):
            if isinstance(value, Tensor):
                self.note(value.untyped_storage())
        return result

    def note(self, storage: torch.UntypedStorage) -> None:
        """Count a storage once, however many tensors are views of it, until it is freed."""
        name, size = id(storage), storage.nbytes()
        if name not in self.alive:
            self.alive.add(name)
            self.bytes += size
            self.peak = max(self.peak, self.bytes)
            weakref.finalize(storage, self.forget, name, size).atexit = False

    def forget(self, name: int, size: int) -> None:
        """A storage is gone."""
        self.alive.remove(name)
        self.bytes -= size


def peak_of_tensors(function: Callable, *inputs: object, **named: object) -> float:
    """The most megabytes of tensors that are alive at once while a function runs, those that it reads included.

    What an operation takes and frees within itself is not seen, nor what is no tensor.
    """
    with LiveTensors() as tensors:
        function(*inputs, **named)
    return tensors.peak / 1e6
