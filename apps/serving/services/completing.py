"""Asking a model one question outside the gateway, with the patience of somebody who has many to ask."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from apps.serving.models import CatalogueModel
from apps.serving.providers import ChatCall, ProviderError, UnsupportedRequest, observe_body, read_members
from apps.serving.providers.base import UNREADABLE
from apps.serving.services.upstream import Upstream
from apps.serving.transport import HttpClient, Response, TransportError

MOST_TRIES = 6
# Seconds of waiting in all, between the tries of one question.
PATIENCE = 30.0
FIRST_PAUSE = 0.25
BUSY = (429, 503)


class ModelCallFailed(Exception):
    """The model gave no answer; the message says why, without credentials. status: the provider's, 0 for none."""

    def __init__(self, message: str, status: int = 0) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class Completion:
    """latency_ms: of the try that succeeded. Tokens are None where the provider does not count them."""

    text: str
    latency_ms: float
    input_tokens: int | None
    output_tokens: int | None


class _Choice(msgspec.Struct):
    message: dict[str, Any]


class _Answer(msgspec.Struct):
    choices: list[_Choice]


async def complete(
    upstream: Upstream,
    client: HttpClient,
    *,
    model: CatalogueModel,
    messages: Sequence[Mapping[str, Any]],
    parameters: Mapping[str, Any],
) -> Completion:
    """The model's answer to `messages`; ModelCallFailed otherwise.

    A busy provider (429, 503) is asked again for up to PATIENCE seconds. `parameters` are members of a
    chat-completions request, such as temperature.
    """
    call = _call(model, messages, parameters)
    left, pause = PATIENCE, FIRST_PAUSE
    for last in (tried == MOST_TRIES for tried in range(1, MOST_TRIES + 1)):
        begun = asyncio.get_running_loop().time()
        status, wait, body = await _ask(upstream, client, call)
        if status == 200:
            return _read(upstream, call, body, (asyncio.get_running_loop().time() - begun) * 1000)
        pause = max(pause, wait)
        if status not in BUSY or last or pause > left:
            break
        await asyncio.sleep(pause)
        left, pause = left - pause, pause * 2
    error = upstream.adapter.error(status, body, upstream.credential)
    raise ModelCallFailed(f"{upstream.provider} refused with {status}: {error.message}", status)


def _call(model: CatalogueModel, messages: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> ChatCall:
    body = msgspec.json.encode({**parameters, "model": model.upstream_name, "messages": messages, "stream": False})
    return ChatCall(
        members=read_members(body),
        body=body,
        model=model.upstream_name,
        upstream_model=model.upstream_name,
        max_output_tokens=model.max_output_tokens,
    )


async def _ask(upstream: Upstream, client: HttpClient, call: ChatCall) -> tuple[int, float, bytes]:
    """Status, seconds that the provider asks to wait, and body."""
    try:
        request = upstream.adapter.request(call, upstream.access)
        path = upstream.path + request.path
        async with await client.send(
            upstream.target, request.method, path, list(request.headers), request.body, upstream.timeouts, whole=True
        ) as response:
            return response.status, _wait_of(response), await response.read()
    except UnsupportedRequest as error:
        raise ModelCallFailed(f"{upstream.provider} cannot do this: {error}", 400) from error
    except TransportError as error:
        raise ModelCallFailed(f"{upstream.provider} could not be reached: {error}") from error


def _wait_of(response: Response) -> float:
    try:
        return max(0.0, float(response.header(b"retry-after") or 0))
    except ValueError:
        # A date: providers that send one mean minutes, which nobody waits for here.
        return PATIENCE


def _read(upstream: Upstream, call: ChatCall, body: bytes, latency_ms: float) -> Completion:
    try:
        body = upstream.adapter.plain(body, call)
        observed = observe_body(body)
        if observed.error is not None:
            raise observed.error
        message = msgspec.json.decode(body, type=_Answer).choices[0].message
    except ProviderError as error:
        raise ModelCallFailed(f"{upstream.provider} refused: {error.message}", error.status) from error
    except (*UNREADABLE, IndexError) as error:
        raise ModelCallFailed(f"{upstream.provider} sent an answer that is not a chat completion.") from error
    usage = observed.usage
    text = message.get("content")
    return Completion(
        text=text if isinstance(text, str) else "",
        latency_ms=latency_ms,
        input_tokens=usage.prompt_tokens if usage else None,
        output_tokens=usage.completion_tokens if usage else None,
    )
