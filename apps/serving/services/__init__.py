"""What other apps ask of serving: the catalogue, and the way to a model."""

from apps.serving.providers import (
    ChatCall,
    Observed,
    ProviderError,
    StreamTranslator,
    UnsupportedRequest,
    Usage,
    observe_body,
    read_members,
)
from apps.serving.services.catalogue import add_model, connect_local_engine, set_price
from apps.serving.services.credentials import CredentialUnreadable, decrypt_credential, encrypt_credential
from apps.serving.services.providers import (
    Endpoint,
    change_endpoint,
    connect_provider,
    default_base_url,
    set_model_enabled,
    set_provider_enabled,
)
from apps.serving.services.upstream import Upstream, UpstreamUnusable, upstream_of
from apps.serving.transport import (
    ConnectFailed,
    HttpClient,
    PoolExhausted,
    Response,
    TransportError,
    UpstreamTimeout,
)

__all__ = [
    "ChatCall",
    "ConnectFailed",
    "CredentialUnreadable",
    "Endpoint",
    "HttpClient",
    "Observed",
    "PoolExhausted",
    "ProviderError",
    "Response",
    "StreamTranslator",
    "TransportError",
    "UnsupportedRequest",
    "Upstream",
    "UpstreamTimeout",
    "UpstreamUnusable",
    "Usage",
    "add_model",
    "change_endpoint",
    "connect_local_engine",
    "connect_provider",
    "decrypt_credential",
    "default_base_url",
    "encrypt_credential",
    "observe_body",
    "read_members",
    "set_model_enabled",
    "set_price",
    "set_provider_enabled",
    "upstream_of",
]
