"""What other apps ask of serving: the catalogue, and the way to a model."""

from apps.serving.engine.engine_calls import AdapterNotLoaded
from apps.serving.providers import (
    ChatCall,
    EmbeddingsCall,
    Observed,
    Option,
    ProviderError,
    StreamTranslator,
    UnsupportedRequest,
    UpstreamRequest,
    Usage,
    observe_body,
    read_members,
)
from apps.serving.services.catalogue import add_model, connect_local_engine, set_price
from apps.serving.services.completing import Completion, ModelCallFailed, complete
from apps.serving.services.credentials import CredentialUnreadable, decrypt_credential, encrypt_credential
from apps.serving.services.local_models import (
    add_local_folder,
    is_served,
    load_adapter,
    register_adapter,
    register_base,
    unload_adapter,
)
from apps.serving.services.providers import (
    Endpoint,
    change_endpoint,
    connect_provider,
    default_base_url,
    options_of,
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
    "AdapterNotLoaded",
    "ChatCall",
    "Completion",
    "ConnectFailed",
    "CredentialUnreadable",
    "EmbeddingsCall",
    "Endpoint",
    "HttpClient",
    "ModelCallFailed",
    "Observed",
    "Option",
    "PoolExhausted",
    "ProviderError",
    "Response",
    "StreamTranslator",
    "TransportError",
    "UnsupportedRequest",
    "Upstream",
    "UpstreamRequest",
    "UpstreamTimeout",
    "UpstreamUnusable",
    "Usage",
    "add_local_folder",
    "add_model",
    "change_endpoint",
    "complete",
    "connect_local_engine",
    "connect_provider",
    "decrypt_credential",
    "default_base_url",
    "encrypt_credential",
    "is_served",
    "load_adapter",
    "observe_body",
    "options_of",
    "read_members",
    "register_adapter",
    "register_base",
    "set_model_enabled",
    "set_price",
    "set_provider_enabled",
    "unload_adapter",
    "upstream_of",
]
