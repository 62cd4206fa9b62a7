"""The page that takes rows, from a file or pasted."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets.models import DatasetVersion
from apps.datasets.queries import rows_of
from tests.factories.datasets import make_version_of
from tests.helpers.pages import said
from tests.integration.datasets.conftest import text_of, url

pytestmark = pytest.mark.django_db

LINE = '{"prompt": "Open?", "completion": "Yes."}'


def test_pasted_lines_are_added_to_the_newest_version(client, project, dataset):
    make_version_of(dataset, n=2)
    typed = {"text": LINE, "keep": "on", "message": "Opening hours"}
    answer = client.post(url("import", project, dataset.name), typed, follow=True)
    made = dataset.versions.get(number=2)
    assert answer.redirect_chain == [(url("version", project, dataset.name, 2), 302)]
    assert "holds 3 rows" in said(answer)
    assert (made.rows, made.message, made.parent.number) == (3, "Opening hours", 1)


def test_a_file_replaces_what_was_there_where_nothing_is_to_be_kept(client, project, dataset):
    make_version_of(dataset, n=2)
    file = SimpleUploadedFile("rows.jsonl", LINE.encode())
    client.post(url("import", project, dataset.name), {"file": file})
    assert [row.answer for row in rows_of(dataset.versions.get(number=2))] == ["Yes."]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Choose a file or paste lines"),
        ({"text": LINE, "file": LINE.encode()}, "one of the two"),
        ({"text": f'{LINE}\n{{"prompt": "Hi"}}'}, "Line 2: messages is missing"),
        ({"text": '[{"prompt": 1}]'}, "Line 1: A row is a JSON object."),
        ({"file": b"question,answer\n"}, "Line 1: This is no JSON"),
        ({"file": b"\x89PNG\r\n\x1a\n\0"}, "Line 1: This is no UTF-8"),
        ({"file": b""}, "empty"),
    ],
)
def test_what_cannot_be_imported_says_why_and_changes_nothing(client, project, dataset, typed, words):
    typed = {**typed, "message": "Kept"}
    if "file" in typed:
        typed["file"] = SimpleUploadedFile("rows", typed["file"])
    answer = client.post(url("import", project, dataset.name), typed)
    page = text_of(answer)
    assert (answer.status_code, DatasetVersion.objects.exists()) == (422, False)
    assert words in page
    assert 'value="Kept"' in page
    assert page.count('class="errorlist') == 1


def test_pasted_lines_stay_in_the_form_beside_the_error(client, project, dataset):
    page = text_of(client.post(url("import", project, dataset.name), {"text": f"{LINE}\nnonsense </textarea>"}))
    assert LINE in page
    assert "Line 2: This is no JSON" in page
