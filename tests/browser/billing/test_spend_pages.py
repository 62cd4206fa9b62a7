"""The spend pages in a real browser: the chart is drawn, forms work, nothing sticks out."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.accounts.services import Actor
from apps.billing.models import Invoice, LedgerEntry, Repricing
from apps.billing.services import upload_invoice
from apps.billing.tasks import reprice_waiting
from llmkit import clock
from tests.browser.conftest import NARROW, WIDE
from tests.factories.billing import reserve, spend, spend_at_price
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def spent(project):
    """A project that has spent something, estimated something, and lost sight of one call."""
    model = make_model(make_provider(project, name="acme"), name="tiny", input_nano=10**9, output_nano=4 * 10**9)
    for hours in range(0, 160, 13):
        at = clock.now() - timedelta(hours=hours, seconds=2)
        spend_at_price(model, at=at, user=f"user-{hours % 8}", tags={"team": "search"}, estimated=hours % 2 == 0)
    spend(project, 0, kind="cache_hit", saved_nano=900_000, usage=None)
    reserve(project, 5_000_000, at=clock.now() - timedelta(hours=1), model="tiny", provider="acme")
    return model


def upload(project, *lines):
    return upload_invoice(actor=Actor(), project=project, name="march.csv", data="\n".join(lines).encode())


def test_spend_is_drawn_and_divided_by_what_is_asked(open_page, spent):
    page = open_page("/spend/")
    page.locator("#spend").scroll_into_view_if_needed()
    expect(page.locator("#spend[data-drawn]")).to_be_visible()
    page.get_by_role("link", name="User", exact=True).click()
    expect(page).to_have_url(re.compile("by=user"))
    expect(page.get_by_role("rowheader", name="user-5")).to_be_visible()
    page.get_by_role("link", name="7d").click()
    expect(page).to_have_url(re.compile("by=user.*range=7d|range=7d.*by=user"))
    expect(page.get_by_role("rowheader", name="user-5")).to_be_visible()


def test_a_period_is_chosen_by_its_days(open_page, spent):
    page = open_page("/spend/?by=tag")
    day = f"{clock.now() - timedelta(days=60):%Y-%m-%d}"
    page.get_by_label("First day").fill(day)
    page.get_by_label("Last day").fill(day)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Nothing in this time")).to_be_visible()
    assert f"from={day}" in page.url
    assert "by=tag" in page.url


def test_an_export_is_downloaded(open_page, spent):
    page = open_page("/spend/?by=user")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r"spend-.*-user-\d{8}-\d{8}\.csv", download.value.suggested_filename)


def test_an_unsettled_call_is_settled_from_an_uploaded_invoice(open_page, project, spent, tmp_path):
    call = LedgerEntry.objects.get(kind="reserve")
    file = tmp_path / "march.csv"
    file.write_text(f"date,trace_id,cost\n{call.occurred_at:%Y-%m-%d},{call.trace_id.hex},0.0025")
    page = open_page("/spend/")
    page.get_by_role("link", name="See which").click()
    expect(page.get_by_text(call.trace_id.hex)).to_be_visible()
    page.get_by_role("link", name="Invoices").click()
    page.get_by_role("link", name="Upload an invoice").click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="march.csv")).to_be_visible()
    page.get_by_role("button", name="Settle from this invoice").click()
    expect(page.get_by_text("1 calls are settled")).to_be_visible()
    page.get_by_role("link", name="Invoices").click()
    page.get_by_role("link", name="Unsettled").click()
    expect(page.get_by_text("Everything is settled")).to_be_visible()


def test_a_file_that_is_no_invoice_is_refused_with_its_line(open_page, spent, complaints, tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("date,cost\n2026-01-31,lots")
    page = open_page("/spend/invoices/new/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text('Line 2, column "cost"')).to_be_visible()
    complaints[:] = [line for line in complaints if "422" not in line]
    assert not Invoice.objects.exists()


def test_a_repricing_is_watched_until_it_is_done(open_page, spent):
    page = open_page("/spend/repricings/")
    page.get_by_role("link", name="Reprice", exact=True).first.click()
    page.get_by_label("First day").fill(f"{clock.now() - timedelta(days=9):%Y-%m-%d}")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    reprice_waiting()
    expect(page.get_by_role("rowheader", name="tiny")).to_be_visible()
    assert Repricing.objects.get().state == "succeeded"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    "path",
    ["", "?by=user", "unsettled/", "invoices/", "invoices/new/", "invoices/{id}/", "repricings/", "repricings/new/"],
)
def test_nothing_sticks_out_of_the_window(open_page, project, spent, size, path):
    long = "unbroken" * 20
    spend(project, user=long, model=long[:100], tags={long: long})
    reserve(project, at=clock.now() - timedelta(hours=2), user=long, model=long[:100], provider=long[:100])
    Repricing.objects.create(project=project, start=clock.now(), end=clock.now(), model=long[:100])
    invoice = upload(project, "date,id,model,cost", f"{clock.now():%Y-%m-%d},x,{long},1")
    Invoice.objects.filter(id=invoice.id).update(name=long)
    page = open_page("/spend/" + path.format(id=invoice.id))
    page.set_viewport_size(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
