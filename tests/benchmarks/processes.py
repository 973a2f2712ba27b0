"""What more processes give on the cores of one machine, and what of an update goes into summing their gradients.

    python tests/benchmarks/processes.py            (MINISFT_DATA set: MRPC; without it: the town's paraphrases)

As many threads in one process as there are cores, as many processes with a thread each, and one thread alone. Each runs
the same updates of 16 rows, in turn, `--rounds` times; a figure is the median over the updates of all rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

from measuring import SKIPPED
from workloads import Workload, load, pairs_to_learn


def train(steps: int) -> None:
    """Print the seconds of each update, and of its sums over the processes, of the main process."""
    from minisft.models import SequenceClassifier
    from minisft.objectives import Classification
    from minisft.training import Callback, Settings, Trainer
    from minisft.training.distributed import ProcessGroup

    class Clock(Callback):
        """Both clocks; `sums` is set by the group below."""

        sums = 0.0

        def on_start(self, trainer: Trainer) -> None:
            self.last = time.perf_counter()

        def on_update(self, trainer: Trainer) -> None:
            now = time.perf_counter()
            if trainer.group.is_main and trainer.step > SKIPPED:
                print("update", now - self.last, self.sums, flush=True)
            trainer.stop = trainer.step == steps + SKIPPED
            self.last, self.sums = now, 0.0

    clock, plain = Clock(), ProcessGroup.sum_

    def timed(group: ProcessGroup, tensors: list) -> None:
        started = time.perf_counter()
        plain(group, tensors)
        clock.sums += time.perf_counter() - started

    ProcessGroup.sum_ = timed
    task = load()
    model = SequenceClassifier.from_pretrained("minilm", task.labels)
    Trainer(model, Classification(), pairs_to_learn(Workload(), task), Settings(), "cpu", [clock]).fit()


def measure(processes: int, threads: int, steps: int) -> list[tuple[float, float]]:
    """Start so many processes and read what they print."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    done = subprocess.run(
        [sys.executable, *(launcher if processes > 1 else []), __file__, "--train", "--steps", str(steps)],
        env=os.environ | {"OMP_NUM_THREADS": str(threads)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("update ")]
    return [(float(update), float(sums)) for _, update, sums in lines]


def main() -> None:
    """Run everything in turn and print a line for each arrangement."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--steps", type=int, default=20)
    options.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.train:
        train(chosen.steps)
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    arrangements = [(1, cores), (cores, 1), (1, 1)]
    found: dict[tuple[int, int], list[tuple[float, float]]] = {arrangement: [] for arrangement in arrangements}
    for _ in range(chosen.rounds):
        for arrangement in arrangements:
            found[arrangement] += measure(*arrangement, chosen.steps)
    for (processes, threads), updates in found.items():
        update, sums = (1e3 * statistics.median(column) for column in zip(*updates, strict=True))
        print(f"{processes} x {threads} threads: {update:.0f} ms an update, of which {sums:.0f} ms sums")


if __name__ == "__main__":
    main()
