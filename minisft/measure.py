"""What code costs: time as ratios of one run, and the memory that training keeps."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor


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
