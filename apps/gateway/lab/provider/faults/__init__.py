"""Every way in which the provider can misbehave, by the name that a marker gives it."""

from collections.abc import Awaitable, Callable

from apps.gateway.lab.marker import GOOD
from apps.gateway.lab.provider.dialects.content import dumped
from apps.gateway.lab.provider.dialects.errors import error_body
from apps.gateway.lab.provider.faults import bodies, breaking, errors, framing, timing
from apps.gateway.lab.provider.faults.call import Call
from apps.gateway.lab.provider.validating import complaint

Fault = Callable[[Call], Awaitable[None]]


async def good(call: Call) -> None:
    await call.answer()


async def unknown(call: Call) -> None:
    """So that a mistake in a marker doesn't pass for good behaviour."""
    error = {"message": f"The lab knows no fault '{call.marker.fault}'.", "type": "lab_error"}
    await call.wire.answer(400, dumped({"error": error}).encode())


FAULTS: dict[str, Fault] = {
    GOOD: good,
    **timing.FAULTS,
    **breaking.FAULTS,
    **framing.FAULTS,
    **errors.FAULTS,
    **bodies.FAULTS,
}


async def refuse(call: Call) -> None:
    """As a real provider does it with a request that makes no sense."""
    name, sentence = complaint(call.dialect, call.seen.asked) or ("", "")
    body = error_body(call.dialect, 400)
    body["error"]["message"] = sentence
    if call.dialect != "messages":
        body["error"]["param"] = name or None
    await call.wire.answer(400, dumped(body).encode())


def fault_of(call: Call) -> Fault:
    """The marker's fault; with `times` only that often, with `where` only under that first part of the path.

    A request that no provider would take is refused whatever its marker says.
    """
    if complaint(call.dialect, call.seen.asked) is not None:
        return refuse
    times, where = call.marker.number("times"), call.marker.text("where")
    if times and call.number > times:
        return good
    if where and not call.seen.asked.path.startswith(f"/{where}/"):
        return good
    return FAULTS.get(call.marker.fault, unknown)
