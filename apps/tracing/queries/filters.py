"""Which traces a list shows."""

from dataclasses import dataclass

from apps.accounts.models import Project
from apps.tracing.domain.window import AHEAD, Window
from apps.tracing.models import Span, SpanPayload, SpanQuerySet


@dataclass(frozen=True)
class TraceFilter:
    """Empty texts filter nothing. status: ok or error; text: words of the conversation."""

    window: Window
    status: str = ""
    model: str = ""
    route: str = ""
    user: str = ""
    session: str = ""
    text: str = ""

    def entries(self, project: Project) -> SpanQuerySet:
        """The entry spans that pass, in no order."""
        spans = Span.objects.for_project(project).between(self.window.start, self.window.end).entries()
        if self.status:
            spans = spans.failed() if self.status == "error" else spans.succeeded()
        if self.model:
            spans = spans.with_model(self.model)
        columns = {"route": self.route, "end_user": self.user, "session_id": self.session}
        spans = spans.filter(**{column: value for column, value in columns.items() if value})
        if self.text:
            # A step begins after its request did: look a little beyond the end.
            payloads = SpanPayload.objects.for_project(project).between(self.window.start, self.window.end + AHEAD)
            spans = spans.of_traces_saying(self.text, payloads)
        return spans
