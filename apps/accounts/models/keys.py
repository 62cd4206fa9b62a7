"""Project API keys. Secret keys are kept as hashes only and shown once, when they are made."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.domain.keys import digest_of
from apps.accounts.models.people import User
from apps.accounts.models.tenancy import Project
from llmkit.ids import uuid7


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def for_project(self, project: Project) -> "ApiKeyQuerySet":
        return self.filter(project=project)

    def usable(self, at: datetime) -> "ApiKeyQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)

    def with_text(self, text: str) -> "ApiKeyQuerySet":
        return self.filter(digest=digest_of(text))


class ApiKey(models.Model):
    """`secret` keys act for a backend within their scopes; `public` keys may only write feedback from `origins`."""

    class Kind(models.TextChoices):
        SECRET = "secret"
        PUBLIC = "public"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=20)
    # A public key is no secret: pages show it again for the snippet of the widget.
    public_text = models.CharField(max_length=100, blank=True)
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    # Names of routes or models that the key may call; empty: all of the project.
    models_allowed = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

    def is_usable(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def revoke(self, at: datetime) -> None:
        self.revoked_at = at
        self.save(update_fields=["revoked_at"])
