from apps.serving.models.catalogue import CatalogueModel, PriceVersion
from apps.serving.models.local import LocalModel
from apps.serving.models.providers import Provider

__all__ = ["CatalogueModel", "LocalModel", "PriceVersion", "Provider"]
