"""Routes: names that applications call, behind which versions can be exchanged and taken back."""

from django.db import models

from apps.accounts.models import Project, User
from apps.serving.models import CatalogueModel
from llmkit.ids import uuid7


class RouteQuerySet(models.QuerySet["Route"]):
    def for_project(self, project: Project) -> "RouteQuerySet":
        return self.filter(project=project)

    def enabled(self) -> "RouteQuerySet":
        return self.filter(disabled_at=None).exclude(active=None)


class Route(models.Model):
    """What `model` in a request may name besides a catalogue model."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="routes")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    active = models.ForeignKey("RouteVersion", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True, blank=True)

    objects = RouteQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="route_name_in_project")]

    def __str__(self) -> str:
        return self.name


class RouteVersion(models.Model):
    """Which models a route calls, by which policy, and what it adds to the request. Never changed once made."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    model = models.ForeignKey(CatalogueModel, on_delete=models.PROTECT, related_name="+")
    # As apps.gateway.domain.policy reads it; empty: `model` alone, with everything else as usual.
    policy = models.JSONField(default=dict, blank=True)
    # Put in front of the conversation unless the caller brings a system message.
    system_prompt = models.TextField(blank=True)
    # Request members such as temperature that the caller has not set.
    defaults = models.JSONField(default=dict, blank=True)
    message = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["route", "number"], name="version_number_in_route")]

    def __str__(self) -> str:
        return f"{self.route} v{self.number}"
