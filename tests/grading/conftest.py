"""A small course with its solutions, and whether this machine can put up a sandbox."""

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
