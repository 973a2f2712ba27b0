"""The town: a generated world, told in English and Chinese, and tasks that are read off it."""

from minisft.data.town.documents import documents

__all__ = ["documents"]
