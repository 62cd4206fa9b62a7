"""A model provider that speaks HTTP for real and misbehaves on request."""

from apps.gateway.lab.provider.server import serve

__all__ = ["serve"]
