"""Making and revoking API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.domain.keys import PUBLIC_PREFIX, SCOPES, SECRET_PREFIX, new_key
from apps.accounts.domain.origins import clean_origin
from apps.accounts.models import ApiKey, Project
from apps.accounts.services.audit import Actor, publish_config, record_change
from llmkit import clock


@dataclass(frozen=True)
class IssuedKey:
    """A stored key and its text, which cannot be had again."""

    key: ApiKey
    text: str


@transaction.atomic
def create_secret_key(
    *,
    actor: Actor,
    project: Project,
    name: str,
    scopes: Sequence[str] = tuple(SCOPES),
    models_allowed: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> IssuedKey:
    """A key for a backend; ValidationError naming `scopes` or `expires_at` when they make no sense."""
    if not scopes or (unknown := sorted(set(scopes) - set(SCOPES))):
        raise ValidationError({"scopes": f"Choose from {', '.join(SCOPES)}." if not scopes else f"Unknown: {unknown}."})
    if expires_at is not None and expires_at <= clock.now():
        raise ValidationError({"expires_at": "This time has already passed."})
    new = new_key(SECRET_PREFIX)
    key = ApiKey.objects.create(
        project=project,
        name=name,
        kind=ApiKey.Kind.SECRET,
        digest=new.digest,
        hint=new.hint,
        scopes=sorted(scopes),
        models_allowed=list(models_allowed),
        expires_at=expires_at,
        created_by=actor.user,
    )
    record_change(actor=actor, action="key.created", target=str(key), project=project, detail={"scopes": key.scopes})
    publish_config()
    return IssuedKey(key=key, text=new.text)


@transaction.atomic
def create_public_key(*, actor: Actor, project: Project, name: str, origins: Sequence[str]) -> IssuedKey:
    """A key for the widget: it may only write feedback, and only from pages of these origins.

    ValidationError naming `origins` for what isn't one.
    """
    new = new_key(PUBLIC_PREFIX)
    key = ApiKey.objects.create(
        project=project,
        name=name,
        kind=ApiKey.Kind.PUBLIC,
        digest=new.digest,
        hint=new.hint,
        public_text=new.text,
        scopes=["feedback"],
        origins=_clean_origins(origins),
        created_by=actor.user,
    )
    record_change(actor=actor, action="key.created", target=str(key), project=project, detail={"origins": key.origins})
    publish_config()
    return IssuedKey(key=key, text=new.text)


@transaction.atomic
def revoke_key(*, actor: Actor, key: ApiKey) -> None:
    """End a key at once: every gateway process refuses it within two seconds."""
    if key.revoked_at is not None:
        return
    key.revoke(clock.now())
    record_change(actor=actor, action="key.revoked", target=str(key), project=key.project)
    publish_config()


def _clean_origins(origins: Sequence[str]) -> list[str]:
    try:
        return list(dict.fromkeys(clean_origin(origin) for origin in origins))
    except ValueError as exc:
        raise ValidationError({"origins": str(exc)}) from exc
