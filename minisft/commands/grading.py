"""The commands `exercises`, `grade` and `progress`."""

import argparse
import os
import sys
import textwrap
from pathlib import Path

from minisft.errors import InputError
from minisft.grading import classroom, notes, pages
from minisft.grading import progress as learning
from minisft.grading.marking import RIGHT, Mark
from minisft.grading.notebooks import all_notebooks
from minisft.grading.sandbox import Sandbox

TRUST = "warning: no sandbox: the students' code can do here what you can do"


def exercises(options: argparse.Namespace) -> None:
    """Generate the students' notebooks. Raises InputError where there are no solutions, or one shows in them."""
    from minisft.grading import generate  # nbgrader is slow to import

    written, removed, kept = generate.generate(options.solutions, options.exercises)
    found = generate.leaks(options.solutions, options.exercises, but=kept)
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise InputError(
            f"a student could read a solution: {found[0]}{more}; change the notebook in {options.solutions}"
        )
    for path in written:
        print(f"written       {path}")
    for path in removed:
        print(f"removed       {path}   (it has no solution)")
    for path in kept:
        print(f"left alone    {path}   (somebody has worked in it: move it away if it is to be replaced)")
    print(f"notebooks     {len(all_notebooks(options.exercises))} in {options.exercises}, {len(written)} of them new")


def grade(options: argparse.Namespace) -> None:
    """Mark a class."""
    if options.no_sandbox:
        print(TRUST, file=sys.stderr)
    jobs = cores() if options.jobs is None else options.jobs
    if jobs < 1:
        raise InputError(f"--jobs is {jobs}; expected at least 1")
    if options.gradebook:
        from minisft.grading import gradebook

        gradebook.require(options.gradebook)
    sandbox = None if options.no_sandbox else Sandbox()
    course = classroom.Classroom(options.submissions, options.solutions, options.out, options.seed, sandbox)
    results, unchanged = course.grade(jobs)
    found = notes.notes_on(course, results)
    pages.write_pages(options.out, results, found)
    if options.gradebook:
        said, results = gradebook.record(options.gradebook, course, results)
        found += said
        pages.write_pages(options.out, results, found)  # again, with what a person has given
    for note in found:
        print(f"note          {notes.printable(note, sys.stdout.encoding)}")
    if options.gradebook:
        print(f"gradebook     {options.gradebook}")
    failed = sum(any(mark.status == classroom.NOT_GRADED for mark in result.marks) for result in results)
    print(f"students      {len(course.students)}")
    print(f"notebooks     {len(results)}, of which {unchanged} were marked before and have not changed")
    print(f"marks         {options.out / 'marks.csv'}")
    print(f"for students  {options.out / 'feedback'}")
    print(f"for you       {options.out / 'teacher.html'}")
    if failed:
        raise InputError(
            f"{failed} notebooks could not be graded: {options.out / 'teacher.html'} says why; run it again"
        )


def cores() -> int:
    """How many cores this process may use: fewer than there are, where it was given some or a container has a share."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
        return max(1, min(count, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max": all of them
        return count


def progress(options: argparse.Namespace) -> None:
    """Show exercise by exercise what passes in a learner's notebooks."""
    following: tuple[Path, Mark] | None = None
    unknown = False  # whether something cannot be said to be done
    for state in learning.states(options.notebook):
        if state.trouble:
            print(f"{state.path}: {state.trouble}")
            unknown = True
            continue
        right = sum(mark.status == RIGHT for mark in state.marks)
        print(f"{state.path}: {right} of {len(state.marks)}")
        for mark in state.marks:
            print_mark(mark)
        if state.open and not following:
            following = state.path, state.open
    if following:
        print(f"\nnext: {following[1].exercise} in {following[0]}")
    elif not unknown:
        print("\nnothing is left to do here")


def print_mark(mark: Mark) -> None:
    """A line for an exercise; for one that is begun and not right, why."""
    state = {RIGHT: "right", "stub": "to do"}.get(mark.status, "not yet")
    print(f"  {state:<8}{mark.exercise}")
    if state == "not yet":
        print(textwrap.fill(mark.message, 100, initial_indent=" " * 10, subsequent_indent=" " * 10))
