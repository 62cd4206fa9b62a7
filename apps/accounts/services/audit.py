"""Writing down who changed what, and telling every gateway process that it changed."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest

from apps.accounts.domain.addresses import clean_ip
from apps.accounts.models import ApiKey, AuditEvent, ConfigVersion, Organisation, Project, User

CONFIG_CHANNEL = "flywheel_config"


@dataclass(frozen=True)
class Actor:
    """Who acts: a user in the pages, a key over the API, or nobody for the installation itself."""

    user: User | None = None
    key: ApiKey | None = None
    ip: str | None = None


def actor_of(request: HttpRequest) -> Actor:
    user = request.user if isinstance(request.user, User) else None
    key = request.auth if isinstance(getattr(request, "auth", None), ApiKey) else None  # type: ignore[attr-defined]
    return Actor(user=user, key=key, ip=ip_of(request))


def ip_of(request: HttpRequest) -> str | None:
    return clean_ip(request.META.get("REMOTE_ADDR"))


def record_change(
    *,
    actor: Actor,
    action: str,
    target: str,
    project: Project | None = None,
    organisation: Organisation | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """One line in the audit log; call it inside the transaction of the change. `action` reads `key.revoked`."""
    owner = organisation or (project.organisation if project else None)
    if owner is None:
        raise ValueError("A change belongs to a project or to an organisation.")
    return AuditEvent.objects.create(
        organisation=owner,
        project=project,
        actor=actor.user,
        actor_key=actor.key,
        ip=actor.ip,
        action=action,
        target=target[:200],
        detail=detail or {},
    )


def record_for_user(*, actor: Actor, user: User, action: str, detail: dict[str, Any] | None = None) -> None:
    """One line in every organisation of the user, for what concerns the person and no single project."""
    for organisation in Organisation.objects.filter(memberships__user=user).distinct():
        record_change(actor=actor, action=action, target=user.email, organisation=organisation, detail=detail)


def publish_config() -> None:
    """Tell every gateway process to compile its snapshot anew once the running transaction commits.

    The notification makes it immediate; the counter reaches processes that missed the notification.
    """
    ConfigVersion.bump()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CONFIG_CHANNEL])
