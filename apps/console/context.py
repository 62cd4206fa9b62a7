"""What every page's frame needs: the project, the rail, the switcher, the addresses of the account."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project, User
from apps.accounts.services import projects_of, role_in
from apps.accounts.services.sessions import LAST_PROJECT
from apps.console import queries


def rail(request: HttpRequest) -> dict[str, Any]:
    """Lazy throughout: answers to htmx render no frame and pay for none of this."""
    shell: Any = SimpleLazyObject(partial(shell_of, request))
    return {
        "project": getattr(request, "project", None),
        "membership_role": getattr(request, "role", None),
        "rail": SimpleLazyObject(lambda: shell["rail"]),
        "shell": shell,
    }


def shell_of(request: HttpRequest) -> dict[str, Any]:
    project, role = place_of(request)
    sections = []
    if project is not None and role is not None:
        sections = queries.rail_sections(project=project, role=role, path=request.path)
    return {
        "project": project,
        "rail": sections,
        "dock": queries.dock_items(sections),
        "home": queries.address("console:home", project.slug) if project else "/",
        "palette": queries.address("console:palette", project.slug) if project else "",
        "projects": partial(choices, request, project),
        "account": account_links(),
    }


def place_of(request: HttpRequest) -> tuple[Project | None, Role | None]:
    """The project that the page belongs to; on pages of no project, the one that the user was in last."""
    if hasattr(request, "project"):
        return request.project, getattr(request, "role", None)
    user, session = getattr(request, "user", None), getattr(request, "session", {})
    if not isinstance(user, User) or not (slug := session.get(LAST_PROJECT)):
        return None, None
    last = projects_of(user).filter(slug=slug).first()
    return last, role_in(last, user) if last else None


def choices(request: HttpRequest, project: Project | None) -> list[queries.ProjectChoice]:
    user = getattr(request, "user", None)
    return queries.project_choices(user=user, current=project) if isinstance(user, User) else []


def account_links() -> dict[str, str]:
    names = {"profile": "accounts:profile", "sessions": "accounts:sessions", "sign_out": "accounts:sign_out"}
    return {key: queries.address(name) for key, name in names.items()}
