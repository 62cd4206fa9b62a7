"""From the spool into the ledger: once each, whatever happens on the way; and what is there stays."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from apps.billing.engine.store import LedgerStore
from apps.billing.models import LedgerEntry, OpenReserve, SpendHour
from apps.tracing.engine.crew import Crew
from apps.tracing.engine.shipper import Shipper
from apps.tracing.models import Span
from apps.tracing.queries import shipping
from llmkit import clock
from llmkit.ids import uuid7
from llmkit.ledger import FOLDER, encode_ledger
from llmkit.spool import SpoolWriter
from llmkit.telemetry import encode_records
from llmkit.usage import Usage
from tests.factories.accounts import make_project
from tests.factories.billing import ledger, make_ledger_record, reserve, spend
from tests.factories.tracing import make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def writer(spool):
    writer = SpoolWriter(spool / FOLDER, "test")
    yield writer
    writer.close()


def ship(spool):
    shipper = Shipper(spool, LedgerStore())
    shipper.drain()
    return shipper


def rejected(spool):
    return [json.loads(path.read_text()) for path in sorted((spool / FOLDER / "rejected").glob("*.json"))]


def total(project):
    return SpendHour.objects.get(project=project, dimension="total")


def test_a_record_becomes_an_entry_with_its_usage(spool, writer):
    project = make_project()
    usage = Usage(prompt_tokens=9, completion_tokens=4, cached_tokens=3, raw={"prompt_tokens": 9})
    record = make_ledger_record(project, usage=usage, tags={"team": "search"}, user="ada", amount_nano=77)
    writer.append(encode_ledger(record))

    ship(spool)

    entry = LedgerEntry.objects.get(project=project)
    assert (entry.kind, entry.trace_id.hex, entry.span_id) == ("settle", record.trace_id, record.span_id)
    assert (entry.amount_nano, entry.input_tokens, entry.output_tokens) == (77, 9, 4)
    assert entry.usage == {"prompt_tokens": 9, "completion_tokens": 4, "cached_tokens": 3, "raw": {"prompt_tokens": 9}}
    assert (entry.end_user, entry.tags, entry.route) == ("ada", {"team": "search"}, "support")


def test_shipping_the_same_lines_again_counts_once(spool, writer):
    project = make_project()
    writer.append(encode_ledger(*(make_ledger_record(project, amount_nano=10) for _ in range(5))))
    ship(spool)

    again = ship(spool)  # a new shipper starts at the beginning of the open segment

    assert LedgerEntry.objects.count() == again.status.shipped == 5
    assert (total(project).requests, total(project).amount_nano) == (5, 50)


def test_a_record_that_comes_twice_in_one_batch_counts_once(spool, writer):
    project = make_project()
    record = make_ledger_record(project, amount_nano=10)
    writer.append(encode_ledger(record, record))
    ship(spool)
    assert total(project).amount_nano == 10


def test_the_kinds_of_one_attempt_stand_side_by_side_and_the_first_of_each_counts():
    project = make_project()
    settled = make_ledger_record(project, amount_nano=10)
    same = {"trace_id": settled.trace_id, "span_id": settled.span_id}
    ledger(make_ledger_record(project, kind="reserve", amount_nano=50, **same), settled)
    assert ledger(make_ledger_record(project, amount_nano=99, **same)) == 0
    assert LedgerEntry.objects.count() == 2
    assert total(project).amount_nano == 10


def test_one_process_ships_spans_and_ledger(spool, writer):
    project = make_project()
    writer.append(encode_ledger(make_ledger_record(project)))
    spans = SpoolWriter(spool, "test")
    spans.append(encode_records([make_record(project)]))
    spans.close()

    Crew(spool).drain()

    assert Span.objects.count() == LedgerEntry.objects.count() == 1


def test_the_command_ships_the_ledger_and_the_health_figures_count_it():
    project, before = make_project(), shipping().shipped
    writer = SpoolWriter(settings.SPOOL_DIR / FOLDER, "test")
    writer.append(encode_ledger(*(make_ledger_record(project) for _ in range(3))))
    assert shipping().backlog_bytes > 0
    call_command("ship_spans", "--once")
    writer.close()
    assert LedgerEntry.objects.filter(project=project).count() == 3
    assert shipping().shipped == before + 3
    assert shipping().backlog_bytes == 0
    call_command("ship_spans", "--once")


def test_lines_that_can_never_be_stored_are_set_aside_and_the_others_get_through(spool, writer, caplog):
    project = make_project()
    good = [make_ledger_record(project) for _ in range(3)]
    poison = [
        make_ledger_record(project, trace_id="xyz"),
        make_ledger_record(project, project_id=str(uuid7())),
        make_ledger_record(project, amount_nano=-1),
    ]
    for record, bad in zip(good, poison, strict=True):
        writer.append(encode_ledger(bad, record))
    writer.append(b"not json at all\n" + b'{"kind":"adjust"}\n')

    ship(spool)

    assert LedgerEntry.objects.count() == 3
    assert len(rejected(spool)) == 5
    reasons = " ".join(line["reason"] for line in rejected(spool))
    for field in ("trace_id", "no such project", "amount_nano", "no ledger record"):
        assert field in reasons


@pytest.fixture
def postgres_that_refuses_a_model():
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '22023'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON billing_ledgerentry FOR EACH ROW
            WHEN (NEW.model = 'refused') EXECUTE FUNCTION refuse()
        """)
    yield "refused"
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON billing_ledgerentry; DROP FUNCTION refuse")


def test_a_poisoned_batch_is_halved_until_the_poison_stands_alone(spool, writer, postgres_that_refuses_a_model):
    project = make_project()
    records = [make_ledger_record(project, amount_nano=10) for _ in range(7)]
    records.insert(3, make_ledger_record(project, model=postgres_that_refuses_a_model))
    writer.append(encode_ledger(*records))

    shipper = ship(spool)

    assert LedgerEntry.objects.count() == shipper.status.shipped == 7
    assert (total(project).requests, total(project).amount_nano) == (7, 70)
    assert [line["reason"] for line in rejected(spool)] == ["Postgres refuses it (22023): not this one"]


@pytest.mark.parametrize(
    "change", ["UPDATE billing_ledgerentry SET amount_nano = 0", "DELETE FROM billing_ledgerentry"]
)
def test_an_entry_is_never_changed_or_deleted(change):
    spend(make_project(), 10)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert LedgerEntry.objects.get().amount_nano == 10


def test_the_orm_is_refused_as_well():
    entry = LedgerEntry.objects.get(trace_id=spend(make_project()).trace_id)
    entry.amount_nano = 0
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.save()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.delete()


def test_a_projects_entries_go_with_it_and_others_stay():
    gone, kept = make_project(), make_project()
    for project in (gone, kept):
        spend(project)
        reserve(project)
    gone.delete()
    assert {entry.project_id for entry in LedgerEntry.objects.all()} == {kept.id}
    assert OpenReserve.objects.get().project_id == kept.id


def test_sums_grow_from_batch_to_batch_and_divide_by_hour():
    project, now = make_project(), clock.now()
    for _ in range(3):
        spend(project, 10, at=now - timedelta(hours=5), user="ada")
    spend(project, 7, at=now - timedelta(hours=9), user="ada")
    hours = SpendHour.objects.along("user").filter(project=project, value="ada").order_by("-hour")
    assert [(hour.requests, hour.amount_nano) for hour in hours] == [(3, 30), (1, 7)]


def test_a_reserve_is_open_until_it_is_settled_or_released():
    project = make_project()
    first, second, third = (make_ledger_record(project, kind="reserve", amount_nano=9) for _ in range(3))
    ledger(first, second, third)
    assert OpenReserve.objects.count() == 3
    ledger(make_ledger_record(project, trace_id=first.trace_id, span_id=first.span_id))
    ledger(make_ledger_record(project, kind="release", trace_id=second.trace_id, span_id=second.span_id))
    assert [each.trace_id.hex for each in OpenReserve.objects.all()] == [third.trace_id]


def test_a_reserve_that_comes_after_its_settle_is_not_open():
    project = make_project()
    settled = spend(project)
    reserve(project, trace_id=settled.trace_id, span_id=settled.span_id)
    assert not OpenReserve.objects.open().exists()
