"""What the models pages read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Project
from apps.serving.models import CatalogueModel, PriceVersion, Provider
from apps.serving.models.catalogue import CatalogueModelQuerySet
from apps.serving.models.providers import ProviderQuerySet
from llmkit import clock


@dataclass(frozen=True)
class ModelRow:
    """A model with the price that holds now, None when it has none."""

    model: CatalogueModel
    price: PriceVersion | None


@dataclass(frozen=True)
class ProviderRow:
    provider: Provider
    models: Sequence[ModelRow]

    @property
    def enabled(self) -> bool:
        return self.provider.disabled_at is None


def providers_of(project: Project) -> ProviderQuerySet:
    return Provider.objects.for_project(project).order_by("name")


def models_of(project: Project) -> CatalogueModelQuerySet:
    return CatalogueModel.objects.for_project(project).select_related("provider").order_by("name")


def callable_models_of(project: Project) -> CatalogueModelQuerySet:
    return models_of(project).enabled()


def prices_of(model: CatalogueModel) -> QuerySet[PriceVersion]:
    return model.prices.order_by("-effective_from")


def catalogue_of(project: Project) -> list[ProviderRow]:
    """Every provider with its models and their prices of this moment, in three queries."""
    models = list(models_of(project))
    prices = _prices_now([model.id for model in models])
    rows: dict[UUID, list[ModelRow]] = {}
    for model in models:
        rows.setdefault(model.provider_id, []).append(ModelRow(model, prices.get(model.id)))
    return [ProviderRow(provider, rows.get(provider.id, [])) for provider in providers_of(project)]


def _prices_now(models: list[UUID]) -> dict[UUID, PriceVersion]:
    """The price that holds at this moment, by model."""
    begun = PriceVersion.objects.filter(model__in=models, effective_from__lte=clock.now())
    newest = begun.order_by("model", "-effective_from").distinct("model")
    return {price.model_id: price for price in newest}
