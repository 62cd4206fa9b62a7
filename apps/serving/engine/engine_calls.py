"""The local engine's adapter calls, in vLLM's protocol."""

import asyncio
from typing import Any

import msgspec
from asgiref.sync import async_to_sync
from django.conf import settings

from apps.serving.providers import Access, adapter_for
from apps.serving.transport import HttpClient, Target, Timeouts, TransportError
from llmkit.net import check_url

# Reading a large adapter takes its time; connecting to a process of one's own does not.
TIMEOUTS = Timeouts(connect=2.0, first_byte=120.0, idle=120.0, total=180.0)
NO_ENGINE = "this installation runs no local engine. Set FLYWHEEL_ENGINE_URL, or install the extra `local`."


class AdapterNotLoaded(Exception):
    """The engine does not serve the adapter; the message says why, as a sentence for people."""


def load_into_engine(*, name: str, folder: str, base: str) -> None:
    """Ask for the adapter in `folder` beside `base`; AdapterNotLoaded when the engine refuses or is away."""
    _ask("/load_lora_adapter", {"lora_name": name, "lora_path": folder, "base_model_name": base}, "load")


def unload_from_engine(*, name: str) -> None:
    """Have the adapter given up; one that the engine does not know is fine."""
    _ask("/unload_lora_adapter", {"lora_name": name}, "unload", fine=(404,))


def served_by_engine() -> set[str]:
    """Names of the models that the engine lists; AdapterNotLoaded when it cannot be asked."""
    answer = msgspec.json.decode(_ask("/models", None, "list its models"), type=dict[str, Any])
    return {str(card["id"]) for card in answer.get("data", [])}


def _ask(path: str, body: dict[str, Any] | None, purpose: str, fine: tuple[int, ...] = ()) -> bytes:
    if not settings.ENGINE_URL:
        raise AdapterNotLoaded(f"The engine did not {purpose}: {NO_ENGINE}")
    try:
        status, answer = async_to_sync(_send)(path, b"" if body is None else msgspec.json.encode(body))
    except TransportError as error:
        raise AdapterNotLoaded(f"The engine did not {purpose}: {error}") from error
    if status != 200 and status not in fine:
        said = adapter_for("local").error(status, answer, settings.ENGINE_TOKEN)
        raise AdapterNotLoaded(f"The engine did not {purpose}: {said.message}")
    return answer


async def _send(path: str, body: bytes) -> tuple[int, bytes]:
    url = check_url(settings.ENGINE_URL, allow_private=True)
    adapter, client = adapter_for("local"), HttpClient()
    try:
        async with (
            asyncio.timeout(TIMEOUTS.total),
            await client.send(
                Target.of(url, allow_private=True),
                "POST" if body else "GET",
                adapter.base_path(url.path) + path,
                list(adapter.headers(Access(settings.ENGINE_TOKEN))),
                body,
                TIMEOUTS,
                whole=True,
            ) as response,
        ):
            return response.status, await response.read()
    finally:
        await client.aclose()
