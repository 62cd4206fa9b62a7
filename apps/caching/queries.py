"""What the gateway and the pages read of caches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, Sum
from django.db.models.functions import JSONObject

from apps.accounts.models import Project
from apps.caching.domain.false_hits import FalseHits
from apps.caching.domain.keys import keys_of
from apps.caching.domain.policy import Eviction, ProjectCaching, RoutePolicy, Scope
from apps.caching.domain.rules import read_rules
from apps.caching.models import (
    CacheCorrectionQuerySet,
    CacheFilter,
    CacheHour,
    CachePolicy,
    CachePolicyQuerySet,
    CacheSample,
    CacheSampleQuerySet,
    SemanticEntry,
)
from llmkit import clock

SIZE_TIMEOUT_SECONDS = 0.5
# The newest samples say most about a cache as it is now.
MOST_SAMPLES = 1_000
_SUMS = ("exact_hits", "semantic_hits", "misses", "shared", "bypassed", "stored", "evicted", "saved_nano")
_COMPILED = [name for name in RoutePolicy.__struct_fields__ if name != "project_id"]


@dataclass
class Figures:
    """Sums over a time, as in CacheHour."""

    exact_hits: int = 0
    semantic_hits: int = 0
    misses: int = 0
    shared: int = 0
    bypassed: int = 0
    stored: int = 0
    evicted: int = 0
    saved_nano: int = 0

    @property
    def hits(self) -> int:
        return self.exact_hits + self.semantic_hits

    @property
    def hit_rate(self) -> float | None:
        """Share of lookups that found an answer; None without any."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None


@dataclass(frozen=True)
class Size:
    """What a route keeps now. exact, exact_bytes: None while Valkey can't be asked."""

    exact: int | None = None
    exact_bytes: int | None = None
    semantic: int = 0
    semantic_bytes: int = 0


@dataclass(frozen=True)
class RouteRow:
    policy: CachePolicy
    figures: Figures = field(default_factory=Figures)
    size: Size = field(default_factory=Size)


def policies_by_project() -> dict[UUID, ProjectCaching]:
    """What the gateway's snapshot needs, in one query: projects without any policy are left out."""
    policies = CachePolicy.objects.filter(project=OuterRef("project")).filter(Q(exact=True) | Q(semantic=True))
    as_json = policies.values(json=JSONObject(**{name: name for name in _COMPILED}))
    filters = CacheFilter.objects.annotate(policies=ArraySubquery(as_json))
    return {each.project_id: _compiled(each) for each in filters if each.policies}


def policies_of(project: Project) -> CachePolicyQuerySet:
    return CachePolicy.objects.for_project(project).select_related("project").order_by("route")


def overview(project: Project, start: datetime, end: datetime) -> list[RouteRow]:
    """Every route with a policy, with what its cache did in the time and holds now."""
    policies = list(policies_of(project))
    figures, sizes = figures_by_route(project, start, end), sizes_by_route(project, [each.route for each in policies])
    return [RouteRow(each, figures.get(each.route, Figures()), sizes[each.route]) for each in policies]


def figures_by_route(project: Project, start: datetime, end: datetime) -> dict[str, Figures]:
    hours = CacheHour.objects.for_project(project).between(start, end)
    rows = hours.values_list("route").annotate(*(Sum(name) for name in _SUMS))
    return {route: Figures(*sums) for route, *sums in rows}


def hours_of(project: Project, route: str, start: datetime, end: datetime) -> list[CacheHour]:
    return list(CacheHour.objects.for_project(project).filter(route=route).between(start, end).order_by("hour"))


def sizes_by_route(project: Project, routes: Sequence[str]) -> dict[str, Size]:
    rows = SemanticEntry.objects.for_project(project).filter(route__in=routes).values("route")
    similar = {row["route"]: row for row in rows.annotate(entries=Count("id"), bytes=Sum("size"))}
    exact = _exact_sizes(str(project.id), routes)
    sizes = {}
    for route in routes:
        entries, size = exact.get(route, (None, None))
        known = similar.get(route, {"entries": 0, "bytes": 0})
        sizes[route] = Size(entries, size, known["entries"], known["bytes"])
    return sizes


def samples_of(policy: CachePolicy) -> CacheSampleQuerySet:
    """Judged ones that say something about the present settings."""
    found = CacheSample.objects.of_route(policy.project_id, policy.route)
    return found.judged_since(policy.samples_from).order_by("-created_at")


def false_hits_of(policy: CachePolicy) -> FalseHits:
    """Of the newest MOST_SAMPLES samples."""
    verdicts = list(samples_of(policy).values_list("same", flat=True)[:MOST_SAMPLES])
    return FalseHits(verdicts.count(False), len(verdicts), policy.false_hit_budget)


def corrections_of(project: Project) -> CacheCorrectionQuerySet:
    found: CacheCorrectionQuerySet = project.cache_corrections.select_related("author").order_by("-created_at")
    return found


def last_days(days: int) -> tuple[datetime, datetime]:
    """From the beginning of an hour until now."""
    now = clock.now()
    return (now - timedelta(days=days)).replace(minute=0, second=0, microsecond=0), now + timedelta(minutes=1)


def _compiled(each: Any) -> ProjectCaching:
    policies = {
        row["route"]: RoutePolicy(
            project_id=str(each.project_id),
            **{**row, "scope": Scope(row["scope"]), "eviction": Eviction(row["eviction"])},
        )
        for row in each.policies
    }
    return ProjectCaching(policies, read_rules(each.rules), each.classifier)


def _exact_sizes(project_id: str, routes: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Entries and bytes by route; empty while Valkey is away."""
    timeout = SIZE_TIMEOUT_SECONDS
    try:
        with redis.Redis.from_url(settings.CACHE_URL, socket_timeout=timeout, socket_connect_timeout=timeout) as client:
            pipeline = client.pipeline(transaction=False)
            names = list(routes)
            for route in names:
                keys = keys_of(project_id, route)
                pipeline.zcard(keys.order).hget(keys.facts, "bytes")
            found = pipeline.execute()
    except (redis.RedisError, OSError):
        return {}
    return {
        route: (int(entries), int(size or 0))
        for route, entries, size in zip(names, found[::2], found[1::2], strict=True)
    }
