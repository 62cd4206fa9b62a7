"""What pages, jobs and other apps read of datasets."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet

from apps.accounts.models import Project
from apps.datasets.domain.rows import Row
from apps.datasets.models import Dataset, DatasetQuerySet, DatasetVersion, Example, VersionRow

PAGE = 50
CHUNK = 2_000


def datasets_of(project: Project) -> DatasetQuerySet:
    found = Dataset.objects.for_project(project).order_by("name")
    return found.annotate(newest=Max("versions__number"), changed_at=Max("versions__created_at"))


def versions_of(project: Project) -> "QuerySet[DatasetVersion]":
    versions = DatasetVersion.objects.filter(dataset__project=project)
    return versions.select_related("dataset", "parent", "author").order_by("-number")


def members_of(version: DatasetVersion, split: str | None = None) -> "QuerySet[VersionRow]":
    members = VersionRow.objects.filter(version=version).select_related("example").order_by("position")
    return members.filter(split=split) if split else members


def examples_of(version: DatasetVersion, split: str | None = None) -> "QuerySet[Example]":
    """In the order of the version."""
    chosen = Q(memberships__version=version) & (Q(memberships__split=split) if split else Q())
    return Example.objects.filter(chosen).order_by("memberships__position")


def rows_of(version: DatasetVersion, split: str | None = None) -> Iterator[Row]:
    """In order, each with its split."""
    for member in members_of(version, split).iterator(CHUNK):
        yield row_of_member(member)


def row_of_member(member: VersionRow) -> Row:
    example = member.example
    return Row(
        messages=example.messages,
        tags=example.tags,
        trace_id=example.trace_id,
        source=example.source,
        split=member.split,
    )


@dataclass(frozen=True)
class RowsPage:
    """rows: up to PAGE members; older: the position after which the next page begins, None on the last."""

    rows: list[VersionRow]
    older: int | None


def page_of(version: DatasetVersion, *, after: int = -1, split: str = "", tag: str = "", text: str = "") -> RowsPage:
    """Members behind position `after`; text: words that one of the messages has."""
    members = members_of(version, split or None).filter(position__gt=after)
    if tag:
        members = members.filter(example__tags__contains=[tag])
    if text:
        members = members.filter(example__messages__icontains=text)
    found = list(members[: PAGE + 1])
    return RowsPage(found[:PAGE], found[PAGE - 1].position if len(found) > PAGE else None)


def tags_in(version: DatasetVersion) -> list[str]:
    """The tags of the version's rows, the most frequent kinds of which are few."""
    lists = Example.objects.filter(memberships__version=version).exclude(tags=[]).values_list("tags", flat=True)
    return sorted({tag for tags in lists.distinct()[:200] for tag in tags})


@dataclass(frozen=True)
class Difference:
    """Rows that a version has and its parent has not, and the other way round."""

    added: int
    removed: int


def difference_to_parent(version: DatasetVersion) -> Difference:
    own = VersionRow.objects.filter(version=version).values("example")
    if version.parent is None:
        return Difference(version.rows, 0)
    before = VersionRow.objects.filter(version=version.parent).values("example")
    return Difference(
        added=VersionRow.objects.filter(version=version).exclude(example__in=before).count(),
        removed=VersionRow.objects.filter(version=version.parent).exclude(example__in=own).count(),
    )
