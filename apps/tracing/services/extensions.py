"""Where apps on higher floors add what they know of a trace; they register from their AppConfig.ready()."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Project

Annotation = Mapping[str, Any]
AnnotationLoader = Callable[[Project, uuid.UUID], Sequence[Annotation]]
PanelLoader = Callable[[Project, uuid.UUID], Mapping[str, Any]]


@dataclass(frozen=True)
class Mark:
    """A small sign beside a trace in the list. icon: of static/img/icons.svg; tone: ok, bad, warn, info or neutral."""

    icon: str
    title: str
    tone: str = "neutral"


MarksLoader = Callable[[Project, Sequence[uuid.UUID]], Mapping[uuid.UUID, Sequence[Mark]]]


@dataclass(frozen=True)
class Panel:
    """A card on the trace page: a template, and the context that it is rendered with."""

    title: str
    template: str
    context: Mapping[str, Any]


_annotations: dict[str, AnnotationLoader] = {}
_panels: dict[str, tuple[str, PanelLoader]] = {}
_marks: dict[str, MarksLoader] = {}


def register_trace_annotation(name: str, loader: AnnotationLoader) -> None:
    """The list that `loader` gives for a trace stands under `name` in `GET /api/traces/{trace_id}`."""
    _annotations[name] = loader


def register_trace_panel(template_name: str, context_loader: PanelLoader, *, title: str = "") -> None:
    """The template is rendered in a card of the trace page, with what `context_loader` gives for the trace."""
    _panels[template_name] = (title, context_loader)


def register_trace_marks(name: str, loader: MarksLoader) -> None:
    """The marks that `loader` gives for a page of traces, in one call for all of them, stand in the list."""
    _marks[name] = loader


def annotations_of(project: Project, trace_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    return {name: [dict(each) for each in loader(project, trace_id)] for name, loader in _annotations.items()}


def panels_of(project: Project, trace_id: uuid.UUID) -> list[Panel]:
    return [Panel(title, template, loader(project, trace_id)) for template, (title, loader) in _panels.items()]


def marks_of(project: Project, trace_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Mark]]:
    """Marks of every loader, by trace; nothing is loaded for an empty page."""
    found: dict[uuid.UUID, list[Mark]] = defaultdict(list)
    for loader in _marks.values() if trace_ids else ():
        for trace_id, marks in loader(project, trace_ids).items():
            found[trace_id] += marks
    return found
