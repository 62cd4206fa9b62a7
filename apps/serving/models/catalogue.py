"""The models of a project: what they can do and what they cost since when."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import Project
from apps.serving.models.providers import Provider
from llmkit.ids import uuid7
from llmkit.pricing import Rates


class CatalogueModelQuerySet(models.QuerySet["CatalogueModel"]):
    def for_project(self, project: Project) -> "CatalogueModelQuerySet":
        return self.filter(project=project)

    def enabled(self) -> "CatalogueModelQuerySet":
        return self.filter(disabled_at=None, provider__disabled_at=None)


class CatalogueModel(models.Model):
    """`name` is what callers of the gateway say, `upstream_name` what the provider calls it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="models")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(max_length=100)
    upstream_name = models.CharField(max_length=200)
    description = models.CharField(max_length=300, blank=True)
    capabilities = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    context_tokens = models.PositiveIntegerField()
    max_output_tokens = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True, blank=True)

    objects = CatalogueModelQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="model_name_in_project")]

    def __str__(self) -> str:
        return self.name

    def price_at(self, at: datetime) -> "PriceVersion | None":
        return self.prices.filter(effective_from__lte=at).order_by("-effective_from").first()


class PriceVersion(models.Model):
    """Prices from a moment on, in nano-dollars per million tokens. Rows are added, never changed.

    A kind of tokens without a price of its own costs what input or output costs.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    model = models.ForeignKey(CatalogueModel, on_delete=models.CASCADE, related_name="prices")
    effective_from = models.DateTimeField()
    input_nano = models.PositiveBigIntegerField()
    cached_input_nano = models.PositiveBigIntegerField()
    output_nano = models.PositiveBigIntegerField()
    cache_creation_nano = models.PositiveBigIntegerField(null=True, blank=True)
    audio_input_nano = models.PositiveBigIntegerField(null=True, blank=True)
    image_input_nano = models.PositiveBigIntegerField(null=True, blank=True)
    reasoning_nano = models.PositiveBigIntegerField(null=True, blank=True)
    audio_output_nano = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "effective_from"], name="one_price_per_moment")]

    def __str__(self) -> str:
        return f"{self.model} from {self.effective_from:%Y-%m-%d}"

    @property
    def rates(self) -> Rates:
        return Rates(
            input=self.input_nano,
            output=self.output_nano,
            cached_input=self.cached_input_nano,
            cache_creation=self.cache_creation_nano,
            audio_input=self.audio_input_nano,
            image_input=self.image_input_nano,
            reasoning=self.reasoning_nano,
            audio_output=self.audio_output_nano,
        )
