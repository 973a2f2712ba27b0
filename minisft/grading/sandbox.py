"""The walls around a student's code: bubblewrap, which Debian and its kin have as a package.

Inside there is no network, no other process, a read-only system, Python with its libraries, five files of ours (see
`worker.FILES`), an empty folder in memory to write to, and nothing of the teacher's or of other students.
"""

import itertools
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from minisft.errors import InputError
from minisft.grading.worker import FILES, PACKAGE

# Where nbgrader's exchange usually is: everything that was handed in, below a folder that is bound.
NBGRADER = Path("/usr/local/share/nbgrader")
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/alternatives"]
WRITABLE = 64_000_000  # bytes of the folder in memory
# Users that systemd keeps for a moment's use: no person has one of these numbers.
MOMENTARY_USERS = range(61184, 65520)
TURN = itertools.count(random.randrange(len(MOMENTARY_USERS)))
ENVIRONMENT = {
    "HOME": "/tmp", "TMPDIR": "/tmp", "IPYTHONDIR": "/tmp/.ipython", "MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
}  # fmt: skip
WORKER = [sys.executable, "-I", "-B", "-W", "ignore", str(PACKAGE / "grading/worker.py")]


@dataclass(frozen=True)
class Sandbox:
    """How to start the worker inside. `hidden` are folders that must not be seen even where a library lies above."""

    hidden: tuple[Path, ...] = ()

    def command(self) -> list[str]:
        """The worker's command line."""
        return [*self.walls(), *WORKER]

    def walls(self) -> list[str]:
        """The part of it that is bubblewrap's."""
        bound = [path for path in SYSTEM if os.path.lexists(path)]
        for prefix in (sys.base_prefix, sys.prefix):
            if not is_below(Path(prefix), map(Path, bound)):
                bound.append(prefix)
        # As root no user namespace is needed, and the worker can become a user of its own, for whom the limit of
        # processes holds; root itself has none.
        names = ["ipc", "pid", "net", "uts", *([] if os.geteuid() == 0 else ["user"])]
        walls = ["bwrap", *(f"--unshare-{name}" for name in names), "--unshare-cgroup-try"]
        walls += ["--die-with-parent", "--new-session", "--hostname", "grading", "--clearenv"]
        walls += ["--cap-drop", "ALL"]
        if os.geteuid() == 0:
            walls += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        for name, value in ENVIRONMENT.items():
            walls += ["--setenv", name, value]
        # Before what is bound, as this folder may lie in /tmp.
        walls += ["--perms", "1777", "--size", str(WRITABLE), "--tmpfs", "/tmp"]
        for folder in sorted({parent for path in [*bound, str(PACKAGE)] for parent in Path(path).parents}):
            if folder != Path("/") and not is_below(folder, map(Path, bound)):
                walls += ["--perms", "0755", "--dir", str(folder)]
        for path in bound:
            link = path in SYSTEM and os.path.islink(path)
            walls += ["--symlink", os.readlink(path), path] if link else ["--ro-bind", path, path]
        covered = [
            folder for folder in (*self.hidden, NBGRADER) if folder.exists() and is_below(folder, map(Path, bound))
        ]
        covered = sorted({PACKAGE, *covered})  # so that a folder comes before what is in it
        for folder in covered:
            walls += ["--perms", "0755", "--tmpfs", str(folder)]
        for file in FILES:
            walls += ["--perms", "0755", "--dir", str((PACKAGE / file).parent)]
            walls += ["--ro-bind", str(PACKAGE / file), str(PACKAGE / file)]
        for folder in covered:
            walls += ["--remount-ro", str(folder)]
        walls += ["--proc", "/proc", "--dev", "/dev"]
        walls += ["--perms", "1777", "--size", str(WRITABLE), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
        return [*walls, "--remount-ro", "/", "--chdir", "/tmp"]

    def user(self) -> int:
        """Whom the worker becomes: nobody else's number, or 0 to stay who it is."""
        user = MOMENTARY_USERS[next(TURN) % len(MOMENTARY_USERS)]  # two at a time would share one limit of processes
        return user if os.geteuid() == 0 and is_mapped(user) else 0

    def probe(self) -> None:
        """Raise InputError, with what to do, where the walls cannot be put up on this machine."""
        advice = "or grade with --no-sandbox, if you trust the students with everything that you can do here"
        if not shutil.which("bwrap"):
            raise InputError(
                f"bubblewrap is missing, the sandbox for students' code: apt-get install bubblewrap, {advice}"
            )
        tried = subprocess.run(
            [*self.walls(), sys.executable, "-I", "-S", "-c", ""], capture_output=True, text=True, check=False
        )
        if tried.returncode:
            said = (tried.stderr.strip().splitlines() or [f"status {tried.returncode}"])[-1]
            raise InputError(
                f"bubblewrap cannot put up a sandbox here ({said}): it needs version 0.7 and user namespaces, {advice}"
            )


def is_below(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path is one of these folders or inside one."""
    return any(path.is_relative_to(folder) for folder in folders)


def is_mapped(user: int) -> bool:
    """Whether this machine, which may be a container, has a user of that number."""
    lines = Path("/proc/self/uid_map").read_text(encoding="utf-8").splitlines()
    return any(int(first) <= user < int(first) + int(count) for first, _, count in map(str.split, lines))
