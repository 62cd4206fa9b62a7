"""The door: which project a request may enter, and as what."""

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from apps.accounts.domain.keys import digest_of
from apps.accounts.domain.roles import Role
from apps.accounts.models import ApiKey, Membership, Project, User
from llmkit import clock


class KeyRefused(Exception):
    """A key that may not do this. `status` is 401 when the key itself is no good, 403 when it lacks a right."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def open_project(request: HttpRequest, slug: str, *, at_least: Role = Role.VIEWER) -> Project:
    """The project `slug` for the signed-in user.

    Http404 for those who are no members, so that names of other people's projects don't show; PermissionDenied
    for members whose role is too low. Leaves `request.project` and `request.role` for templates, and
    `request.required_role` for the test that walks all doors.
    """
    request.required_role = at_least  # type: ignore[attr-defined]
    user = request.user
    project = Project.objects.filter(slug=slug).select_related("organisation").first()
    role = role_in(project, user) if project and isinstance(user, User) else None
    if project is None or role is None:
        raise Http404("There is no such project, or you are not a member of it.")
    request.project, request.role = project, role  # type: ignore[attr-defined]
    if role < at_least:
        raise PermissionDenied(f"This needs the role {at_least.label}; yours in {project} is {role.label}.")
    return project


def role_of(request: HttpRequest) -> Role:
    """The role as which `open_project` let this request in; AttributeError before that."""
    role: Role = request.role  # type: ignore[attr-defined]
    return role


def may_edit(request: HttpRequest) -> bool:
    """Whether a page should offer what only engineers may do; the views behind it check for themselves."""
    return role_of(request) >= Role.ENGINEER


def role_in(project: Project, user: User) -> Role | None:
    """The highest role that the user's memberships give in `project`; None for strangers."""
    roles = Membership.objects.reaching(project).filter(user=user).values_list("role", flat=True)
    return Role(max(roles)) if roles else None


def projects_of(user: User) -> QuerySet[Project]:
    """Every project that the user may enter, by organisation and name."""
    whole = Q(organisation__memberships__user=user, organisation__memberships__project=None)
    return (
        Project.objects.filter(whole | Q(memberships__user=user))
        .select_related("organisation")
        .distinct()
        .order_by("organisation__name", "name")
    )


def authenticate_key(text: str, *, scope: str | None) -> ApiKey:
    """The usable key with this text and scope, with its project; KeyRefused otherwise.

    Without a scope any secret key will do. Unknown, revoked and expired keys cost the same one query by digest.
    """
    keys = ApiKey.objects.select_related("project__organisation")
    key = keys.filter(digest=digest_of(text)).first()
    if key is None:
        raise KeyRefused(401, "invalid_api_key", "This API key does not exist.")
    if key.revoked_at is not None:
        raise KeyRefused(401, "revoked_api_key", "This API key has been revoked. Make a new one under Settings › Keys.")
    if not key.is_usable(clock.now()):
        raise KeyRefused(401, "expired_api_key", "This API key has expired. Make a new one under Settings › Keys.")
    if scope is None and key.kind != ApiKey.Kind.SECRET:
        raise KeyRefused(403, "secret_key_needed", "This needs a secret key; a public key may only write feedback.")
    if scope is not None and scope not in key.scopes:
        raise KeyRefused(403, "scope_missing", f"This API key lacks the scope '{scope}'.")
    return key
