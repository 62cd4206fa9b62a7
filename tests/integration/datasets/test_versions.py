"""Versions: what goes into one, and that it never changes."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.datasets.domain.rows import Row, split_of
from apps.datasets.models import Dataset, DatasetVersion, Example, VersionRow
from apps.datasets.queries import examples_of, page_of, rows_of, tags_in
from apps.datasets.services import create_dataset, export_jsonl, extend_dataset, make_version
from apps.datasets.signals import version_made
from llmkit.ids import uuid7
from tests.factories.accounts import make_member, make_project
from tests.factories.datasets import make_dataset, make_row, make_version_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced(django_capture_on_commit_callbacks):
    """`announced(call)` runs it: what it gave, and the ids of the versions that others heard of."""

    def announced(call):
        heard = []

        def hear(version_id, **kwargs):
            heard.append(version_id)

        version_made.connect(hear)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                made = call()
        finally:
            version_made.disconnect(hear)
        return made, heard

    return announced


def said(version, split=None):
    return [(row.messages[0]["content"], row.answer) for row in rows_of(version, split)]


def stored():
    """Everything that versions consist of."""
    return [list(model.objects.order_by("id").values()) for model in (DatasetVersion, VersionRow, Example)]


# --- What a version holds


def test_rows_stay_in_order_and_keep_everything_that_they_know(dataset):
    feedback_id = str(uuid7())
    rows = [
        make_row("b?", tags=["second"], trace_id=uuid7(), source={"kind": "feedback", "feedback_id": feedback_id}),
        make_row("a?", split="test", source={"kind": "import"}),
    ]
    version = make_version_of(dataset, *rows)
    first, second = rows_of(version)
    assert (first.messages, first.tags, first.trace_id) == (rows[0].messages, ["second"], rows[0].trace_id)
    assert (first.source["feedback_id"], first.split) == (feedback_id, split_of(rows[0].prompt))
    assert second == rows[1]


def test_the_version_counts_its_splits(dataset):
    version = make_version_of(dataset, n=60)
    counted = {split: len(list(rows_of(version, split))) for split in ("train", "validation", "test")}
    assert version.splits == counted
    assert (version.rows, min(counted.values()) > 0) == (60, True)


def test_what_was_made_is_announced_and_in_the_audit_log(dataset, announced):
    engineer = make_member(dataset.project)
    version, heard = announced(
        lambda: make_version(actor=Actor(user=engineer), dataset=dataset, rows=[make_row()], message="First")
    )
    assert heard == [version.id]
    assert (version.author, version.message, version.number, version.parent) == (engineer, "First", 1, None)
    event = AuditEvent.objects.get(action="dataset.version_made")
    assert (event.actor, event.target, event.project) == (engineer, f"{dataset} v1", dataset.project)


def test_a_prompt_stands_once_with_the_answer_that_came_last(dataset):
    version = make_version_of(
        dataset, make_row("Open?", "Yes."), make_row("Where?", "Here."), make_row(" Open?\n", "No.")
    )
    assert said(version) == [(" Open?\n", "No."), ("Where?", "Here.")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no row"),
        ([make_row(), Row(messages=[{"role": "user", "content": "Hello?"}])], "Row 2: messages is a list"),
        ([make_row(answer=" ")], r"Row 1: .* may not be empty"),
        ([make_row(split="exam")], "Row 1: split is one of"),
        ([make_row(source={"kind": "annotation", "item_id": "7"})], "Row 1: source.item_id is a UUID"),
    ],
)
def test_what_is_no_row_is_refused_and_nothing_is_made(dataset, rows, words):
    with pytest.raises(ValidationError, match=words):
        make_version(actor=Actor(), dataset=dataset, rows=rows)
    assert stored() == [[], [], []]


def test_a_version_of_another_dataset_is_no_base(dataset):
    base = make_version_of(make_dataset(dataset.project))
    with pytest.raises(ValidationError, match="no version of"):
        make_version(actor=Actor(), dataset=dataset, rows=[make_row()], base=base)


# --- On top of another


def test_a_correction_replaces_the_answer_and_keeps_place_and_split(dataset):
    before = make_version_of(dataset, make_row("One?"), make_row("Two?", "Wrong."), make_row("Three?"))
    after = make_version_of(dataset, make_row("Two?", "Right."), make_row("Four?"), base=before)
    assert said(after)[1] == ("Two?", "Right.")
    assert [question for question, _ in said(after)] == ["One?", "Two?", "Three?", "Four?"]
    assert [row.split for row in rows_of(after)][:3] == [row.split for row in rows_of(before)]
    assert (after.parent, after.number, after.added, after.removed) == (before, 2, 2, 1)
    assert said(before)[1] == ("Two?", "Wrong.")


def test_a_question_keeps_the_split_that_an_import_chose_for_it(dataset):
    natural = split_of(make_row("One?").prompt)
    chosen = "test" if natural == "train" else "train"
    before = make_version_of(dataset, make_row("One?", "Wrong.", split=chosen))
    after = make_version_of(dataset, make_row("One?", "Right."), base=before)
    assert [(row.answer, row.split) for row in rows_of(after)] == [("Right.", chosen)]


def test_splits_stay_as_a_dataset_grows_and_are_equal_in_others(dataset):
    first = make_version_of(dataset, n=40)
    grown = make_version_of(dataset, *[make_row(f"More {n}?") for n in range(40)], base=first)
    elsewhere = make_version_of(make_dataset(make_project()), *[make_row(f"Question {n}?", "Else.") for n in range(40)])
    splits = [row.split for row in rows_of(first)]
    assert [row.split for row in rows_of(grown)][:40] == splits
    assert [row.split for row in rows_of(elsewhere)] == splits
    assert len(set(splits)) > 1


def test_an_example_keeps_its_place_in_each_version_that_has_it(dataset):
    first = make_version_of(dataset, make_row("b?"), make_row("a?"))
    second = make_version_of(dataset, make_row("a?"), make_row("c?"), make_row("b?"))
    for version, order in ((first, ["b?", "a?"]), (second, ["a?", "c?", "b?"])):
        assert [example.messages[0]["content"] for example in examples_of(version)] == order
    assert Example.objects.count() == 3


# --- The same again


def test_equal_content_has_an_equal_hash_wherever_it_stands(dataset):
    here, elsewhere = make_version_of(dataset, n=5), make_version_of(make_dataset(make_project()), n=5)
    assert here.content_hash == elsewhere.content_hash
    assert make_version_of(dataset, n=6).content_hash != here.content_hash


def test_the_hash_is_the_same_in_every_release(dataset):
    version = make_version_of(dataset, make_row("Where is my order?", "On its way.", tags=["orders"]))
    assert version.content_hash == "1ea31ae1c4c990a5f46e815488dc64b8c951dae00ef1e095504cfb1a896eebd6"


def test_the_same_content_again_is_the_same_version(dataset, announced):
    first = make_version_of(dataset, n=3)
    again, heard = announced(lambda: make_version_of(dataset, n=3))
    known, _ = announced(lambda: make_version_of(dataset, make_row("Question 1?", "Answer 1."), base=first))
    assert (again, known, heard) == (first, first, [])
    assert dataset.versions.count() == 1
    assert AuditEvent.objects.filter(action="dataset.version_made").count() == 1


def test_going_back_to_what_an_older_version_held_is_a_new_version(dataset):
    first, _ = make_version_of(dataset, n=3), make_version_of(dataset, n=4)
    third = make_version_of(dataset, n=3)
    assert (third.number, third.content_hash) == (3, first.content_hash)


# --- Never changed


def test_nothing_that_is_done_later_changes_a_version(dataset):
    first = make_version_of(dataset, *[make_row(f"Question {n}?", tags=["old"]) for n in range(3)])
    before = [list(rows_of(first)), stored()]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        second = extend_dataset(actor=Actor(), dataset=dataset, rows=[make_row("Question 1?", "Other.", tags=["new"])])
        make_version_of(dataset, make_row("Question 2?", "Third."))
        make_version_of(dataset, *rows_of(first), base=second)
        list(export_jsonl(first))
        page_of(first, split="train", text="question")
        tags_in(first)
    assert list(rows_of(first)) == before[0]
    for then, now in zip(before[1], stored(), strict=True):
        assert [row for row in now if row["id"] in {old["id"] for old in then}] == then
    changing = [query["sql"] for query in queries if query["sql"].startswith(("UPDATE", "DELETE"))]
    assert [sql for sql in changing if '"datasets_' in sql] == []


def test_a_version_on_which_others_stand_and_an_example_in_use_cannot_be_deleted(dataset):
    first = make_version_of(dataset)
    make_version_of(dataset, make_row("More?"), base=first)
    for row in (first, Example.objects.first()):
        with pytest.raises(ProtectedError):
            row.delete()


# --- Names


@pytest.mark.parametrize(
    ("name", "words"),
    [("two words", "Letters"), ("nul\0", "Letters"), ("", "Letters"), ("x" * 101, "100"), ("taken", "already")],
)
def test_a_name_that_is_none_says_why(project, name, words):
    make_dataset(project, name="taken")
    with pytest.raises(ValidationError) as refused:
        create_dataset(actor=Actor(), project=project, name=name)
    assert words in refused.value.message_dict["name"][0]
    assert Dataset.objects.count() == 1


def test_a_name_is_free_in_another_project(dataset):
    assert make_dataset(make_project(), name=dataset.name).name == dataset.name
