"""`python -m minisft.checks`: the table of exercises × mutants, or one exercise with all that it is held to."""

import argparse
import sys

from minisft.checks.contracts import CONTRACTS
from minisft.checks.reports import find
from minisft.checks.tables import Proof, page, table
from minisft.errors import InputError


def main() -> int:
    """0 where every mutant is caught and named, 1 where one is not, 2 for an unknown exercise."""
    parser = argparse.ArgumentParser(prog="python -m minisft.checks", description=__doc__)
    parser.add_argument("exercise", nargs="?", help="show this one, with its properties and mutants (all, in a table)")
    parser.add_argument("--seed", type=int, default=0, help="decides the cases (0)")
    options = parser.parse_args()
    try:
        contracts = [find(options.exercise)] if options.exercise else CONTRACTS.values()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    proofs = [Proof.of(contract, options.seed) for contract in contracts]
    print(*(page(proofs[0]) if options.exercise else table(proofs)), sep="\n")
    return 0 if all(proof.holds for proof in proofs) else 1


sys.exit(main())
