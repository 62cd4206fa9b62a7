"""Where models are served: a provider's address and its encrypted credential."""

from django.db import models
from django.db.models import TextChoices

from apps.accounts.models import Project
from llmkit.ids import uuid7


class ProviderQuerySet(models.QuerySet["Provider"]):
    def for_project(self, project: Project) -> "ProviderQuerySet":
        return self.filter(project=project)

    def enabled(self) -> "ProviderQuerySet":
        return self.filter(disabled_at=None)

    def external(self) -> "ProviderQuerySet":
        """Those with an address of their own, which is all but the local engine."""
        return self.exclude(kind=Provider.Kind.LOCAL)


class Provider(models.Model):
    """kind names an adapter of the provider registry. The local engine has no base URL: the installation knows it.

    options are what the kind asks for besides address and credential: texts by the names that its adapter declares.
    """

    class Kind(TextChoices):
        OPENAI_COMPATIBLE = "openai_compatible", "OpenAI-compatible"
        AZURE_OPENAI = "azure_openai", "Azure OpenAI"
        ANTHROPIC = "anthropic", "Anthropic"
        GEMINI = "gemini", "Google Gemini"
        BEDROCK = "bedrock", "AWS Bedrock"
        MISTRAL = "mistral", "Mistral"
        COHERE = "cohere", "Cohere"
        LOCAL = "local", "Local engine"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="providers")
    name = models.SlugField(max_length=60)
    kind = models.CharField(max_length=30, choices=Kind)
    base_url = models.URLField(max_length=300, blank=True)
    # Fernet token; empty for providers without a key. Never shown, never logged.
    credential = models.TextField(blank=True)
    options = models.JSONField(default=dict, blank=True)
    allow_private = models.BooleanField(default=False)
    connect_timeout_ms = models.PositiveIntegerField(default=5_000)
    first_byte_timeout_ms = models.PositiveIntegerField(default=60_000)
    idle_timeout_ms = models.PositiveIntegerField(default=60_000)
    total_timeout_ms = models.PositiveIntegerField(default=600_000)
    created_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True, blank=True)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="provider_name_in_project")]

    def __str__(self) -> str:
        return self.name
