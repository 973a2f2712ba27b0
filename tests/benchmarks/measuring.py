"""What the benchmarks share: a process for each measurement, a clock, the machine and its peak, and the results."""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from minisft.commands.report import peak_memory
from minisft.files import write_atomically
from minisft.measure import speed_of_bf16

SKIPPED = 4  # updates before the clock: kernels are chosen and memory is taken there
DTYPES = {"fp32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16}
RESULTS = Path(__file__).parent / "results"
ALONE = 0.1  # cores that other processes may use while something is measured


def wait(device: str) -> None:
    """Until the device has done what it was told to."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


class Clock:
    """Seconds and real tokens of all updates but the first few. The device is waited for at both ends only."""

    def __init__(self, device: str, steps: int, skipped: int) -> None:
        self.device, self.steps, self.skipped = device, steps, skipped
        self.count = self.tokens = 0
        self.started = self.seconds = 0.0

    @property
    def done(self) -> bool:
        """Whether all updates have been made."""
        return self.count >= self.steps

    def update(self, tokens: int) -> None:
        """An update is over; so many tokens were no padding."""
        self.count += 1
        if self.count > self.skipped:
            self.tokens += tokens
        if self.count == self.skipped:
            wait(self.device)
            self.started = time.perf_counter()
        if self.done:
            wait(self.device)
            self.seconds = time.perf_counter() - self.started

    def report(self) -> dict[str, float]:
        """What it cost, with the most memory that this process has held."""
        return {
            "seconds": self.seconds,
            "updates": self.steps - self.skipped,
            "tokens": self.tokens,
            "peak_mb": peak_memory(torch.device(self.device)),
        }


def set_precision(precision: str) -> None:
    """Let matrix products round to tf32, where the precision is that."""
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")


def matmul_peak(precision: str, device: str) -> float:
    """The machine's matrix-multiply rate in GFLOP/s: the best of some large products."""
    set_precision(precision)
    size = 8192 if device.startswith("cuda") else 2048
    a, b = (torch.randn(size, size, device=device).to(DTYPES[precision]) for _ in range(2))
    times = []
    for _ in range(12):
        wait(device)
        started = time.perf_counter()
        a @ b
        wait(device)
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times) / 1e9


def in_process(script: str, **options: Any) -> dict[str, Any]:
    """What `script` measures when it is given the options, in a process of its own: its memory is its own too."""
    command = [sys.executable, str(Path(__file__).parent / script), "--work", json.dumps(options)]
    started, others = time.perf_counter(), seconds_of_others()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} failed with {options}:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return found | {"others": (seconds_of_others() - others) / (time.perf_counter() - started)}


def pays(precision: str, device: str) -> bool:
    """Whether a precision is worth its minutes: a processor that has to emulate bf16 needs many."""
    if precision != "bf16" or (speed := speed_of_bf16(device)) >= 1:
        return True
    print(f"bf16 is left out: products take {1 / speed:.0f} times as long as in fp32 (--precisions)", file=sys.stderr)
    return False


def seconds_of_others() -> float:
    """CPU seconds that processes other than this one and its children have used. Told by Linux; elsewhere 0."""
    about = Path("/proc/stat")
    if not about.exists():
        return 0.0
    user, nice, system, _, _, interrupts, soft, stolen, *_ = map(int, about.read_text().split("\n")[0].split()[1:])
    all_of_them = (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return all_of_them - sum(usage.ru_utime + usage.ru_stime for usage in own)


def answer(measure: Callable[..., dict[str, Any]], description: str) -> None:
    """The other end of `in_process`: a script's main."""
    parser = argparse.ArgumentParser(description=f"{description} Started by bench.py.")
    parser.add_argument("--work", type=json.loads, required=True, help="what to measure, as JSON")
    print(json.dumps(measure(**parser.parse_args().work)))


def machine(device: str) -> str:
    """The processor, its vector instructions and the threads, or the GPU."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name()
    # Processors of one name may have other instructions, and the widest that torch uses decide the speed.
    return f"{processor()}, {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"


def processor() -> str:
    """The name of the processor."""
    about = Path("/proc/cpuinfo")  # of Linux
    found = re.search(r"model name\s*:\s*(.+)", about.read_text()) if about.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """What decides a time beside the machine and what is asked for: the libraries, and the texts to fine-tune on."""
    names = ("torch", "transformers", "pytorch-lightning")
    found = {one.metadata["Name"]: one.version for name in names for one in importlib.metadata.distributions(name=name)}
    return found | {"texts": "MRPC" if os.environ.get("MINISFT_DATA") else "the town's paraphrases"}


class Results:
    """Every measurement of a machine in one file, by part. A bench that was cut off goes on after the last.

    Ends the program where the file is damaged or the folder cannot be written.
    """

    def __init__(self, device: str, folder: Path = RESULTS) -> None:
        name = machine(device)
        self.path = folder / f"bench-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.json"
        self.content: dict[str, Any] = {"machine": name, "parts": {}}
        self.now = versions()
        if not os.access(folder, os.W_OK):
            raise SystemExit(f"results cannot be kept: no right to write in {folder}")
        if self.path.exists():
            try:
                self.content = json.loads(self.path.read_text(encoding="utf-8"))
            except ValueError:
                raise SystemExit(f"{self.path} is damaged: delete it, or bring an earlier one back") from None

    def disturbed(self, part: str) -> int:
        """How many measurements were made while other processes computed."""
        return sum(entry["found"]["others"] >= ALONE for entry in self.of(part))

    def forget(self, part: str) -> None:
        """Begin a part again."""
        self.content["parts"].pop(part, None)

    def of(self, part: str) -> list[dict[str, Any]]:
        """The measurements of a part: each what it was asked for and what was found."""
        return self.content["parts"].setdefault(part, [])

    def has(self, part: str, asked: dict[str, Any]) -> bool:
        """Whether this has been measured, with these libraries and texts, and nothing else ran meanwhile."""
        return any(
            entry["asked"] == asked and entry.get("with") == self.now and entry["found"]["others"] < ALONE
            for entry in self.of(part)
        )

    def headings(self) -> list[str]:
        """The machine, and what was measured with: one line, unless parts were measured on different days."""
        found = [entry.get("with", {}) for entries in self.content["parts"].values() for entry in entries]
        lines = [", ".join([self.content["machine"], *(f"{k} {v}" for k, v in each.items())]) for each in found]
        return list(dict.fromkeys(lines))

    def keep(self, part: str, asked: dict[str, Any], found: dict[str, Any]) -> None:
        """Write a measurement down, in place of an earlier one."""
        self.content["parts"][part] = [entry for entry in self.of(part) if entry["asked"] != asked]
        self.of(part).append({"asked": asked, "with": self.now, "found": found})
        text = json.dumps(self.content, indent=1) + "\n"
        write_atomically(self.path, lambda path: path.write_text(text, encoding="utf-8"))
