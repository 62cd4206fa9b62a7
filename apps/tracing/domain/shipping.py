"""What the shipper tells about itself, in a small file beside the segments."""

from pathlib import Path

import msgspec

STATUS_FILE = ".shipper.json"
LOCK_FILE = ".shipper.lock"
REJECTED_DIRECTORY = "rejected"


class ShipperStatus(msgspec.Struct, kw_only=True):
    """Totals since the spool was made; times are Unix seconds.

    caught_up_at: when nothing was left to ship. offsets: bytes shipped, by segment file name.
    """

    pid: int = 0
    at: float = 0.0
    caught_up_at: float = 0.0
    shipped: int = 0
    rejected: int = 0
    database_away: bool = False
    offsets: dict[str, int] = {}


def read_status(spool: Path) -> ShipperStatus:
    """The last status written; an empty one when there is none that can be read."""
    try:
        return msgspec.json.decode((spool / STATUS_FILE).read_bytes(), type=ShipperStatus)
    except (FileNotFoundError, msgspec.MsgspecError):
        return ShipperStatus()


def write_status(spool: Path, status: ShipperStatus) -> None:
    fresh = spool / f"{STATUS_FILE}.new"
    fresh.write_bytes(msgspec.json.encode(status))
    fresh.replace(spool / STATUS_FILE)
