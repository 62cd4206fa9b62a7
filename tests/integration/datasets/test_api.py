"""/api/datasets: versions in and out with a key."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets.models import Dataset, DatasetVersion, Example
from apps.datasets.services import parse_jsonl
from tests.factories.accounts import make_project, make_public_key, make_secret_key
from tests.factories.datasets import make_dataset, make_row, make_version_of

pytestmark = pytest.mark.django_db

LINES = (
    b'{"prompt": "Where is my order?", "completion": "On its way."}\n'
    b'{"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}], "tags": ["hours"]}'
)


@pytest.fixture
def key(project):
    return make_secret_key(project).text


def bearer(key):
    return {"authorization": f"Bearer {key}"} if key else {}


def post(client, key, lines, name="answers", **query):
    return client.post(
        f"/api/datasets/{name}/versions",
        lines,
        content_type="application/jsonl",
        headers=bearer(key),
        query_params=query,
    )


def get(client, key, name="answers", number=1, **query):
    return client.get(f"/api/datasets/{name}/versions/{number}/rows", query, headers=bearer(key))


def test_lines_become_the_first_version_of_a_new_dataset(client, project, key):
    answer = post(client, key, LINES, message="From the help desk")
    assert answer.status_code == 200, answer.content
    version = DatasetVersion.objects.get()
    assert answer.json() == {
        "version": 1,
        "rows": 2,
        "content_hash": version.content_hash,
        "splits": version.splits,
    }
    assert (version.dataset.project, version.dataset.name, version.message) == (
        project,
        "answers",
        "From the help desk",
    )


def test_a_file_in_a_form_does_the_same(client, key):
    file = SimpleUploadedFile("rows.jsonl", LINES)
    answer = client.post("/api/datasets/answers/versions", {"file": file}, headers=bearer(key))
    assert (answer.status_code, answer.json()["rows"]) == (200, 2)


def test_the_same_rows_again_are_the_same_version_and_others_the_next(client, key):
    first = post(client, key, LINES).json()
    assert post(client, key, LINES).json() == first
    assert post(client, key, LINES.splitlines()[0]).json()["version"] == 2


@pytest.mark.parametrize(("append", "rows"), [("true", 3), ("false", 1)])
def test_append_keeps_the_rows_of_the_newest_version(client, key, append, rows):
    post(client, key, LINES)
    answer = post(client, key, b'{"prompt": "More?", "completion": "Yes."}', append=append)
    assert (answer.json()["version"], answer.json()["rows"]) == (2, rows)


def test_rows_come_back_as_they_were_sent(client, key):
    post(client, key, LINES)
    answer = get(client, key)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jsonl; charset=utf-8")
    sent, back = parse_jsonl(LINES), parse_jsonl(answer.content)
    assert [(row.messages, row.tags) for row in back] == [(row.messages, row.tags) for row in sent]
    assert post(client, key, answer.content).json()["version"] == 1


def test_one_split_of_the_rows_can_be_had(client, project, key):
    make_version_of(make_dataset(project, name="answers"), make_row("1?", split="test"), make_row("2?", split="train"))
    assert [json.loads(line)["split"] for line in get(client, key, split="test").content.splitlines()] == ["test"]
    answer = get(client, key, split="exam")
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "split")


# --- What is no dataset


@pytest.mark.parametrize(
    ("lines", "param", "number"),
    [
        (
            LINES + b'\n{"messages": [{"role": "user"}, {"role": "assistant", "content": "Hi"}]}',
            "messages[0].content",
            3,
        ),
        (LINES + b'\n{"prompt": "Hi"}', "messages", 3),
        (LINES + b'\n{"prompt": "Hi", "completion": "Ho", "colour": "red"}', "colour", 3),
        (b'{"prompt": "Hi", "completion": "Ho", "split": "exam"}\n' + LINES, "split", 1),
        (LINES + b"\n\n{not json}", None, 4),
        (b"\xff\xfe", None, 1),
    ],
)
def test_a_line_that_is_no_row_is_named_and_nothing_is_changed(client, key, lines, param, number):
    answer = post(client, key, lines)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (422, "invalid_row", param)
    assert error["message"].startswith(f"Line {number}: ")
    assert not Dataset.objects.exists()
    assert not Example.objects.exists()


def test_an_error_leaves_the_versions_as_they_were(client, key):
    post(client, key, LINES)
    assert post(client, key, b'{"prompt": "Fine?", "completion": "Yes."}\nnonsense', append="true").status_code == 422
    assert [version.rows for version in DatasetVersion.objects.all()] == [2]


@pytest.mark.parametrize("lines", [b"", b"\n\n", b"{}", b"[]", b"null"])
def test_a_body_without_a_row_is_refused(client, key, lines):
    assert post(client, key, lines).status_code == 422
    assert not Dataset.objects.exists()


def test_a_form_without_a_file_is_refused(client, key):
    answer = client.post("/api/datasets/answers/versions", {"note": "no file"}, headers=bearer(key))
    assert answer.status_code == 422
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("name", ["two%20words", "nul%00", "dots.in.it", "x" * 101])
def test_a_name_that_is_none_is_refused(client, key, name):
    answer = post(client, key, LINES, name=name)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "name")
    assert get(client, key, name=name).status_code == 404
    assert not Dataset.objects.exists()


def test_a_message_may_hold_anything(client, key):
    assert post(client, key, LINES, message="nul \0 and long " + "x" * 400).status_code == 200
    assert len(DatasetVersion.objects.get().message) == 300


# --- Who may


@pytest.mark.parametrize(("scopes", "writes", "reads"), [(["read"], 403, 200), (["write"], 200, 403)])
def test_a_key_needs_the_scope(client, project, scopes, writes, reads):
    make_version_of(make_dataset(project, name="answers"))
    key = make_secret_key(project, scopes=scopes).text
    assert (post(client, key, LINES).status_code, get(client, key).status_code) == (writes, reads)


@pytest.mark.parametrize(("kind", "status"), [("none", 401), ("unknown", 401), ("public", 403)])
def test_without_a_secret_key_nothing_goes_in_or_out(client, project, kind, status):
    make_version_of(make_dataset(project, name="answers"))
    key = {"none": "", "unknown": "fw_sk_unknown", "public": make_public_key(project, "https://shop.example").text}[
        kind
    ]
    assert (post(client, key, LINES).status_code, get(client, key).status_code) == (status, status)
    assert DatasetVersion.objects.count() == 1


def test_datasets_of_another_project_are_not_there(client, key):
    foreign = make_version_of(make_dataset(make_project(), name="answers"))
    assert get(client, key).status_code == 404
    assert post(client, key, LINES).json()["version"] == 1
    assert foreign.dataset.versions.count() == 1


@pytest.mark.parametrize(("name", "number"), [("answers", 2), ("answers", 10**12), ("others", 1)])
def test_a_version_that_is_not_there_says_so(client, project, key, name, number):
    make_version_of(make_dataset(project, name="answers"))
    answer = get(client, key, name=name, number=number)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"This project has no dataset '{name}' with a version {number}."
