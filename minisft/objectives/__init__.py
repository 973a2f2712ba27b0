"""What a model is trained for: a loss, summed over its items, and how many items there are."""

from minisft.objectives.sequence import Classification, Objective, Regression

__all__ = ["Classification", "Objective", "Regression"]
