"""Grading a class, beside nbgrader on the same submissions in the same run: python tests/benchmarks/grading.py."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "grading"))
from abuses import Places, rows
from small_course import CHAPTER, NAMES, Student, write_solutions

from minisft.grading.classroom import Classroom
from minisft.grading.pages import write_pages

BAD = [
    "blank", "wrong", "syntax_error", "loop_in_function", "sys_exit", "os_exit", "corrupt", "duplicate_ids",
    "prints", "borrows_by_import",
]  # fmt: skip
# The same patience for both.
SETTINGS = """\
from minisft.grading.generate import CONFIG
c = get_config()
c.merge(CONFIG)
c.ExecutePreprocessor.timeout = 20
"""


def main() -> None:
    """Print submissions per minute of each grader, and the ratio to nbgrader's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=100, help="of which a tenth is bad (100)")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp())
    try:
        expected = hand_in(root, options.submissions)
        timings = {f"minisft --jobs {jobs}": ours(root, jobs, expected) for jobs in (1, 2)}
        timings["nbgrader autograde"] = theirs(root, expected)
        rate = {name: 60 * graded / seconds for name, (seconds, graded, _) in timings.items()}
        print(f"{'':<20}{'seconds':>9}{'graded':>8}{'a minute':>10}{'ratio':>7}  right marks")
        for name, (seconds, graded, right) in timings.items():
            print(
                f"{name:<20}{seconds:>9.1f}{graded:>8}{rate[name]:>10.1f}"
                f"{rate[name] / rate['nbgrader autograde']:>7.2f}  {right} of {options.submissions} students"
            )
    finally:
        shutil.rmtree(root)


def hand_in(root: Path, submissions: int) -> dict[str, float]:
    """Write the class, and return the points that each should get."""
    write_solutions(root / "solutions")
    bad = {row.name: row for row in rows(Places(*[root] * 4, 9)) if row.name in BAD}
    expected = {}
    for number in range(submissions):
        student, odd = f"s{number:03}", bad[BAD[number // 10 % len(BAD)]] if number % 10 == 0 else None
        if odd:
            odd.hand_in(root / "submitted")
            (root / "submitted" / odd.name).rename(root / "submitted" / student)
        else:
            Student().hand_in(root / "submitted", student)
        expected[student] = sum(2.0 for name in NAMES if not odd or name not in odd.statuses)
    return expected


def ours(root: Path, jobs: int, expected: dict[str, float]) -> tuple[float, int, int]:
    """Seconds, from nothing to all pages; how many students have marks, and how many the right ones."""
    out, began = root / f"out{jobs}", time.monotonic()
    results, _ = Classroom(root / "submitted", root / "solutions", out, seed=1).grade(jobs)
    write_pages(out, results)
    seconds = time.monotonic() - began
    points = {result.student: sum(mark.points or 0.0 for mark in result.marks) for result in results}
    return seconds, len(points), sum(points[student] == expected[student] for student in expected)


def theirs(root: Path, expected: dict[str, float]) -> tuple[float, int, int]:
    """The same of nbgrader, whose own preparation is not counted. A submission that it cannot read ends its run."""
    (root / "nbgrader_config.py").write_text(SETTINGS)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(root)}

    def nbgrader(*arguments: str) -> None:
        command = [sys.executable, "-m", "nbgrader", *arguments]
        subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)

    nbgrader("generate_assignment", CHAPTER)
    began = time.monotonic()
    nbgrader("autograde", CHAPTER)
    seconds = time.monotonic() - began
    found = scores(root)
    return seconds, len(found), sum(found.get(student, -1.0) == expected[student] for student in expected)


def scores(root: Path) -> dict[str, float]:
    """Points by student in nbgrader's gradebook."""
    code = (
        "import json; from nbgrader.api import Gradebook; g = Gradebook('sqlite:///gradebook.db'); "
        f"print(json.dumps({{s.student_id: s.score for s in g.assignment_submissions({CHAPTER!r})}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
