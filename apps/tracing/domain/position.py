"""Where a list that is ordered by time and name goes on, as an opaque word for a URL."""

import base64
import binascii
import json
from datetime import datetime
from typing import NamedTuple

from apps.tracing.domain.cursor import BadCursor


class Position(NamedTuple):
    """The last row of the page before."""

    moment: datetime
    name: str

    def encode(self) -> str:
        text = json.dumps([self.moment.isoformat(), self.name])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_position(text: str) -> Position:
    try:
        moment, name = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        position = Position(datetime.fromisoformat(moment), str(name))
    except (binascii.Error, ValueError, TypeError):
        raise BadCursor("This is not a cursor of this list.") from None
    if position.moment.tzinfo is None:
        raise BadCursor("This is not a cursor of this list.")
    return position
