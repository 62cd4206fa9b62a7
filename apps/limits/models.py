"""Limits as people set them."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import ApiKey, Organisation, Project, User
from apps.limits.domain.rules import Away, Metric, Window
from llmkit.ids import uuid7

METRICS = [
    (Metric.REQUESTS.name.lower(), "requests"),
    (Metric.TOKENS.name.lower(), "tokens"),
    (Metric.CONCURRENCY.name.lower(), "requests at a time"),
    (Metric.COST.name.lower(), "cost (a budget)"),
]
WINDOWS = [
    (Window.MINUTE.value, "each minute"),
    (Window.DAY.value, "each day (UTC)"),
    (Window.MONTH.value, "each calendar month (UTC)"),
    (Window.TOTAL.value, "in total"),
]
AWAYS = [
    (Away.LEASE.value, "use up what is leased, then a small share"),
    (Away.OPEN.value, "let everything pass"),
    (Away.CLOSED.value, "refuse everything"),
]


class LimitQuerySet(models.QuerySet["Limit"]):
    def for_project(self, project: Project) -> "LimitQuerySet":
        """The project's own."""
        return self.filter(project=project)

    def over(self, project: Project) -> "LimitQuerySet":
        """All that hold for requests of the project: its own, and those of the whole organisation."""
        return self.filter(Q(project=project) | Q(project=None, organisation=project.organisation_id))


class Limit(models.Model):
    """What a subject may take. Without project it belongs to the whole organisation.

    key: None for each key apart. end_user: "" for each user apart. name: of a model or route, "" for all. value: in the
    metric's unit, nano-dollars for cost. share: of the value, what one gateway process may let pass by itself while
    Redis is away. Subject, metric and window never change: they name what was counted.
    """

    class Subject(models.TextChoices):
        PROJECT = "project", "the project"
        KEY = "key", "an API key"
        USER = "user", "an end user"
        ORGANISATION = "organisation", "the whole organisation"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="limits")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="limits")
    title = models.CharField(max_length=100)
    subject = models.CharField(max_length=12, choices=Subject)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, related_name="limits")
    end_user = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=100, blank=True)
    metric = models.CharField(max_length=12, choices=METRICS)
    window = models.CharField(max_length=8, choices=WINDOWS)
    value = models.BigIntegerField()
    hard = models.BooleanField(default=True)
    away = models.CharField(max_length=8, choices=AWAYS, default=Away.LEASE.value)
    share = models.FloatField(default=0.01)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = LimitQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(value__gte=0), name="limit_not_negative")]

    def __str__(self) -> str:
        return self.title

    @property
    def measure(self) -> Metric:
        return Metric[self.metric.upper()]
