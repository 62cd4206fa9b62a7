"""Responses that go on from an earlier one, and that can be gone on from: the part of that API that has a memory."""

import msgspec
from msgspec import Raw

from apps.gateway.proxy.answering import send_json
from apps.gateway.proxy.asgi_types import Scope, Send
from apps.gateway.proxy.asked import Request, translate
from apps.gateway.proxy.auth import authenticate
from apps.gateway.proxy.caller import Caller
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.conversations import ConversationsAway, Kept
from apps.gateway.proxy.exchange import Exchange
from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import RESPONSES, items_of

PREFIX = "/v1/responses/"
PREVIOUS = "previous_response_id"
_NEITHER = (b"", b"null")
_id = msgspec.json.Decoder(str)


class _Given(msgspec.Struct):
    id: str


_given = msgspec.json.Decoder(_Given)


async def understand(context: Context, project_id: str, request: Request) -> None:
    """Translate the request together with the conversation before it, or note that there is none."""
    given = bytes(request.members.get(PREVIOUS, b""))
    if given not in _NEITHER:
        try:
            previous = _id.decode(given)
            kept = await context.conversations.recall(project_id, previous)
        except msgspec.DecodeError:
            request.untranslatable = Refusal(
                400, f"{PREVIOUS}: a text is required.", code="invalid_type", param=PREVIOUS
            )
            return
        except ConversationsAway:
            request.untranslatable = _away()
            return
        if kept is None:
            request.untranslatable = _unknown(previous, PREVIOUS)
            return
        request.history = kept.items
    translate(request, lambda members: RESPONSES.to_chat(members, request.history))


async def keep(context: Context, exchange: Exchange, answer: bytes) -> None:
    """Keep what was answered, unless the caller wished otherwise."""
    request = exchange.request
    if request is None or not answer or bytes(request.members.get("store", b"true")) == b"false":
        return
    items = [*request.history, *items_of(request.members, answer)]
    await context.conversations.keep(exchange.project_id, _given.decode(answer).id, Kept(Raw(answer), items))


async def answer(context: Context, scope: Scope, send: Send) -> None:
    """`GET` and `DELETE /v1/responses/{id}`."""
    caller = Caller.of(scope["headers"])
    key = authenticate(caller.authorization, context.snapshot().keys, context.clock())
    response_id = scope["path"].removeprefix(PREFIX)
    try:
        if scope["method"] == "DELETE":
            known = await context.conversations.forget(key.project.id, response_id)
            body = msgspec.json.encode({"id": response_id, "object": "response.deleted", "deleted": True})
        else:
            kept = await context.conversations.recall(key.project.id, response_id)
            known, body = kept is not None, bytes(kept.answer) if kept else b""
    except ConversationsAway as error:
        raise _away() from error
    if not known:
        raise _unknown(response_id, "response_id")
    await send_json(send, 200, body)


def _away() -> Refusal:
    return Refusal(
        503,
        "The cache that holds earlier responses does not answer; try again, or send the whole conversation as input.",
        code="conversations_away",
        headers=((b"retry-after", b"1"),),
    )


def _unknown(response_id: str, param: str) -> Refusal:
    message = (
        f"There is no response '{response_id[:200]}', or it is no longer kept; send the whole conversation as input."
    )
    return Refusal(404, message, code="response_not_found", param=param)
