"""The one exception for bad input."""


class InputError(ValueError):
    """Something the user gave does not fit. The message says in a line what was wrong, what was expected, what to do.

    The command line prints the message alone; in Python it is a ValueError.
    """
