"""What a worker says is taken within bounds, and its cells have an end."""

import pytest

from minisft.grading import wire
from minisft.grading.notebooks import Cell
from minisft.grading.running import LONGEST, Limits, Worker, WorkerEndedError, run


def test_all_cells_together_have_a_limit() -> None:
    cells = [Cell(number, "import time\ntime.sleep(0.5)") for number in range(1, 9)]
    found = run(cells, {}, Limits(cell=5.0, notebook=1.0, restarts=0))
    assert set(found.left_out.values()) == {"time"}


@pytest.mark.parametrize("number", [1, 7])
def test_forged_errors_take_no_memory(number) -> None:
    """A student's cell may write as the worker does: of cells that are not there, and as much as a line holds."""
    forged = wire.encode({"error": number, "kind": "K" * 10**5, "said": "s" * 10**6})
    write = f"import os\nfor number in range(3, 20):\n    try:\n        os.write(number, {forged!r})"
    cells = [Cell(1, f"{write}\n    except OSError:\n        pass"), Cell(2, "x = 1")]
    errors: dict[int, tuple[str, str]] = {}
    with Worker(Limits(cell=10.0), None) as worker:
        worker.start(cells)
        if number == 1:
            worker.run_cells(errors)
            assert errors == {1: ("K" * LONGEST, "s" * LONGEST)}
        else:
            with pytest.raises(WorkerEndedError, match="died"):
                worker.run_cells(errors)
            assert errors == {}
