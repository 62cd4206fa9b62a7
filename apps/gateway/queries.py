"""What the routes pages read."""

import json
from dataclasses import dataclass
from difflib import unified_diff

from django.db.models import Count

from apps.accounts.models import Project
from apps.gateway.domain.describing import describe
from apps.gateway.domain.policy import Policy, parse_policy
from apps.gateway.models import Route, RouteQuerySet, RouteVersion


@dataclass(frozen=True)
class Change:
    """What a version changed: `field` as people call it, and the lines of the difference with their sign."""

    field: str
    lines: list[str]


@dataclass(frozen=True)
class VersionRow:
    version: RouteVersion
    active: bool
    changes: list[Change]


def routes_of(project: Project) -> RouteQuerySet:
    found = Route.objects.for_project(project).select_related("active__model__provider")
    return found.annotate(version_count=Count("versions")).order_by("name")


def policy_of(route: Route) -> Policy:
    """Of the active version; ObjectDoesNotExist for a route without one."""
    if route.active is None:
        raise RouteVersion.DoesNotExist("This route has no version yet.")
    return read_policy(route.active)


def read_policy(version: RouteVersion) -> Policy:
    return parse_policy(version.policy, version.model.name)


def versions_of(route: Route) -> list[VersionRow]:
    """Newest first, each with what it changed against the one before."""
    versions = list(route.versions.select_related("model__provider", "author").order_by("number"))
    before = [None, *versions]
    rows = [
        VersionRow(version, version.id == route.active_id, changes_between(previous, version))
        for previous, version in zip(before, versions, strict=False)
    ]
    return rows[::-1]


def changes_between(before: RouteVersion | None, after: RouteVersion) -> list[Change]:
    """Field by field; everything is new in a first version."""
    old, new = (_lines(before) if before else {}), _lines(after)
    found = [Change(field, _difference(old.get(field, []), lines)) for field, lines in new.items()]
    return [change for change in found if change.lines]


def _lines(version: RouteVersion) -> dict[str, list[str]]:
    return {
        "Model": [str(version.model)],
        "Policy": _policy_lines(read_policy(version)),
        "System prompt": version.system_prompt.splitlines(),
        "Defaults": [f"{name}: {json.dumps(value)}" for name, value in sorted(version.defaults.items())],
    }


def _policy_lines(policy: Policy) -> list[str]:
    """An only target is the model, which has a line of its own."""
    lines = describe(policy)
    return lines[1:] if policy.is_plain else lines


def _difference(old: list[str], new: list[str]) -> list[str]:
    """Lines that begin with `+`, `-`, or a space for those around."""
    return [line for line in unified_diff(old, new, lineterm="", n=1) if not line.startswith(("---", "+++", "@@"))]
