"""How large an upload may be."""

import asyncio
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from flywheel.asgi import pages
from tests.factories.accounts import browser, make_member, make_secret_key

pytestmark = pytest.mark.django_db

LINES = b'{"prompt": "Where is my order?", "completion": "On its way."}\n'


@pytest.mark.parametrize("path", ["/api/datasets/answers/versions", "/p/harbor/datasets/of/answers/import/"])
def test_an_upload_that_is_too_large_is_refused_before_it_is_read(settings, path):
    settings.DATASET_MAX_BODY_BYTES = 1_000
    sent = []

    async def receive():
        raise AssertionError("nothing of it is read")

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-length", b"1001")]}
    asyncio.run(pages(scope, receive, send))
    error = json.loads(sent[1]["body"])["error"]
    assert (sent[0]["status"], error["code"]) == (413, "body_too_large")
    assert "1000 bytes" in error["message"]


@pytest.mark.parametrize("way", ["body", "file", "page"])
def test_whole_datasets_are_larger_than_what_pages_take_otherwise(settings, client, project, dataset, way):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 500
    lines = b"".join(LINES.replace(b"order", f"order {number}".encode()) for number in range(50))
    api = f"/api/datasets/{dataset.name}/versions"
    headers = {"authorization": f"Bearer {make_secret_key(project).text}"}
    if way == "body":
        client.post(api, lines, content_type="application/jsonl", headers=headers)
    elif way == "file":
        client.post(api, {"file": SimpleUploadedFile("rows.jsonl", lines)}, headers=headers)
    else:
        page = f"/p/{project.slug}/datasets/of/{dataset.name}/import/"
        browser(make_member(project)).post(page, {"file": SimpleUploadedFile("rows.jsonl", lines)})
    assert dataset.versions.get().rows == 50
