"""A local engine that lists and loads what it is told, and stores that a test may fill."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.helpers.mock_provider import Asked, MockProvider, _send, mock_provider


class FakeEngine:
    """vLLM's adapter calls on a real port. refusal: what every load is answered with instead."""

    def __init__(self, provider: MockProvider) -> None:
        self.provider = provider
        self.served: dict[str, str] = {}
        self.asked: list[Asked] = provider.asked
        self.refusal: str | None = None
        provider.behave("", self.answer)

    async def answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        name = asked.body.get("lora_name", "")
        if asked.path == "/v1/models":
            await _send(writer, 200, {"data": [{"id": served} for served in self.served]})
        elif asked.path == "/v1/load_lora_adapter" and self.refusal:
            await _send(writer, 400, {"error": {"message": self.refusal}})
        elif asked.path == "/v1/load_lora_adapter":
            self.served[name] = asked.body["lora_path"]
            await _send(writer, 200, "Success")
        else:
            await _send(writer, 200 if self.served.pop(name, None) else 404, {"error": {"message": "unknown"}})

    def calls(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]


@pytest.fixture
def provider() -> Iterator[MockProvider]:
    with mock_provider() as running:
        yield running


@pytest.fixture
def engine(provider, settings, tmp_path) -> FakeEngine:
    settings.ENGINE_URL, settings.ENGINE_TOKEN = f"{provider.url}", "engine-token"
    settings.ADAPTERS_DIR = tmp_path / "adapters"
    return FakeEngine(provider)
