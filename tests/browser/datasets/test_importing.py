"""Rows from a file, in a real browser."""

import pytest
from playwright.sync_api import expect

from apps.datasets.queries import rows_of
from tests.factories.accounts import make_member, make_project
from tests.factories.datasets import make_dataset, make_row, make_version_of

pytestmark = pytest.mark.django_db(transaction=True)

RIGHT = '{"prompt": "Are you open on Sunday?", "completion": "No.", "tags": ["hours"], "split": "test"}\n'


@pytest.fixture
def dataset():
    dataset = make_dataset(make_project())
    make_version_of(dataset, make_row("Are you open on Sunday?", "Yes."), make_row("Where is my order?"))
    return dataset


def choose(page, text):
    file = {"name": "rows.jsonl", "mimeType": "application/jsonl", "buffer": text.encode()}
    page.get_by_label("JSON Lines file").set_input_files(file)


def test_a_file_is_corrected_imported_and_found_again(signed_in_page, live_server, dataset, complaints):
    page = signed_in_page(make_member(dataset.project))
    page.goto(f"{live_server.url}/p/{dataset.project.slug}/datasets/of/{dataset.name}/")
    page.keyboard.press("i")
    message = page.get_by_label("What and why")
    message.fill("New opening hours")
    choose(page, f"{RIGHT}nonsense\n")
    page.get_by_role("button", name="Import").click()

    field = page.get_by_label("JSON Lines file")
    expect(field).to_be_focused()
    expect(page.get_by_text("Line 2: This is no JSON")).to_be_visible()
    expect(message).to_have_value("New opening hours")
    expect(page.get_by_label("Keep the rows of the newest version")).to_be_checked()
    assert dataset.versions.count() == 1
    complaints.clear()  # Chromium logs the status 422

    choose(page, RIGHT)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name=f"{dataset} version 2")).to_be_visible()
    expect(page.get_by_text("holds 2 rows")).to_be_visible()
    assert [row.answer for row in rows_of(dataset.versions.get(number=2))] == ["No.", "On its way."]

    # The rows follow the filters, which stand in the URL.
    page.keyboard.press("/")
    page.keyboard.type("sunday")
    expect(page.get_by_text("Where is my order?")).to_be_hidden()
    expect(page.get_by_text("Are you open on Sunday?")).to_be_visible()
    page.get_by_label("Split").select_option("train")
    expect(page.get_by_text("No row fits.")).to_be_visible()
    assert "q=sunday&split=train" in page.url
    page.go_back()
    expect(page.get_by_text("Are you open on Sunday?")).to_be_visible()
