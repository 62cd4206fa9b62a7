"""What the home page shows, put together from tracing and feedback."""

from typing import Any

from django.urls import reverse

from apps.accounts.models import Project
from apps.console.domain.formats import compact, duration
from apps.console.home import charts
from apps.feedback.queries import feedback_figures, list_feedback
from apps.tracing.domain.window import DEFAULT, Window
from apps.tracing.queries import TraceFilter, home_figures, list_traces

NEWEST = 6


def home_context(project: Project, window: Window) -> dict[str, Any]:
    figures = home_figures(project, window.start, window.end)
    feedback = feedback_figures(project, window.start, window.end)
    judged = feedback.good + feedback.bad
    return {
        "project": project,
        "window": window,
        "figures": figures,
        "failed_share": percent(figures.errors, figures.requests),
        "failed_note": f"{compact(figures.errors)} of {compact(figures.requests)}",
        "p95": duration(figures.latency_p95_us),
        "first_p95": duration(figures.ttft_p95_us),
        "tokens": compact(figures.input_tokens + figures.output_tokens),
        "good_share": percent(feedback.good, judged),
        "judged": f"of {compact(judged)} judged",
        "trend": {
            "requests": [point.requests for point in figures.points],
            "p50": [point.latency_p50_us for point in figures.points],
            "cost": [point.cost_nano for point in figures.points],
        },
        "traffic": charts.traffic(figures.points),
        "latency": charts.latency(figures.points),
        "bad": list_feedback(project, kind="bad").rows[:NEWEST],
        "failures": list_traces(project, TraceFilter(window, status="error"), limit=NEWEST).rows,
        "links": home_links(project, window.preset),
    }


def home_links(project: Project, preset: str = DEFAULT) -> dict[str, str]:
    """Where the figures come from, over the same time."""
    traces = reverse("tracing:traces", args=[project.slug])
    feedback = reverse("feedback:feedback", args=[project.slug])
    return {
        "traces": f"{traces}?range={preset}",
        "failed": f"{traces}?range={preset}&status=error",
        "feedback": feedback,
        "bad": f"{feedback}?kind=bad",
        "models": reverse("serving:models", args=[project.slug]),
    }


def percent(part: int, whole: int) -> str:
    """`2.5 %`, and a dash while there is nothing to take a share of."""
    return f"{100 * part / whole:.1f} %" if whole else "–"
