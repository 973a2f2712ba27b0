"""The contracts, in the order of the course."""

from minisft.checks.contract import Contract
from minisft.checks.contracts import (
    adamw,
    attention,
    backward,
    early_stopping,
    encoder,
    feed_forward,
    gradients,
    heads,
    likelihood,
    losses,
    masked,
    moments,
    next_sentence,
    orders,
    regularisation,
    schedules,
    softmax,
)  # fmt: skip

FILES = (
    attention, heads, encoder, masked, next_sentence, orders, schedules, gradients, regularisation, early_stopping,
    softmax, backward, feed_forward, losses, likelihood, moments, adamw,
)  # fmt: skip
FOUND = (value for file in FILES for value in vars(file).values() if isinstance(value, Contract))
CONTRACTS: dict[str, Contract] = {contract.name: contract for contract in sorted(FOUND, key=lambda c: c.section)}
