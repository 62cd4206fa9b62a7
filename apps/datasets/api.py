"""/api/datasets: versions in and out as JSON Lines, with keys of the scopes `write` and `read`."""

from typing import Any, Literal

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema

from apps.accounts.models import Project
from apps.accounts.services import Actor, BearerKey, key_of
from apps.datasets.models import DatasetVersion
from apps.datasets.queries import versions_of
from apps.datasets.services import (
    export_jsonl,
    extend_dataset,
    find_or_create_dataset,
    make_version,
    parse_jsonl,
)

JSONL = "application/jsonl; charset=utf-8"

Split = Literal["", "train", "validation", "test"]

router = Router(tags=["datasets"])


class VersionOut(Schema):
    """rows: how many; content_hash: SHA-256 over the rows in order, splits included."""

    version: int
    rows: int
    content_hash: str
    splits: dict[str, int]


@router.post("/{name}/versions", response=VersionOut, auth=BearerKey(scope="write"))
def post_version(request: HttpRequest, name: str, append: bool = False, message: str = "") -> Any:
    """A version of these rows: JSON Lines as the body, or a file in a form. `append` keeps the newest one's rows.

    A dataset that is not there yet is made. The same rows again give the same version.
    """
    key = key_of(request)
    rows = parse_jsonl(_uploaded(request))
    actor, make = Actor(key=key), extend_dataset if append else make_version
    with transaction.atomic():
        dataset = find_or_create_dataset(actor=actor, project=key.project, name=name)
        version = make(actor=actor, dataset=dataset, rows=rows, message=message)
    return {
        "version": version.number,
        "rows": version.rows,
        "content_hash": version.content_hash,
        "splits": version.splits,
    }


@router.get("/{slug:name}/versions/{int:number}/rows", auth=BearerKey(scope="read"))
def get_rows(request: HttpRequest, name: str, number: int, split: Split = "") -> HttpResponse:
    """The rows of a version as JSON Lines, in order."""
    version = find_version(key_of(request).project, name, number)
    return HttpResponse(b"".join(export_jsonl(version, split or None)), content_type=JSONL)


def find_version(project: Project, name: str, number: int) -> DatasetVersion:
    """Http404 when the project has no such version."""
    version = versions_of(project).filter(dataset__name=name, number=number).first()
    if version is None:
        raise Http404(f"This project has no dataset '{name}' with a version {number}.")
    return version


def _uploaded(request: HttpRequest) -> bytes:
    """From the stream: `request.body` would be held to the limit of ordinary requests."""
    if request.content_type == "multipart/form-data":
        return b"".join(file.read() for name in request.FILES for file in request.FILES.getlist(name))
    return request.read()
