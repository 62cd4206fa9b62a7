"""Routes for tests."""

from apps.accounts.services import Actor
from apps.gateway.models import Route
from apps.gateway.services import create_route
from apps.serving.models import CatalogueModel


def make_route(model: CatalogueModel, *, name: str = "support", **fields: object) -> Route:
    return create_route(actor=Actor(), project=model.project, name=name, model=model, **fields)
