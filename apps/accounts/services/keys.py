"""Making and revoking API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from llmkit import clock

from apps.accounts.domain.keys import PUBLIC_PREFIX, SCOPES, SECRET_PREFIX, new_key
from apps.accounts.models import ApiKey, Project
from apps.accounts.services.audit import Actor, publish_config, record_change


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
    """A key for the widget: it may only write feedback, and only from pages of these origins."""
    new = new_key(PUBLIC_PREFIX)
    key = ApiKey.objects.create(
        project=project,
        name=name,
        kind=ApiKey.Kind.PUBLIC,
        digest=new.digest,
        hint=new.hint,
        public_text=new.text,
        scopes=["feedback"],
        origins=[clean_origin(origin) for origin in origins],
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


def clean_origin(text: str) -> str:
    """`scheme://host[:port]` as browsers send it; ValidationError naming `origins` for anything else."""
    parts = urlsplit(text.strip().lower())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValidationError({"origins": f"'{text}' is not an origin such as https://shop.example."})
    return f"{parts.scheme}://{parts.netloc}"
