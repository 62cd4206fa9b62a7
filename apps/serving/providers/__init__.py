"""Model providers: one adapter per protocol, chosen by kind, and the observer of what they answer."""

from apps.serving.providers.access import Access
from apps.serving.providers.base import (
    ChatCall,
    EmbeddingsCall,
    ProviderAdapter,
    ProviderError,
    StreamTranslator,
    UnsupportedRequest,
    UpstreamRequest,
    read_members,
)
from apps.serving.providers.observe import Observed, StreamObserver, observe_body
from apps.serving.providers.options import InvalidOption, Option, check_options
from apps.serving.providers.registry import ADAPTERS, UnknownProviderKind, adapter_for
from llmkit.usage import Usage

__all__ = [
    "ADAPTERS",
    "Access",
    "ChatCall",
    "EmbeddingsCall",
    "InvalidOption",
    "Observed",
    "Option",
    "ProviderAdapter",
    "ProviderError",
    "StreamObserver",
    "StreamTranslator",
    "UnknownProviderKind",
    "UnsupportedRequest",
    "UpstreamRequest",
    "Usage",
    "adapter_for",
    "check_options",
    "observe_body",
    "read_members",
]
