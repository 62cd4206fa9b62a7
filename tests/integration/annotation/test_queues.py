import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.annotation.models import AnnotationQueue
from apps.annotation.services import create_queue
from tests.factories.accounts import make_project
from tests.factories.annotation import SCHEMA, make_queue

pytestmark = pytest.mark.django_db


def make(project, **fields):
    values = {"name": "intents", "dataset": None, "answer_schema": SCHEMA, **fields}
    return create_queue(actor=Actor(), project=project, **values)


def test_the_fields_keep_the_order_of_the_schema_in_the_database():
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in ("zz_longest", "b", "aa")}}
    queue = AnnotationQueue.objects.get(id=make(make_project(), answer_schema=schema).id)
    assert [field.name for field in queue.fields] == ["zz_longest", "b", "aa"]


def test_without_a_dataset_one_of_the_same_name_is_made():
    queue = make(make_project())
    assert (queue.dataset.name, queue.dataset.project, queue.dataset.answer_schema) == (
        "intents",
        queue.project,
        SCHEMA,
    )


def test_a_new_queue_is_in_the_audit_log():
    queue = make(make_project())
    assert AuditEvent.objects.filter(
        project=queue.project, action="annotation.queue_created", target="intents"
    ).exists()


@pytest.mark.parametrize(
    ("field", "fields", "words"),
    [
        ("name", {"name": "wrong intents!"}, "letters, digits"),
        ("annotators_per_item", {"annotators_per_item": 0}, "Between 1 and 9"),
        (
            "answer_schema",
            {"answer_schema": {"type": "object", "properties": {"a": {"type": "array"}}}},
            "properties.a",
        ),
        ("answer_schema", {"answer_schema": []}, "object"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(field, fields, words):
    with pytest.raises(ValidationError) as refused:
        make(make_project(), **fields)
    assert words in refused.value.message_dict[field][0]
    assert not AnnotationQueue.objects.exists()


def test_a_name_is_taken_once_in_a_project_and_free_in_others():
    queue = make_queue(name="intents")
    with pytest.raises(ValidationError, match="already has a queue"):
        make(queue.project)
    assert make(make_project()).name == "intents"


def test_a_dataset_of_another_project_is_refused():
    with pytest.raises(ValidationError, match="another project"):
        make(make_project(), dataset=make_queue().dataset)
