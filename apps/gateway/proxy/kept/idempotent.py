"""Requests with an Idempotency-Key: answered once, and told again whenever they are repeated."""

import logging
from collections.abc import Awaitable, Callable

from apps.caching.services import (
    AnswerNotKept,
    Claim,
    IdempotencyAway,
    IdempotencyConflict,
    KeptResponse,
    StillRunning,
    body_fingerprint,
)
from apps.gateway.proxy.asgi_types import Headers, Message, Send
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.snapshot import KeyEntry

log = logging.getLogger(__name__)

HEADER = b"idempotency-key"
MOST_CHARACTERS = 255
# For a twin that is under way; after that its client has to ask again.
WAIT_SECONDS = 120.0
SOON = ((b"retry-after", b"1"),)
REPLAYED = (b"idempotent-replayed", b"true")
# Of the first answer's headers, those that belong to its body.
_OF_BODY = frozenset((b"content-type", b"content-length", b"cache-control", b"x-accel-buffering"))

Handle = Callable[[Send], Awaitable[None]]


async def once(context: Context, exchange: Exchange, key: KeyEntry, path: str, send: Send, handle: Handle) -> None:
    """Answer by `handle` the first time, and what that said afterwards; Refusal 400, 409 or 503."""
    name = exchange.caller.found.get(HEADER)
    if name is None or exchange.request is None:
        await handle(send)
        return
    found = await _claim(context, key, _checked(name), body_fingerprint("POST", path, exchange.request.raw))
    if isinstance(found, KeptResponse):
        await _replay(context, exchange, send, found)
        return
    async with context.idempotency.holding(found):
        await handle(_Keeping(context, exchange, found, send))


def _checked(name: bytes) -> str:
    text = name.decode("latin-1").strip()
    if not 0 < len(text) <= MOST_CHARACTERS:
        message = f"Idempotency-Key: 1 to {MOST_CHARACTERS} characters."
        raise Refusal(400, message, code="invalid_idempotency_key", param="Idempotency-Key")
    return text


async def _claim(context: Context, key: KeyEntry, name: str, fingerprint: bytes) -> Claim | KeptResponse:
    try:
        return await context.idempotency.claim_or_wait(key.id, name, fingerprint, within=WAIT_SECONDS)
    except IdempotencyConflict as error:
        raise Refusal(409, str(error), code="idempotency_conflict", param="Idempotency-Key") from error
    except AnswerNotKept as error:
        raise Refusal(409, str(error), code="idempotency_answer_not_kept", param="Idempotency-Key") from error
    except StillRunning as error:
        raise Refusal(409, str(error), code="idempotency_under_way", headers=SOON) from error
    except IdempotencyAway as error:
        raise Refusal(503, str(error), code="idempotency_away", headers=SOON) from error


async def _replay(context: Context, exchange: Exchange, send: Send, kept: KeptResponse) -> None:
    exchange.replayed = True
    context.record(exchange)
    headers = [*kept.headers, *exchange.headers(), REPLAYED]
    await send({"type": "http.response.start", "status": kept.status, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body})


class _Keeping:
    """A `send` that keeps a good answer before its last piece goes out: a client that missed it can ask again."""

    def __init__(self, context: Context, exchange: Exchange, claim: Claim, send: Send) -> None:
        self._context, self._exchange, self._claim, self._send = context, exchange, claim, send
        self._status = 0
        self._headers: Headers = ()
        self._pieces: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(name, value) for name, value in message["headers"] if name in _OF_BODY]
        else:
            self._pieces.append(message["body"])
            if not message.get("more_body"):
                await self._finish()
        await self._send(message)

    async def _finish(self) -> None:
        if self._status != 200 or self._exchange.outcome.error_type:
            return
        response = KeptResponse(self._status, list(self._headers), b"".join(self._pieces))
        try:
            await self._context.idempotency.finish(self._claim, response)
        except IdempotencyAway:
            log.warning("The answer of trace %s can't be kept for its Idempotency-Key.", self._exchange.trace_id)
