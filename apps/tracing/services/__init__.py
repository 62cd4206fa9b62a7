"""What other apps ask of tracing: a place on the trace, in its JSON, on its page and in the list."""

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
    "annotations_of",
    "marks_of",
    "panels_of",
    "register_trace_annotation",
    "register_trace_marks",
    "register_trace_panel",
]
