"""CUDA graphs: on a GPU a small batch is computed faster than its kernels can be asked for one by one.

A graph is the list of an update's kernels, recorded once for each shape of batch and from then on started with one
call. It reads and writes always the same memory: so a batch is copied to where the graph looks for it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from minisft.data.batching import pinned

Computed = tuple[Tensor, Tensor]  # the loss, and the gradient norm before clipping
AT_MOST = 128  # graphs: each keeps some megabytes of the driver's memory
LARGEST = 2**13  # tokens: in larger batches each kernel works for longer than the next takes to be asked for


@dataclass(frozen=True)
class Recorded:
    """A graph, and the memory that it reads and writes."""

    graph: torch.cuda.CUDAGraph
    batch: Any
    items: Tensor
    loss: Tensor
    norm: Tensor
    trained: list[nn.Parameter]  # those that have a gradient


class Graphs:
    """`compute(batch, items)` leaves gradients in a model's parameters; called through this it does so by graphs.

    A shape that is new is computed as ever: it may not come again, and libraries prepare themselves then. The second
    time it is recorded: from then on only kernels run, and no Python of the model or the objective.
    """

    def __init__(self, model: nn.Module, device: torch.device, compute: Callable[[Any, Any], Computed]) -> None:
        self.model, self.device, self.compute = model, device, compute
        self.seen: set[tuple] = set()
        self.recorded: dict[tuple, Recorded] = {}
        self.pool = torch.cuda.graph_pool_handle()  # one graph at a time is running: all may use the same memory
        self.stream = torch.cuda.Stream(device)  # nothing is recorded on the usual one
        self.gradients: dict[nn.Parameter, Tensor] = {}  # of the last update, whatever its shape

    def __call__(self, batch: Any, items: int) -> Computed:
        """What `compute` gives for a batch that may still lie on the CPU."""
        with torch.cuda.device(self.device):
            return self.update(batch, items)

    def update(self, batch: Any, items: int) -> Computed:
        """By a graph, where there is one or it is time to record it."""
        trained = tuple(parameter.requires_grad for parameter in self.model.parameters())
        shape = (trained, *((name, tensor.shape, tensor.dtype) for name, tensor in tensors(batch).items()))
        if shape not in self.recorded:
            large = max(tensor.numel() for tensor in tensors(batch).values()) > LARGEST
            if shape not in self.seen or large or len(self.recorded) == AT_MOST:
                self.seen.add(shape)
                return self.compute(batch.to(self.device), items)
            self.recorded[shape] = self.record(copy.deepcopy(batch).to(self.device), items)
        found = self.recorded[shape]
        for name, tensor in tensors(batch).items():
            getattr(found.batch, name).copy_(pinned(tensor), non_blocking=True)
        found.items.fill_(items)
        found.graph.replay()
        for parameter in found.trained:
            parameter.grad = self.gradients[parameter]
        return found.loss.clone(), found.norm.clone()  # the next update writes there

    def record(self, batch: Any, items: int) -> Recorded:
        """Go through an update without computing anything."""
        parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        # A parameter may have been frozen until now.
        self.gradients |= {one: torch.zeros_like(one) for one in parameters if one not in self.gradients}
        graph, divisor = torch.cuda.CUDAGraph(), torch.full((), float(items), device=self.device)
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):  # torch.cuda.graph would first give all free memory back
            graph.capture_begin(self.pool, capture_error_mode="thread_local")
            try:
                loss, norm = self.compute(batch, divisor)
                trained = [parameter for parameter in parameters if parameter.grad is not None]
                torch._foreach_copy_([self.gradients[p] for p in trained], [p.grad for p in trained])
            finally:
                end(graph)
        torch.cuda.current_stream().wait_stream(self.stream)
        self.model.zero_grad()  # what the graph itself has for gradients, the next graph may use for something else
        return Recorded(graph, batch, divisor, loss, norm, trained)


def end(graph: torch.cuda.CUDAGraph) -> None:
    """Stop recording. Raises RuntimeError where that has failed."""
    try:
        graph.capture_end()
    except RuntimeError as error:
        raise RuntimeError(
            "an update could not be recorded as a CUDA graph: something holds a result of the model's weights with its "
            "gradient, such as a loss or weight.clone(), or the objective reads a number, as .item() does; detach() "
            "the one, leave the other, or set the Trainer's graphs to None"
        ) from error


def tensors(batch: Any) -> dict[str, Tensor]:
    """The tensors of a batch by name."""
    return {name: value for name, value in vars(batch).items() if isinstance(value, Tensor)}
