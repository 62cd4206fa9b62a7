"""What settling from an invoice has done."""

from dataclasses import asdict, dataclass


@dataclass
class Outcome:
    """Requests of the invoice, and calls of the ledger; money in nano-dollars.

    settled: reserves that the invoice gave their cost; released: reserves that it does not bill; agreeing, differing:
    requests that were settled before, at that cost or another (difference: invoice less ledger); unknown: requests
    that the ledger has never seen; ambiguous: requests whose id fits several calls.
    """

    settled: int = 0
    settled_nano: int = 0
    released: int = 0
    released_nano: int = 0
    agreeing: int = 0
    differing: int = 0
    difference_nano: int = 0
    unknown: int = 0
    unknown_nano: int = 0
    ambiguous: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)
