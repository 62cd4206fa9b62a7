"""What pages, jobs and other apps read of datasets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Func, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from apps.accounts.models import Project
from apps.datasets.domain.rows import Row
from apps.datasets.models import Dataset, DatasetQuerySet, DatasetVersion, Example, VersionRow

PAGE = 50
CHUNK = 2_000
MOST_TAGS = 200
# What the messages of a member say, without roles and names.
CONTENTS = "jsonb_path_query_array(%(expressions)s, '$[*].content')"
SAID = Cast(Func("example__messages", template=CONTENTS), TextField())


def datasets_of(project: Project) -> DatasetQuerySet:
    """Each with the number, size and time of its `newest` version, which are None before there is one."""
    newest = DatasetVersion.objects.filter(dataset=OuterRef("id")).order_by("-number")
    figures = {"newest": "number", "rows": "rows", "changed_at": "created_at"}
    found = Dataset.objects.for_project(project).order_by("name")
    return found.annotate(**{name: Subquery(newest.values(field)[:1]) for name, field in figures.items()})


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
        # As jsonb writes texts: quotes, backslashes and line ends are escaped.
        members = members.annotate(said=SAID).filter(said__icontains=json.dumps(text, ensure_ascii=False)[1:-1])
    found = list(members[: PAGE + 1])
    return RowsPage(found[:PAGE], found[PAGE - 1].position if len(found) > PAGE else None)


def tags_in(version: DatasetVersion) -> list[str]:
    """The tags of the version's rows in the order of the alphabet, MOST_TAGS at most."""
    examples = Example.objects.filter(memberships__version=version)
    each = Func("tags", function="jsonb_array_elements_text", output_field=TextField(), set_returning=True)
    return list(examples.annotate(each=each).values_list("each", flat=True).distinct().order_by("each")[:MOST_TAGS])
