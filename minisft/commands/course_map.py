"""The command `map`."""

import argparse

from minisft.course import write_map


def course_map(options: argparse.Namespace) -> None:
    """Write the map of the course anew."""
    print(f"written       {write_map(options.course.resolve())}")
