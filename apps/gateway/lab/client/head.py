"""Reading the head of an answer, and being strict about it."""

import asyncio
import re

from apps.gateway.lab.checks import Failed, shortened
from apps.gateway.lab.client.answer import Answer
from apps.gateway.lab.client.reader import KeepingReader

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})( |$)")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\Z")


async def read_head(reader: KeepingReader) -> Answer:
    """Status and headers of the final answer, interim ones skipped; Failed for what is no HTTP."""
    while True:
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            how = "reset" if reader.was_reset else "closed"
            raise Failed(f"the connection was {how} without an answer ({len(error.partial)} bytes came)") from None
        except asyncio.LimitOverrunError:
            raise Failed("headers without end") from None
        answer = _parsed(raw)
        if answer.status >= 200:
            return answer


def _parsed(raw: bytes) -> Answer:
    line, *fields = raw[:-4].split(b"\r\n")
    status = _STATUS.match(line)
    if status is None:
        raise Failed(f"no HTTP status line: {shortened(repr(line))}")
    answer = Answer(int(status[1]), [])
    for field in fields:
        found = _FIELD.match(field)
        if found is None:
            answer.problem = f"a malformed header: {shortened(repr(field))}"
            continue
        answer.headers.append((found[1].decode().lower(), found[2].decode("latin-1")))
    return answer
