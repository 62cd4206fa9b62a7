"""What the palette finds: rooms, traces by the beginning of their id, routes and models by name."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project
from apps.console.domain import formats
from apps.console.domain.finding import matches, trace_range
from apps.console.queries.frame import address, rail_sections
from apps.gateway.models import Route
from apps.serving.models import CatalogueModel
from apps.tracing.models import Span
from llmkit import clock

MOST = 6
TRACES_REACH = timedelta(days=90)


class Entry(NamedTuple):
    label: str
    url: str
    icon: str
    hint: str = ""


class Group(NamedTuple):
    label: str
    entries: list[Entry]


def find(*, project: Project, role: Role, text: str) -> list[Group]:
    """Groups that have something; without `text` the rooms alone."""
    groups = [Group("Rooms", list(rooms(project, role, text)))]
    if text:
        groups += [
            Group("Traces", list(traces(project, text))),
            Group("Routes", list(routes(project, text))),
            Group("Models", list(models(project, text))),
        ]
    return [group for group in groups if group.entries]


def rooms(project: Project, role: Role, text: str) -> Iterator[Entry]:
    for section in rail_sections(project=project, role=role, path=""):
        for item in section.items:
            if matches(text, f"{section.label} {item.label}"):
                yield Entry(item.label, item.url, item.icon, f"g {item.goto}" if item.goto else section.label)


def traces(project: Project, text: str) -> Iterator[Entry]:
    within = trace_range(text)
    if within is None:
        return
    now = clock.now()
    spans = Span.objects.for_project(project).between(now - TRACES_REACH, now + timedelta(days=1)).entries()
    for span in spans.filter(trace_id__range=within).order_by("-start_time")[:MOST]:
        if url := address("tracing:trace", project.slug, span.trace_id.hex):
            yield Entry(f"{span.name} {span.trace_id.hex}", url, "trace", formats.relative(span.start_time, now))


def routes(project: Project, text: str) -> Iterator[Entry]:
    for route in Route.objects.for_project(project).filter(name__icontains=text).order_by("name")[:MOST]:
        if url := address("gateway:route", project.slug, str(route.id)):
            yield Entry(route.name, url, "route", route.description)


def models(project: Project, text: str) -> Iterator[Entry]:
    for model in CatalogueModel.objects.for_project(project).filter(name__icontains=text).order_by("name")[:MOST]:
        if url := address("serving:model", project.slug, str(model.id)):
            yield Entry(model.name, url, "model", model.description)
