"""The audit page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.domain.roles import Role
from apps.accounts.forms import AuditFilterForm
from apps.accounts.queries import (
    audit_actions,
    audit_actors,
    audit_events_of,
    audit_page,
    sees_whole_organisation,
)
from apps.accounts.services import open_project
from apps.accounts.views.common import user_of


def audit(request: HttpRequest, project_slug: str) -> HttpResponse:
    project = open_project(request, project_slug, at_least=Role.ADMIN)
    everywhere = sees_whole_organisation(project, user_of(request))
    events = audit_events_of(project, whole_organisation=everywhere)
    form = AuditFilterForm(request.GET, actions=audit_actions(events), actors=audit_actors(events))
    page = audit_page(events, wanted=form.wanted(), cursor=request.GET.get("cursor", ""))
    context = {"project": project, "page": page, "form": form, "everywhere": everywhere, "filtered": bool(request.GET)}
    part = "#events" if "HX-Request" in request.headers else ""
    return render(request, f"accounts/audit.html{part}", context)
