"""The map of the course: for every heading of the document its notebook, its pieces, their tests and its exercises.

Nothing is written down twice: the map is read off the notebooks, the exercises, the package and the tests.
"""

from minisft.course.page import course_map, write_map

__all__ = ["course_map", "write_map"]
