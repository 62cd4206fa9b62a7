"""What the cache of a route may do."""

from datetime import datetime
from typing import Any

from django.db import models

from apps.accounts.models import Project
from apps.caching.domain.policy import LEXICAL, Eviction, RoutePolicy, Scope
from llmkit.ids import uuid7

SCOPES = [
    (Scope.USER.value, "each user"),
    (Scope.SESSION.value, "each session"),
    (Scope.PROJECT.value, "the whole project"),
]
EVICTIONS = [
    (Eviction.LRU.value, "what was not used for longest (LRU)"),
    (Eviction.LFU.value, "what was used least often (LFU)"),
    (Eviction.FIFO.value, "what is oldest (FIFO)"),
]


class CachePolicyQuerySet(models.QuerySet["CachePolicy"]):
    def for_project(self, project: Project) -> "CachePolicyQuerySet":
        return self.filter(project=project)

    def semantic(self) -> "CachePolicyQuerySet":
        return self.filter(semantic=True)


class CachePolicy(models.Model):
    """One route's, by the name that callers say in `model`; fields as in RoutePolicy, which is what the gateway gets.

    false_hit_budget: the share of semantic hits that may be wrong, 0 to 1. judge_model: a catalogue model's name, ""
    for none. samples_from: samples before that moment say nothing about the present settings.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cache_policies")
    route = models.CharField(max_length=100)
    exact = models.BooleanField(default=True)
    ttl_s = models.PositiveIntegerField(default=3600)
    scope = models.CharField(max_length=10, choices=SCOPES, default=Scope.USER.value)
    eviction = models.CharField(max_length=10, choices=EVICTIONS, default=Eviction.LRU.value)
    budget_bytes = models.PositiveBigIntegerField(default=16 * 1024 * 1024)
    allow_sampling = models.BooleanField(default=False)
    allow_tools = models.BooleanField(default=False)
    allow_truncated = models.BooleanField(default=False)
    volatile_above = models.FloatField(default=0.5)
    semantic = models.BooleanField(default=False)
    threshold = models.FloatField(default=0.88)
    embedder = models.CharField(max_length=120, default=LEXICAL)
    language = models.CharField(max_length=10, blank=True)
    sample_share = models.FloatField(default=0.05)
    false_hit_budget = models.FloatField(default=0.02)
    judge_model = models.CharField(max_length=100, blank=True)
    samples_from = models.DateTimeField(auto_now_add=True)
    semantic_off_at = models.DateTimeField(null=True, blank=True)
    semantic_off_reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = CachePolicyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "route"], name="cache_policy_of_route")]

    def __str__(self) -> str:
        return self.route

    def switch_semantic_off(self, *, reason: str, at: datetime) -> None:
        """By the installation itself; `semantic` stays switched off until somebody switches it on again."""
        self.semantic, self.semantic_off_at, self.semantic_off_reason = False, at, reason
        self.save(update_fields=["semantic", "semantic_off_at", "semantic_off_reason", "changed_at"])

    def compiled(self) -> RoutePolicy:
        names = (name for name in RoutePolicy.__struct_fields__ if name not in ("project_id", "scope", "eviction"))
        values: dict[str, Any] = {name: getattr(self, name) for name in names}
        return RoutePolicy(
            project_id=str(self.project_id), scope=Scope(self.scope), eviction=Eviction(self.eviction), **values
        )
