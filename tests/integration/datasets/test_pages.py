"""The datasets pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.datasets.models import Dataset
from apps.datasets.services import parse_jsonl
from llmkit.ids import uuid7
from tests.factories.accounts import browser, make_member, make_project
from tests.factories.datasets import make_dataset, make_row, make_version_of
from tests.integration.datasets.conftest import text_of, url

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LINE = '{"prompt": "Open?", "completion": "Yes."}'


def shown(answer):
    """The questions on the page."""
    return [member.example.messages[0]["content"] for member in answer.context["page"].rows]


def walk(client, address, **query):
    """The questions of all pages behind each other."""
    found, cursor = [], None
    while True:
        answer = client.get(address, query | ({"cursor": cursor} if cursor else {}))
        found += shown(answer)
        cursor = answer.context["page"].older
        if cursor is None:
            return found


# --- What there is


def test_an_empty_list_shows_a_command_that_makes_the_first_dataset(client, project):
    page = text_of(client.get(url("datasets", project)))
    assert "No dataset yet" in page
    assert "/api/datasets/support-answers/versions" in page


def test_the_list_names_datasets_with_their_newest_version(client, project, dataset):
    make_version_of(dataset, n=1)
    make_version_of(dataset, n=12)
    page = text_of(client.get(url("datasets", project)))
    assert dataset.name in page
    assert '<td data-label="Newest version" class="num">v2</td>' in page
    assert '<td data-label="Rows" class="num">12</td>' in page


def test_a_dataset_is_made_on_a_page(client, project, engineer):
    typed = {"name": "refunds", "description": "Who wants money back", "answer_schema": '{"type": "object"}'}
    answer = client.post(url("new", project), typed, follow=True)
    made = Dataset.objects.get()
    assert answer.redirect_chain == [(url("dataset", project, "refunds"), 302)]
    assert (made.description, made.answer_schema) == ("Who wants money back", {"type": "object"})
    assert "No version yet" in text_of(answer)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "two words", "letters, numbers, underscores or hyphens"),
        ("name", "taken", "already has a dataset"),
        ("answer_schema", "{", "This has to be a JSON Schema"),
        ("answer_schema", "[1]", "This has to be a JSON Schema"),
    ],
)
def test_a_dataset_that_cannot_be_made_says_why_and_keeps_what_was_typed(client, project, field, value, words):
    make_dataset(project, name="taken")
    answer = client.post(url("new", project), {"name": "refunds", "description": "Kept", field: value})
    assert (answer.status_code, Dataset.objects.count()) == (422, 1)
    assert words in text_of(answer)
    assert 'value="Kept"' in text_of(answer)


def test_a_dataset_shows_how_each_version_differs_from_its_parent(client, project, dataset):
    first = make_version_of(dataset, make_row("1?"), make_row("2?", "Wrong."), message="From the help desk")
    make_version_of(dataset, make_row("2?", "Right."), make_row("3?"), base=first)
    page = text_of(client.get(url("dataset", project, dataset.name)))
    for text in ("From the help desk", "+2</span>", "−1</span>", "to v1", first.content_hash[:12]):
        assert text in page


def test_many_versions_cost_no_more_queries_than_one(client, project, dataset):
    base = make_version_of(dataset)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(url("dataset", project, dataset.name))
        return len(captured)

    queries()  # the first page of a browser also writes its session
    one = queries()
    for number in range(6):
        base = make_version_of(dataset, make_row(f"More {number}?"), base=base)
    assert queries() == one


# --- A version


def test_rows_show_question_answer_split_tags_and_where_they_come_from(client, project, dataset):
    trace_id = uuid7()
    version = make_version_of(
        dataset,
        make_row("From a trace?", "Yes.", tags=["intent=refund"], trace_id=trace_id, split="test"),
        make_row("2?"),
    )
    page = text_of(client.get(url("version", project, dataset.name, version.number)))
    for text in ("From a trace?", "Yes.", "intent=refund", reverse("tracing:trace", args=[project.slug, trace_id.hex])):
        assert text in page
    assert '<td data-label="Split">test</td>' in page


def test_ten_thousand_rows_are_shown_page_by_page_with_few_queries(client, project, dataset):
    version = make_version_of(dataset, n=10_000)
    address = url("version", project, dataset.name, version.number)
    client.get(address)  # the first page of a browser also writes its session
    counts = []
    for cursor in ("", "49", "9949"):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, {"cursor": cursor})
        counts.append(len(queries))
        assert len(shown(answer)) == 50
        assert len(answer.content) < 120_000
    assert len(set(counts)) == 1
    assert counts[0] <= 12
    assert shown(answer)[-1] == "Question 9999?"
    assert "10,000 rows" in text_of(answer)
    assert answer.context["page"].older is None


def test_every_row_is_on_one_page(client, project, dataset):
    version = make_version_of(dataset, n=120)
    found = walk(client, url("version", project, dataset.name, version.number))
    assert found == [f"Question {number}?" for number in range(120)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "MONEY"}, ["money back?"]),
        ({"split": "test"}, ["open?"]),
        ({"tag": "hours"}, ["open?", "closed?"]),
        ({"tag": "hours", "split": "train"}, ["closed?"]),
        ({"q": "nothing like it"}, []),
        ({"split": "exam", "cursor": "x"}, ["money back?", "open?", "closed?"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["whole page", "htmx"])
def test_rows_are_filtered_by_the_url(client, project, dataset, query, found, headers):
    version = make_version_of(
        dataset,
        make_row("money back?", split="validation"),
        make_row("open?", tags=["hours"], split="test"),
        make_row("closed?", tags=["hours", "night"], split="train"),
    )
    page = text_of(client.get(url("version", project, dataset.name, version.number), query, headers=headers))
    assert [text for text in ("money back?", "open?", "closed?") if text in page] == found
    assert ("<html" in page) == (headers == {})
    assert ("No row fits" in page) == (found == [])


def test_filters_stay_from_page_to_page(client, project, dataset):
    rows = [make_row(f"{n}?", tags=["odd" if n % 2 else "even"]) for n in range(130)]
    version = make_version_of(dataset, *rows)
    found = walk(client, url("version", project, dataset.name, version.number), tag="odd")
    assert found == [f"{n}?" for n in range(1, 130, 2)]


def test_one_example_is_a_version_whose_empty_splits_are_told(client, project, dataset):
    row = make_row("Where is my order?", split="train")
    version = make_version_of(dataset, row)
    page = text_of(client.get(url("version", project, dataset.name, version.number)))
    assert version.splits == {"train": 1, "validation": 0, "test": 0}
    assert "1 row:" in page
    assert "No row is for validation or test" in page


def test_a_version_with_rows_in_every_split_is_not_warned_about(client, project, dataset):
    version = make_version_of(
        dataset, *[make_row(f"{split}?", split=split) for split in ("train", "validation", "test")]
    )
    assert "No row is for" not in text_of(client.get(url("version", project, dataset.name, version.number)))


def test_a_version_is_downloaded_as_it_can_be_imported(client, project, dataset):
    version = make_version_of(dataset, make_row("Grüße?", tags=["a"]), make_row("2?"))
    answer = client.get(url("download", project, dataset.name, version.number))
    assert answer.headers["content-disposition"] == f'attachment; filename="{dataset.name}-v1.jsonl"'
    elsewhere = make_version_of(make_dataset(project), *parse_jsonl(answer.content))
    assert elsewhere.content_hash == version.content_hash


def test_nothing_in_a_row_is_html(client, project, engineer):
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    dataset = make_dataset(project, description=hostile, answer_schema={"title": hostile})
    version = make_version_of(dataset, make_row(hostile, hostile, tags=[hostile]), message=hostile)
    for address in (
        url("datasets", project),
        url("dataset", project, dataset.name),
        url("version", project, dataset.name, version.number),
        url("version", project, dataset.name, version.number) + "?q=<script>alert(1)",
    ):
        page = client.get(address).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


# --- Who may what


def test_annotators_and_viewers_read_and_change_nothing(project, dataset):
    make_version_of(dataset)
    for role in (Role.VIEWER, Role.ANNOTATOR):
        reader = browser(make_member(project, role))
        page = text_of(reader.get(url("dataset", project, dataset.name)))
        assert "Import rows" not in page
        assert reader.get(url("version", project, dataset.name, 1)).status_code == 200
        assert reader.post(url("import", project, dataset.name), {"text": LINE}).status_code == 403
        assert reader.post(url("new", project), {"name": "mine"}).status_code == 403


def test_datasets_of_another_project_are_not_there(client, project):
    foreign = make_dataset(make_project())
    make_version_of(foreign)
    assert foreign.name not in text_of(client.get(url("datasets", project)))
    assert client.get(url("dataset", project, foreign.name)).status_code == 404
    for name in ("version", "download"):
        assert client.get(url(name, project, foreign.name, 1)).status_code == 404
    assert client.post(url("import", project, foreign.name), {"text": LINE}).status_code == 404
    assert foreign.versions.count() == 1


def test_a_version_that_is_not_there_is_not_found(client, project, dataset):
    make_version_of(dataset)
    for number in (0, 2, 10**12):
        assert client.get(url("version", project, dataset.name, number)).status_code == 404
