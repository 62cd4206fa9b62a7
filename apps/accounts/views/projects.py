"""A project's own settings, and further projects."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.domain.roles import Role
from apps.accounts.forms import ProjectForm
from apps.accounts.queries import sees_whole_organisation
from apps.accounts.services import actor_of, create_project, open_project, rename_project
from apps.accounts.services.authority import MemberRefused
from apps.accounts.views.common import show_form, user_of
from apps.accounts.views.entry import home_of


def project(request: HttpRequest, project_slug: str) -> HttpResponse:
    here = open_project(request, project_slug, at_least=Role.ADMIN)
    form = ProjectForm(request.POST or None, initial={"name": here.name})
    if request.method == "POST" and form.is_valid():
        rename_project(actor=actor_of(request), project=here, name=form.cleaned_data["name"])
        messages.success(request, f"The project is now called {here.name}.")
        return redirect("accounts:project", here.slug)
    may_add = sees_whole_organisation(here, user_of(request))
    return show_form(request, "accounts/project.html", form, project=here, may_add=may_add)


def new_project(request: HttpRequest, project_slug: str) -> HttpResponse:
    """Another project beside this one, in the same organisation."""
    here = open_project(request, project_slug, at_least=Role.ADMIN)
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_project(
                actor=actor_of(request), organisation=here.organisation, name=form.cleaned_data["name"]
            )
        except MemberRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{made.name} is ready.")
            return redirect(home_of(made))
    return show_form(request, "accounts/new_project.html", form, project=here)
