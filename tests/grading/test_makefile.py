"""What `make` says where it cannot do what it should."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import ROOT

ALONE = ["env", "-u", "MAKEFLAGS", "-u", "ARGS", "-u", "SUBMISSIONS", "make", "--silent"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """What is needed to set up, in a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def reader(folder) -> list[str]:
    """`make`, by somebody who may not write there."""
    if os.geteuid():
        folder.chmod(0o555)
        return ALONE
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *ALONE]
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv: nobody here may not write")
    return command


def said(command: list[str], folder: Path, *arguments: str) -> str:
    """What it prints before it gives up."""
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    return done.stdout.strip()


def test_grade_asks_for_submissions_before_it_sets_anything_up(folder) -> None:
    assert said(ALONE, folder, "grade") == "which submissions? make grade SUBMISSIONS=/path/to/folder"
    assert not (folder / ".venv").exists()


def test_who_may_not_write_is_told_to_copy(folder, reader) -> None:
    assert said(reader, folder, "lab", f"PYTHON={sys.executable}") == (
        f"you may not write in {folder}: copy it to your home, and run make there"
    )


def test_a_shared_environment_that_looks_old_is_said_to_be_so(folder, reader) -> None:
    (folder / ".venv").mkdir()
    os.chmod(folder / ".venv", 0o555)
    folder.chmod(0o777)
    assert said(reader, folder, "lab").startswith("you may not write in .venv, and requirements.txt is newer: copy")
