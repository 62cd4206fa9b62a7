"""The pages about money."""

import io
import sys
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pyarrow import parquet

from apps.accounts.domain.roles import Role
from apps.accounts.services import Actor
from apps.billing.models import Invoice, LedgerEntry, Repricing
from apps.billing.services import upload_invoice
from llmkit import clock
from tests.factories.accounts import make_member, make_project
from tests.factories.billing import reserve, spend
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'
FORMULA = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


@pytest.fixture
def viewer(client, project):
    client.force_login(make_member(project, Role.VIEWER))
    return client


def page(client, name, project, /, *more, **query):
    return client.get(reverse(f"billing:{name}", args=[project.slug, *more]), query)


def submit(client, name, project, /, *more, **fields):
    return client.post(reverse(f"billing:{name}", args=[project.slug, *more]), fields)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def told(answer):
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def csv_file(*lines, name="march.csv"):
    return SimpleUploadedFile(name, "\n".join(lines).encode(), "text/csv")


def invoice_of(project, *lines, **options):
    return upload_invoice(actor=Actor(), project=project, name="march.csv", data="\n".join(lines).encode(), **options)


def test_spend_is_shown_by_whatever_it_is_asked_by(viewer, project):
    spend(project, 1_500_000_000, user="ada", route="support", model="tiny", prompt_name="greet", prompt_version="3")
    spend(project, 500_000_000, estimated=True, tags={"team": "search"})
    answer = page(viewer, "spend", project)
    assert "$2.00" in text_of(answer)
    for by, label in (("user", "ada"), ("route", "support"), ("prompt", "greet v3"), ("tag", "team=search")):
        assert label in text_of(page(viewer, "spend", project, by=by))
    assert "estimated" in text_of(page(viewer, "spend", project, by="tag"))


def test_the_url_holds_the_period(viewer, project):
    spend(project, 3_000_000_000, at=clock.now() - timedelta(days=20))
    assert "$3.00" in text_of(page(viewer, "spend", project, range="30d"))
    assert "Nothing in this time" in text_of(page(viewer, "spend", project, range="24h"))
    day = f"{clock.now() - timedelta(days=20):%Y-%m-%d}"
    assert "$3.00" in text_of(page(viewer, "spend", project, **{"from": day, "to": day}))


@pytest.mark.parametrize(
    "query", [{"by": "colour"}, {"range": "9y"}, {"from": "x"}, {"from": "2020-01-01"}, {"to": "9999-12-31"}]
)
def test_an_old_or_mistyped_link_still_shows_the_page(viewer, project, query):
    assert page(viewer, "spend", project, **query).status_code == 200


def test_what_users_are_called_stays_text(viewer, project):
    spend(project, user=HOSTILE, model=HOSTILE, tags={HOSTILE: HOSTILE})
    reserve(project, at=clock.now() - timedelta(hours=1), user=HOSTILE, model=HOSTILE, provider=HOSTILE)
    for by in ("user", "model", "tag"):
        assert HOSTILE not in page(viewer, "spend", project, by=by).content.decode()
    assert HOSTILE not in page(viewer, "unsettled", project).content.decode()


def test_unsettled_calls_are_pointed_out_and_listed(viewer, project):
    assert "Everything is settled" in text_of(page(viewer, "unsettled", project))
    record = reserve(project, 2_000_000_000, at=clock.now() - timedelta(hours=1))
    assert "Not everything is settled" in text_of(page(viewer, "spend", project))
    shown = text_of(page(viewer, "unsettled", project))
    assert record.trace_id in shown
    assert "$2.00" in shown


def test_the_export_holds_every_hour_and_no_formula(viewer, project):
    spend(project, 10, user=FORMULA)
    spend(project, 5, user="ada", at=clock.now() - timedelta(hours=3))
    answer = page(viewer, "export", project, by="user", range="7d")
    assert answer["Content-Type"].startswith("text/csv")
    assert f'filename="spend-{project.slug}-user-' in answer["Content-Disposition"]
    header, *rows = answer.content.decode().splitlines()
    assert header.startswith("hour,by,value,requests")
    assert len(rows) == 2
    assert "user,ada,1," in rows[0]
    assert f"'{FORMULA}".replace('"', '""') in rows[1]
    assert rows[1].endswith(",10,0,0,0.00000001")


def test_parquet_holds_the_same_with_types(viewer, project):
    spend(project, 10, user=FORMULA)
    answer = page(viewer, "export", project, by="user", format="parquet")
    table = parquet.read_table(io.BytesIO(answer.content))
    (row,) = table.to_pylist()
    assert (row["value"], row["by"], row["amount_nano"]) == (FORMULA, "user", 10)
    assert row["hour"].tzinfo is not None


def test_without_pyarrow_the_page_says_what_to_do(viewer, project, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = page(viewer, "export", project, by="user", format="parquet")
    assert answer.status_code == 302
    assert answer.url.endswith("?by=user")
    assert "export CSV" in told(answer)


def test_more_than_an_export_may_hold_is_refused_in_words(viewer, project, monkeypatch):
    monkeypatch.setattr("apps.billing.domain.export.MOST_ROWS", 1)
    for user in ("ada", "bob"):
        spend(project, user=user)
    assert "choose a shorter one" in told(page(viewer, "export", project, by="user"))


def test_an_invoice_is_uploaded_and_compared(engineer, project):
    provider = make_provider(project, name="acme")
    make_model(provider, name="tiny")
    spend(project, 1_000_000_000, model="tiny")
    day = f"{clock.now() - timedelta(seconds=2):%Y-%m-%d}"
    file = csv_file("date,model,cost", f"{day},tiny,1.25", f"{day},{HOSTILE},2".replace('"', "'"))
    answer = submit(engineer, "new_invoice", project, provider="acme", file=file)
    invoice = Invoice.objects.get(project=project)
    assert answer.url == reverse("billing:invoice", args=[project.slug, invoice.id])
    shown = page(engineer, "invoice", project, invoice.id).content.decode()
    assert "<script>alert" not in shown
    for text in ("$1.25", "$0.25", "+20.0 %", "+69.2 %"):
        assert text in shown
    assert "march.csv" in text_of(page(engineer, "invoices", project))


def test_what_is_wrong_with_a_file_is_told_with_line_and_column(engineer, project):
    file = csv_file("date,cost", "2026-01-31,<b>lots</b>", "yesterday,1")
    answer = submit(engineer, "new_invoice", project, provider="", file=file)
    assert answer.status_code == 422
    shown = text_of(answer)
    assert "Line 2, column &quot;cost&quot;" in shown
    assert "Line 3, column &quot;date&quot;" in shown
    assert "<b>lots" not in shown
    assert not Invoice.objects.exists()


def test_calls_are_settled_with_a_button(engineer, project):
    call = reserve(project, at=clock.now() - timedelta(hours=1))
    day = f"{clock.now() - timedelta(hours=1):%Y-%m-%d}"
    invoice = invoice_of(project, "date,trace_id,cost", f"{day},{call.trace_id},0.5")
    assert "Settle from this invoice" in text_of(page(engineer, "invoice", project, invoice.id))
    answer = submit(engineer, "settle", project, invoice.id, release_missing="on")
    assert "1 calls are settled and 0 released" in told(answer)
    assert LedgerEntry.objects.get(kind="settle").amount_nano == 500_000_000
    assert "1 calls, $0.50" in text_of(page(engineer, "invoice", project, invoice.id))


def test_sums_of_days_offer_no_button(engineer, project):
    invoice = invoice_of(project, "date,cost", "2026-01-31,1")
    assert "Settle from this invoice" not in text_of(page(engineer, "invoice", project, invoice.id))
    assert "line per request" in told(submit(engineer, "settle", project, invoice.id))


def test_an_invoice_is_removed(engineer, project):
    invoice = invoice_of(project, "date,cost", "2026-01-31,1")
    assert submit(engineer, "remove", project, invoice.id).status_code == 302
    assert not Invoice.objects.exists()


def test_a_repricing_is_started_and_watched(engineer, project):
    day = f"{clock.now():%Y-%m-%d}"
    answer = submit(engineer, "new_repricing", project, first_day=day, last_day=day, model="", dry_run="on")
    row = Repricing.objects.get()
    assert (row.dry_run, row.end - row.start) == (True, timedelta(days=1))
    assert answer.url == reverse("billing:repricing", args=[project.slug, row.id])
    assert "Waiting for a worker" in text_of(engineer.get(answer.url))
    assert "queued" in text_of(page(engineer, "repricings", project))
    row.mark_progress(5, 10)
    part = engineer.get(answer.url, headers={"HX-Request": "true"})
    assert "Computing costs" in text_of(part)
    assert "<html" not in part.content.decode()
    figures = {"calls": 3, "changed": 1, "unpriced": 0, "kept": 0, "before_nano": 5, "after_nano": 9}
    figures |= {"difference_nano": 4}
    row.mark_succeeded(clock.now(), {**figures, "models": {HOSTILE: figures}})
    shown = page(engineer, "repricing", project, row.id).content.decode()
    assert "$0.000000004" in shown
    assert HOSTILE not in shown
    assert f"{row}" in text_of(page(engineer, "repricings", project))


def test_a_second_repricing_and_days_in_the_wrong_order_are_refused(engineer, project):
    wish = {"first_day": "2026-01-02", "last_day": "2026-01-31", "model": ""}
    submit(engineer, "new_repricing", project, **wish)
    assert "still under way" in text_of(submit(engineer, "new_repricing", project, **wish))
    wrong = submit(engineer, "new_repricing", project, **(wish | {"last_day": "2026-01-01"}))
    assert "must not lie before" in text_of(wrong)
    assert Repricing.objects.count() == 1


def test_viewers_look_and_change_nothing(viewer, project):
    invoice = invoice_of(project, "date,cost", "2026-01-31,1")
    for name in ("spend", "unsettled", "invoices", "repricings"):
        assert page(viewer, name, project).status_code == 200
    assert page(viewer, "invoice", project, invoice.id).status_code == 200
    for name in ("new_invoice", "new_repricing"):
        assert submit(viewer, name, project).status_code == 403
    for name in ("settle", "remove"):
        assert submit(viewer, name, project, invoice.id).status_code == 403


def test_another_projects_papers_are_not_there(engineer, project):
    other = make_project()
    invoice = invoice_of(other, "date,request_id,cost", "2026-01-31,x,1")
    row = Repricing.objects.create(project=other, start=clock.now(), end=clock.now())
    assert page(engineer, "invoice", project, invoice.id).status_code == 404
    assert page(engineer, "repricing", project, row.id).status_code == 404
    for name in ("settle", "remove"):
        assert submit(engineer, name, project, invoice.id).status_code == 404
    spend(other, 10, user="theirs")
    assert "theirs" not in page(engineer, "export", project, by="user").content.decode()


def test_a_page_takes_few_queries_however_much_was_spent(viewer, project, django_assert_max_num_queries):
    for number in range(20):
        spend(project, user=f"user-{number}", at=clock.now() - timedelta(hours=number))
    with django_assert_max_num_queries(14):
        page(viewer, "spend", project, by="user", range="7d")
