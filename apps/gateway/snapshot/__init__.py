"""The gateway's picture of the configuration: compiled from Postgres, swapped whole, kept when Postgres is away."""

from apps.gateway.snapshot.entries import KeyEntry, ModelEntry, PriceEntry, ProjectEntry, RouteEntry, Snapshot

__all__ = ["KeyEntry", "ModelEntry", "PriceEntry", "ProjectEntry", "RouteEntry", "Snapshot"]
