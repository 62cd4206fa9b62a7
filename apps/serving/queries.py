"""What the models pages read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Project
from apps.serving.models import CatalogueModel, LocalModel, PriceVersion, Provider
from apps.serving.models.catalogue import CatalogueModelQuerySet
from apps.serving.models.providers import ProviderQuerySet
from llmkit import clock


@dataclass(frozen=True)
class ModelRow:
    """A model with the price that holds now, None when it has none."""

    model: CatalogueModel
    price: PriceVersion | None
    base: str = ""  # of an adapter: the model it stands on


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


def finetunable_models(project: Project) -> CatalogueModelQuerySet:
    """Models in service whose weights lie in a folder of this installation."""
    return callable_models_of(project).exclude(local=None).exclude(local__folder="").select_related("local")


def origin_of(model: CatalogueModel) -> LocalModel | None:
    """The registry entry of a model of the local engine, with base and artifact; None for all others."""
    return LocalModel.objects.filter(model=model).select_related("base__model", "artifact").first()


def adapters_on(model: CatalogueModel) -> list[LocalModel]:
    """The adapters that stand on a base, the newest first."""
    return list(
        LocalModel.objects.filter(base__model=model).select_related("model__provider", "artifact").order_by("-id")
    )


def callable_models_of(project: Project) -> CatalogueModelQuerySet:
    return models_of(project).enabled()


def prices_of(model: CatalogueModel) -> QuerySet[PriceVersion]:
    return model.prices.order_by("-effective_from")


def catalogue_of(project: Project) -> list[ProviderRow]:
    """Every provider with its models and their prices of this moment, in four queries."""
    models = list(models_of(project))
    prices = _prices_now([model.id for model in models])
    adapters = LocalModel.objects.for_project(project).adapters().values_list("model_id", "base__model__name")
    bases = {model: base or "" for model, base in adapters}
    rows: dict[UUID, list[ModelRow]] = {}
    for model in models:
        row = ModelRow(model, prices.get(model.id), bases.get(model.id, ""))
        rows.setdefault(model.provider_id, []).append(row)
    return [ProviderRow(provider, rows.get(provider.id, [])) for provider in providers_of(project)]


def _prices_now(models: list[UUID]) -> dict[UUID, PriceVersion]:
    """The price that holds at this moment, by model."""
    begun = PriceVersion.objects.filter(model__in=models, effective_from__lte=clock.now())
    newest = begun.order_by("model", "-effective_from").distinct("model")
    return {price.model_id: price for price in newest}
