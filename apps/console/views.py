"""Pages that belong to no single app: search, the design system, and what to show when something goes wrong."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.domain.roles import Role
from apps.accounts.models import User
from apps.accounts.services import open_project, role_of
from apps.console import queries
from apps.console.domain import gallery
from apps.console.forms import PaletteForm, SampleFilterForm, SampleForm


@require_safe
def palette(request: HttpRequest, project_slug: str) -> HttpResponse:
    """What the palette shows for `q`: its list alone for htmx, a search page for everyone else."""
    project = open_project(request, project_slug)
    form = PaletteForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    groups = queries.find(project=project, role=role_of(request), text=text)
    template = "console/palette.html#results" if request.headers.get("HX-Request") else "console/palette.html"
    return render(request, template, {"groups": groups, "query": text})


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Every component with invented data; for owners, and for everyone while debugging."""
    if not (settings.DEBUG or owns_something(request.user)):
        raise Http404("The design system is shown to owners.")
    context = {
        **gallery.context(timezone.now()),
        "form": SampleForm({"name": "harbor desk " * 5, "kind": "openai"}),
        "filters": SampleFilterForm(request.GET),
    }
    return render(request, "components/_gallery.html", context)


def owns_something(user: object) -> bool:
    return isinstance(user, User) and user.memberships.filter(role=Role.OWNER).exists()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: what failed may be what every page's frame needs, such as the database."""
    return HttpResponseServerError(render_to_string("500.html"))
