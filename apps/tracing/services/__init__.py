"""What other apps ask of tracing: a place on the trace, in its JSON, on its page and in the list; and a shipper."""

from apps.tracing.engine import bulk
from apps.tracing.engine.sinks import Sink, register_sink
from apps.tracing.services.extensions import (
    Mark,
    Panel,
    annotations_of,
    marks_of,
    panels_of,
    register_trace_annotation,
    register_trace_marks,
    register_trace_panel,
)

__all__ = [
    "Mark",
    "Panel",
    "Sink",
    "annotations_of",
    "bulk",
    "marks_of",
    "panels_of",
    "register_sink",
    "register_trace_annotation",
    "register_trace_marks",
    "register_trace_panel",
]
