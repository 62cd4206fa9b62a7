"""Several people at the same dataset at the same moment."""

import pytest

from apps.accounts.services import Actor
from apps.datasets.models import Dataset
from apps.datasets.queries import rows_of
from apps.datasets.services import extend_dataset, find_or_create_dataset, make_version
from tests.factories.datasets import make_row
from tests.helpers.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 4


def questions(version):
    return {row.messages[0]["content"] for row in rows_of(version)}


def test_two_versions_at_once_get_the_numbers_one_and_two(dataset):
    made = at_once(
        *(
            lambda who=who: make_version(
                actor=Actor(), dataset=dataset, rows=[make_row(f"{who} {n}?") for n in range(200)]
            )
            for who in ("ann", "bob")
        )
    )
    assert {version.number for version in made} == {1, 2}
    for who, version in zip(("ann", "bob"), made, strict=True):
        assert questions(version) == {f"{who} {n}?" for n in range(200)}


def test_who_adds_rows_at_once_loses_none(dataset):
    made = at_once(
        *(
            lambda who=who: extend_dataset(actor=Actor(), dataset=dataset, rows=[make_row(f"person {who}?")])
            for who in range(PEOPLE)
        )
    )
    assert {version.number for version in made} == set(range(1, PEOPLE + 1))
    newest = max(made, key=lambda version: version.number)
    assert questions(newest) == {f"person {who}?" for who in range(PEOPLE)}


def test_the_same_rows_at_once_are_one_version(dataset):
    rows = [make_row(f"Question {n}?") for n in range(50)]
    made = at_once(*[lambda: make_version(actor=Actor(), dataset=dataset, rows=rows)] * PEOPLE)
    assert len({version.id for version in made}) == dataset.versions.count() == 1


def test_a_dataset_that_several_make_at_once_is_made_once(project):
    made = at_once(*[lambda: find_or_create_dataset(actor=Actor(), project=project, name="shared")] * PEOPLE)
    assert {found.id for found in made} == {Dataset.objects.get().id}
