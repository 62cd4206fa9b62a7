"""Errors, in every place where providers put them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from apps.gateway.lab.provider.dialects.content import Frame, dumped
from apps.gateway.lab.provider.dialects.errors import error_body
from apps.gateway.lab.provider.faults.call import Call
from apps.gateway.lab.provider.wire import JSON, Header


async def status(call: Call) -> None:
    """The status `code`; `after` or `after-date` say when to come back (seconds), `after-ms` in milliseconds."""
    code = call.marker.number("code", 500)
    body = dumped(error_body(call.dialect, code)).encode()
    await call.wire.answer(code, body, (JSON, *_retry_headers(call)))


async def error_in_200(call: Call) -> None:
    """The whole body is an error, and the status says that all is well."""
    await call.wire.answer(200, dumped(error_body(call.dialect, call.marker.number("code", 429))).encode())


async def error_first(call: Call) -> None:
    """A stream of which the first event is an error."""
    await call.open_stream()
    await call.play([_error_event(call)])
    await call.wire.end()


async def error_mid(call: Call) -> None:
    """An error after `after` good events, and then the end."""
    await call.open_stream()
    await call.play([*call.frames()[: call.marker.number("after", 3)], _error_event(call)])
    await call.wire.end()


def _error_event(call: Call) -> Frame:
    body = error_body(call.dialect, call.marker.number("code", 529))
    if call.dialect == "responses":
        error = body["error"]
        event = {"type": "error", "code": error["code"], "message": error["message"], "param": None}
        return Frame(dumped({**event, "sequence_number": call.marker.number("after", 3)}), "error")
    return Frame(dumped(body), "error" if call.dialect == "messages" else "")


def _retry_headers(call: Call) -> list[Header]:
    marker, headers = call.marker, []
    if "after" in marker.options:
        headers.append(("retry-after", marker.text("after")))
    if "after-date" in marker.options:
        then = datetime.now(UTC) + timedelta(seconds=marker.number("after-date"))
        headers.append(("retry-after", format_datetime(then, usegmt=True)))
    if "after-ms" in marker.options:
        headers.append(("retry-after-ms", marker.text("after-ms")))
    return headers


FAULTS = {"status": status, "error-in-200": error_in_200, "error-first": error_first, "error-mid": error_mid}
