"""Model providers: one adapter per protocol, chosen by kind, and the observer of what they answer."""

from apps.serving.providers.base import (
    ChatCall,
    ProviderAdapter,
    ProviderError,
    StreamTranslator,
    UnsupportedRequest,
    UpstreamRequest,
    read_members,
)
from apps.serving.providers.observe import Observed, StreamObserver, observe_body
from apps.serving.providers.registry import ADAPTERS, UnknownProviderKind, adapter_for
from apps.serving.providers.usage import Usage

__all__ = [
    "ADAPTERS",
    "ChatCall",
    "Observed",
    "ProviderAdapter",
    "ProviderError",
    "StreamObserver",
    "StreamTranslator",
    "UnknownProviderKind",
    "UnsupportedRequest",
    "UpstreamRequest",
    "Usage",
    "adapter_for",
    "observe_body",
    "read_members",
]
