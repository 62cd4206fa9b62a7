"""What other apps ask of serving: the catalogue, and the way to a model."""

from apps.serving.services.catalogue import add_model, connect_local_engine, set_price

__all__ = ["add_model", "connect_local_engine", "set_price"]
