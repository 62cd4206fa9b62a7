"""What a key may ask about itself."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from apps.accounts.models import ApiKey
from apps.accounts.services import BearerKey, key_of

router = Router(tags=["keys"])


class NamedPlace(Schema):
    slug: str
    name: str


class KeyFacts(Schema):
    name: str
    hint: str
    expires_at: datetime | None


class Me(Schema):
    """`models_allowed` lists routes and models; empty: all of the project."""

    organisation: NamedPlace
    project: NamedPlace
    key: KeyFacts
    scopes: list[str]
    models_allowed: list[str]


@router.get("/me", auth=BearerKey(), response=Me, summary="Which project and rights this key stands for")
def me(request: HttpRequest) -> dict[str, object]:
    key: ApiKey = key_of(request)
    return {
        "organisation": key.project.organisation,
        "project": key.project,
        "key": key,
        "scopes": key.scopes,
        "models_allowed": key.models_allowed,
    }
