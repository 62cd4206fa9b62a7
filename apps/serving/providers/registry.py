"""Which adapter serves which kind of provider."""

from apps.serving.providers.anthropic import Anthropic
from apps.serving.providers.azure_openai import AzureOpenAI
from apps.serving.providers.base import ProviderAdapter
from apps.serving.providers.bedrock import Bedrock
from apps.serving.providers.cohere import Cohere
from apps.serving.providers.gemini import Gemini
from apps.serving.providers.mistral import Mistral
from apps.serving.providers.openai_compatible import LocalEngine, OpenAICompatible

_ADAPTERS: tuple[ProviderAdapter, ...] = (
    OpenAICompatible(),
    AzureOpenAI(),
    Anthropic(),
    Gemini(),
    Bedrock(),
    Mistral(),
    Cohere(),
    LocalEngine(),
)
ADAPTERS: dict[str, ProviderAdapter] = {adapter.kind: adapter for adapter in _ADAPTERS}


class UnknownProviderKind(LookupError):
    """No adapter is registered under that name."""


def adapter_for(kind: str) -> ProviderAdapter:
    try:
        return ADAPTERS[kind]
    except KeyError:
        raise UnknownProviderKind(f"There is no provider adapter {kind!r}.") from None
