"""Several processes, one run: each computes its rows of every batch, and all make the same update.

`torchrun` starts the processes and tells each of them in its environment who it is. Every process draws the same whole
batch, because batches are decided by (seed, epoch, number) alone; so each knows the items of the whole batch without
asking, and divides the loss of its own rows by them. Then the sum of all gradients is the gradient of one process that
had all rows, however uneven the shares are. The mean of the processes' mean losses, which is what
`DistributedDataParallel` computes, is that only where all shares have as many items.
"""

import atexit
import contextlib
import functools
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from minisft.errors import InputError

T = TypeVar("T")
BUCKET = 2**20  # numbers in one call: so a small tensor does not pay for its own, and copies run beside the sums


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a run, as one of them sees it. Alone (the default) it does nothing and costs nothing.

    What all must do together (`sum_`, `stops`, `gather`, `same`) raises InputError where another process is gone.
    """

    rank: int = 0  # 0 ... world_size - 1
    world_size: int = 1
    local_rank: int = 0  # among those on this machine: the number of its GPU
    store: "distributed.Store | None" = None  # kept by the launcher
    launcher: int = 0  # its process id

    @property
    def is_main(self) -> bool:
        """Whether this is the one process that writes files and reports."""
        return self.rank == 0

    def share(self, batch: Any) -> Any:
        """This process's rows of a batch."""
        return batch if self.world_size == 1 else batch.share(self.rank, self.world_size)

    def every(self, items: Iterable[T]) -> Iterator[T]:
        """This process's items of a sequence: every so many-th."""
        return islice(items, self.rank, None, self.world_size)

    def seed(self, seed: int, step: int) -> None:
        """Let each process drop out other numbers than its peers.

        What it draws in an update depends on (seed, update, rank) alone: a run that goes on, with as many processes or
        with others, needs to know nothing of the draws before.
        """
        if self.world_size > 1:
            torch.manual_seed(random.Random(f"{seed} {step} {self.rank}").getrandbits(63))

    def sum_(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, which must give tensors of the same shapes."""
        if self.world_size == 1:
            return
        begun = []
        for bucket in buckets(tensors):
            alone = len(bucket) == 1 and bucket[0].is_contiguous()
            flat = bucket[0] if alone else torch.cat([tensor.flatten() for tensor in bucket])
            with together():
                begun.append((bucket, flat, distributed.all_reduce(flat, async_op=True)))  # while the next is copied
        for bucket, flat, work in begun:
            with together():
                work.wait()
            if flat is not bucket[0]:
                for tensor, total in zip(bucket, flat.split([t.numel() for t in bucket]), strict=True):
                    tensor.copy_(total.view_as(tensor))

    def stops(self, stop: bool) -> bool:
        """Whether any process is to stop. A process whose launcher was killed is, or it would go on unseen."""
        if self.world_size == 1:
            return stop
        found = torch.tensor(int(stop or os.getppid() != self.launcher))  # on the CPU: no GPU is waited for
        with together():
            distributed.all_reduce(found)
        return found.item() > 0

    def gather(self, value: T) -> list[T]:
        """What each process gives, in the order of their ranks. Give tensors from the CPU."""
        if self.world_size == 1:
            return [value]
        found: list[Any] = [None] * self.world_size
        with together():
            distributed.all_gather_object(found, value)
        return found

    def same(self, model: nn.Module) -> None:
        """Give every process the main one's weights."""
        if self.world_size > 1:
            with together():
                for tensor in model.state_dict().values():
                    distributed.broadcast(tensor, src=0)

    def speaks(self) -> bool:
        """Whether this process is the first to ask. It tells the user why the run ends, and the others keep quiet."""
        try:
            return self.store is None or self.store.add("ended", 1) == 1
        except RuntimeError:  # the launcher is gone, and the store with it
            return self.is_main


@functools.cache
def process_group() -> ProcessGroup:
    """The group of this process: of one, unless torchrun started more. The same group at every call."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1 or "MASTER_ADDR" not in os.environ:
        return ProcessGroup()
    if not distributed.is_available():
        raise InputError("this torch was built without torch.distributed; start one process, without torchrun")
    local_rank, backend = int(os.environ.get("LOCAL_RANK", 0)), "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
        backend = "cpu:gloo,cuda:nccl"
    store, rank, world_size = next(distributed.rendezvous("env://"))
    distributed.init_process_group(backend, store=store, rank=rank, world_size=world_size)
    atexit.register(distributed.destroy_process_group)
    return ProcessGroup(rank, world_size, local_rank, distributed.PrefixStore("minisft", store), os.getppid())


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Say in plain words that another process is gone: gloo and nccl know of closed connections and timeouts."""
    try:
        yield
    except RuntimeError as error:
        raise InputError(
            "another process of this run has ended or does not answer; what was kept on disk is unharmed: "
            "start the run again with --resume"
        ) from error


def buckets(tensors: list[Tensor]) -> Iterator[list[Tensor]]:
    """The tensors in order, in groups of one type and of about BUCKET numbers."""
    bucket: list[Tensor] = []
    for tensor in tensors:
        full = sum(other.numel() for other in bucket) + tensor.numel() > BUCKET
        if bucket and (full or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket = []
        bucket.append(tensor)
    if bucket:
        yield bucket
