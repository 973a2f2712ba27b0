"""A small course with its solutions, and whether this machine can put up a sandbox."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_course import write_solutions

from minisft.errors import InputError
from minisft.grading.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """Skips where there can be none."""
    try:
        Sandbox().probe()
    except InputError as error:
        pytest.skip(str(error))
    return Sandbox()


@pytest.fixture
def solutions(tmp_path) -> Path:
    """A folder with one notebook."""
    return write_solutions(tmp_path / "solutions")


@pytest.fixture
def normal_user() -> Iterator[tuple[list[str], Path]]:
    """For root: a command that runs Python as a user without rights, and a folder that is this user's.

    Where Python lies in root's own folder, that user sees it through a bubblewrap of ours around everything.
    """
    nobody, python = 65534, Path(sys.base_prefix)
    view = ["bwrap", "--dev-bind", "/", "/"]
    if python.is_relative_to("/root"):
        view += ["--perms", "0755", "--tmpfs", "/root"]
        for parent in [parent for parent in reversed(python.parents) if parent.is_relative_to("/root")][1:]:
            view += ["--perms", "0755", "--dir", str(parent)]
        view += ["--ro-bind", str(python), str(python)]
    become = [*view, "setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]
    start = [sys.executable, "-c", "from minisft.grading.sandbox import Sandbox; Sandbox().probe()"]
    tried = subprocess.run([*become, *start], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no normal user can grade here: {(tried.stderr.strip().splitlines() or ['it says nothing'])[-1]}")
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, nobody, nobody)
    environment = ["env", f"HOME={folder}", "OMP_NUM_THREADS=1"]
    yield [*become, *environment, sys.executable], folder
    shutil.rmtree(folder)
