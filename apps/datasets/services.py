"""Making datasets and their versions, which never change afterwards."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from apps.accounts.models import Project
from apps.accounts.services import Actor, record_change
from apps.datasets.domain.checks import Wrong, check_row
from apps.datasets.domain.jsonl import ImportProblem, parse_jsonl, to_jsonl
from apps.datasets.domain.rows import SPLITS, Row, content_hash, prompt_key, split_of
from apps.datasets.models import Dataset, DatasetVersion, Example, VersionRow
from apps.datasets.queries import rows_of
from apps.datasets.signals import version_made

__all__ = [
    "ImportProblem",
    "create_dataset",
    "export_jsonl",
    "extend_dataset",
    "find_or_create_dataset",
    "make_version",
    "parse_jsonl",
]

CHUNK = 1_000
MOST_NAME = 100


@transaction.atomic
def create_dataset(
    *,
    actor: Actor,
    project: Project,
    name: str,
    description: str = "",
    answer_schema: dict[str, Any] | None = None,
) -> Dataset:
    """A dataset without versions; ValidationError naming `name` when it is no name or taken."""
    _check_name(name)
    if Dataset.objects.for_project(project).filter(name=name).exists():
        raise ValidationError({"name": f"This project already has a dataset called '{name}'."})
    dataset = Dataset.objects.create(project=project, name=name, description=description, answer_schema=answer_schema)
    record_change(actor=actor, action="dataset.created", target=name, project=project)
    return dataset


@transaction.atomic
def find_or_create_dataset(*, actor: Actor, project: Project, name: str) -> Dataset:
    """The dataset of this name, made unless it is there; ValidationError for what is no name."""
    _check_name(name)
    # Whoever makes one of the same name at this moment is waited for.
    Project.objects.select_for_update(no_key=True).get(id=project.id)
    known = Dataset.objects.for_project(project).filter(name=name).first()
    return known or create_dataset(actor=actor, project=project, name=name)


@transaction.atomic
def extend_dataset(*, actor: Actor, dataset: Dataset, rows: Iterable[Row], message: str = "") -> DatasetVersion:
    """`make_version` on top of the newest one, whichever that is once others are done with theirs."""
    locked = Dataset.objects.select_for_update().get(id=dataset.id)
    newest = locked.versions.order_by("-number").first()
    return make_version(actor=actor, dataset=dataset, rows=rows, message=message, base=newest)


@transaction.atomic
def make_version(
    *,
    actor: Actor,
    dataset: Dataset,
    rows: Iterable[Row],
    message: str = "",
    base: DatasetVersion | None = None,
) -> DatasetVersion:
    """The rows of `base`, with these added.

    A row whose prompt stands in `base` already keeps that one's place and split, and replaces its answer if it has
    another; a prompt stands once in a version. When that is what the newest version holds, the newest version is
    returned. ValidationError when there is no row, one that could not be imported again, or `base` is another
    dataset's.
    """
    if base is not None and base.dataset_id != dataset.id:
        raise ValidationError({"base": f"{base} is no version of {dataset}."})
    Dataset.objects.select_for_update().get(id=dataset.id)
    before = list(rows_of(base)) if base else []
    merged = list(_merged(before, _checked(rows)))
    if not merged:
        raise ValidationError("There is no row to make a version of.")
    newest = dataset.versions.order_by("-number").first()
    digests = [row.digest() for row in merged]
    found = content_hash([(row.split, digest) for row, digest in zip(merged, digests, strict=True)])
    if newest and newest.content_hash == found:
        return newest
    counted, known = Counter(row.split for row in merged), {row.digest() for row in before}
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=newest.number + 1 if newest else 1,
        parent=base,
        content_hash=found,
        rows=len(merged),
        added=len(set(digests) - known),
        removed=len(known - set(digests)),
        splits={split: counted[split] for split in SPLITS},
        message=message.replace("\0", "")[:300],
        author=actor.user,
    )
    _store(version, merged, digests)
    record_change(actor=actor, action="dataset.version_made", target=str(version), project=dataset.project)
    transaction.on_commit(lambda: version_made.send(sender=DatasetVersion, version_id=version.id))
    return version


def export_jsonl(version: DatasetVersion, split: str | None = None) -> Iterator[bytes]:
    """Lines that `parse_jsonl` reads back to the same rows."""
    return to_jsonl(rows_of(version, split))


def _check_name(name: str) -> None:
    try:
        validate_slug(name)
    except ValidationError:
        raise ValidationError({"name": "Letters, digits, hyphens and underscores only."}) from None
    if len(name) > MOST_NAME:
        raise ValidationError({"name": f"At most {MOST_NAME} characters."})


def _checked(rows: Iterable[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        try:
            check_row(row)
        except Wrong as wrong:
            raise ValidationError(f"Row {number}: {wrong}") from None
        yield row


def _merged(base: Iterable[Row], rows: Iterable[Row]) -> Iterable[Row]:
    known = {prompt_key(row.prompt): row for row in base}
    for row in rows:
        key = prompt_key(row.prompt)
        before = known.get(key)
        if before is None:
            known[key] = replace(row, split=row.split or split_of(row.prompt))
        elif before.messages != row.messages or row.split not in {"", before.split}:
            known[key] = replace(row, split=row.split or before.split)
    return known.values()


def _store(version: DatasetVersion, rows: list[Row], digests: list[str]) -> None:
    for start in range(0, len(rows), CHUNK):
        chunk = list(zip(rows[start : start + CHUNK], digests[start : start + CHUNK], strict=True))
        Example.objects.bulk_create(
            [_example(version.dataset, row, digest) for row, digest in chunk], ignore_conflicts=True
        )
        wanted = [digest for _, digest in chunk]
        ids = dict(version.dataset.examples.filter(digest__in=wanted).values_list("digest", "id"))
        VersionRow.objects.bulk_create(
            VersionRow(version=version, position=start + place, example_id=ids[digest], split=row.split)
            for place, (row, digest) in enumerate(chunk)
        )


def _example(dataset: Dataset, row: Row, digest: str) -> Example:
    return Example(
        dataset=dataset,
        digest=digest,
        messages=row.messages,
        tags=row.tags,
        trace_id=row.trace_id,
        source=row.source,
    )
