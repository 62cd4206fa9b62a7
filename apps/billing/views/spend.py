"""What was spent, and what nobody knows yet."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.accounts.services import open_project
from apps.billing import charts, queries
from apps.billing.domain.export import FORMS, CannotExport
from apps.billing.domain.period import PRESETS
from apps.billing.domain.spending import DIMENSIONS
from apps.billing.forms import SpendForm

SHOWN_UNSETTLED = 200


@require_safe
def spend(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    form = SpendForm(request.GET)
    period, dimension = form.period(), form.dimension()
    rows = queries.spent_by(project, period, dimension)
    course = queries.course(project, period, dimension, rows)
    context = {
        "form": form,
        "period": period,
        "ranges": list(PRESETS),
        "dimension": dimension,
        "heading": DIMENSIONS[dimension],
        "dimensions": DIMENSIONS,
        "totals": queries.totals(project, period),
        "rows": rows,
        "chart": charts.over_time(course, period),
        "unsettled": queries.unsettled_sum(project),
        "most_rows": queries.MOST_ROWS,
    }
    return render(request, "billing/spend.html", context)


@require_safe
def export(request: HttpRequest, project_slug: str) -> HttpResponse:
    """The sums per hour behind the page, as a file."""
    project = open_project(request, project_slug)
    form, name = SpendForm(request.GET), request.GET.get("format", "csv")
    period, dimension = form.period(), form.dimension()
    make, media_type = FORMS.get(name, FORMS["csv"])
    try:
        body = make(queries.spent_per_hour(project, period, dimension), dimension)
    except CannotExport as error:
        messages.error(request, str(error))
        kept = request.GET.copy()
        kept.pop("format", None)
        return redirect(f"{reverse('billing:spend', args=[project.slug])}?{kept.urlencode()}")
    response = HttpResponse(body, content_type=media_type)
    ending = name if name in FORMS else "csv"
    file = f"spend-{project.slug}-{dimension}-{period.start:%Y%m%d}-{period.end:%Y%m%d}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


@require_safe
def unsettled(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug)
    context = {
        "sum": queries.unsettled_sum(project),
        "rows": queries.unsettled_of(project)[:SHOWN_UNSETTLED],
        "most": SHOWN_UNSETTLED,
    }
    return render(request, "billing/unsettled.html", context)
