"""What other apps ask of the gateway: routes, and a new provider put behind one."""

from apps.gateway.services.connecting import NewModel, connect_provider_with_models
from apps.gateway.services.routes import (
    activate_version,
    create_route,
    publish_route_version,
    replace_model,
    set_route_enabled,
)

__all__ = [
    "NewModel",
    "activate_version",
    "connect_provider_with_models",
    "create_route",
    "publish_route_version",
    "replace_model",
    "set_route_enabled",
]
