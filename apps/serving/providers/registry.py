"""Which adapter serves which kind of provider."""

from apps.serving.providers.anthropic import Anthropic
from apps.serving.providers.base import ProviderAdapter
from apps.serving.providers.openai_compatible import OpenAICompatible

ADAPTERS: dict[str, ProviderAdapter] = {
    adapter.kind: adapter
    for adapter in (
        OpenAICompatible("openai_compatible", "OpenAI-compatible", "https://api.openai.com/v1"),
        OpenAICompatible("local", "Local engine", ""),
        Anthropic(),
    )
}


class UnknownProviderKind(LookupError):
    """No adapter is registered under that name."""


def adapter_for(kind: str) -> ProviderAdapter:
    try:
        return ADAPTERS[kind]
    except KeyError:
        raise UnknownProviderKind(f"There is no provider adapter {kind!r}.") from None
