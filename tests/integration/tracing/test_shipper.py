"""From the spool into Postgres: once each, whatever happens on the way."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection

from apps.tracing.domain import histogram
from apps.tracing.domain.shipping import read_status
from apps.tracing.engine.partitions import make_partitions, make_partitions_ahead, partition_name
from apps.tracing.engine.shipper import Shipper
from apps.tracing.models import Span, SpanPayload, TraceMinute
from llmkit import clock
from llmkit.ids import uuid7
from llmkit.spool import SpoolWriter
from llmkit.telemetry import encode_records
from tests.factories.accounts import make_project
from tests.factories.tracing import body, make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def writer(spool):
    writer = SpoolWriter(spool, "test")
    yield writer
    writer.close()


def ship(spool):
    shipper = Shipper(spool)
    shipper.drain()
    return shipper


def rejected(spool):
    return [json.loads(path.read_text()) for path in sorted((spool / "rejected").glob("*.json"))]


def test_a_record_becomes_a_span_with_its_payload(spool, writer):
    project = make_project()
    record = make_record(
        project,
        request=body({"messages": [{"role": "user", "content": "Is the pump in stock?"}]}),
        response=body({"choices": [{"message": {"role": "assistant", "content": "Two are left."}}]}),
    )
    writer.append(encode_records([record]))

    ship(spool)

    span = Span.objects.get(project_id=project.id)
    assert span.trace_id.hex == record.trace_id
    assert span.span_id == record.span_id
    assert span.duration_us == 1_000_000
    assert span.first_token_us == 250_000
    assert (span.input_tokens, span.output_tokens, span.cost_nano) == (12, 34, 5_600)
    assert (span.input_preview, span.output_preview) == ("Is the pump in stock?", "Two are left.")
    payload = SpanPayload.objects.get(span_id=record.span_id)
    assert payload.request == {"messages": [{"role": "user", "content": "Is the pump in stock?"}]}
    assert payload.attributes == record.attributes


def test_an_ended_segment_is_deleted_and_an_open_one_stays(spool, writer):
    project = make_project()
    writer.append(encode_records([make_record(project)]))
    ship(spool)
    assert len(list(spool.glob("*.ndjson"))) == 1

    writer.close()
    ship(spool)

    assert list(spool.glob("*.ndjson")) == []
    assert Span.objects.count() == 1


def test_shipping_the_same_lines_again_stores_and_counts_nothing_twice(spool, writer):
    project = make_project()
    records = [make_record(project) for _ in range(5)]
    writer.append(encode_records(records))
    ship(spool)

    again = ship(spool)  # a new shipper starts at the beginning of the open segment

    assert Span.objects.count() == 5
    assert sum(row.requests for row in TraceMinute.objects.all()) == 5
    assert again.status.shipped == 5


def test_a_record_that_was_written_twice_is_counted_once(spool, writer):
    record = make_record(make_project())
    writer.append(encode_records([record, record]))
    writer.append(encode_records([record]))

    ship(spool)

    assert Span.objects.count() == SpanPayload.objects.count() == 1
    assert TraceMinute.objects.get().requests == 1


def test_sums_per_minute_hold_what_the_entry_spans_say(spool, writer):
    project = make_project()
    start = clock.now().replace(second=1, microsecond=0) - timedelta(minutes=5)
    entries = [make_record(project, start=start, duration=timedelta(milliseconds=n)) for n in (100, 200, 300)]
    failed = make_record(project, start=start, status="error", attributes={"gen_ai.usage.output_tokens": None})
    inner = make_record(project, start=start, is_entry=False, parent_id=entries[0].span_id)
    writer.append(encode_records([*entries, failed, inner]))

    ship(spool)

    good, bad = TraceMinute.objects.order_by("failed")
    assert (good.requests, good.input_tokens, good.output_tokens, good.cost_nano) == (3, 36, 102, 16_800)
    assert good.minute == start.replace(second=0)
    assert (good.route, good.model) == ("support", "tiny-demo")
    assert histogram.quantile(good.duration_histogram, 0.5) == pytest.approx(200_000, rel=histogram.ACCURACY)
    assert histogram.size(good.first_token_histogram) == 3
    assert (bad.requests, bad.output_tokens) == (1, 0)


def test_sums_of_a_minute_grow_from_batch_to_batch(spool, writer):
    project = make_project()
    start = clock.now()
    for _ in range(3):
        writer.append(encode_records([make_record(project, start=start)]))
        ship(spool)

    row = TraceMinute.objects.get()
    assert row.requests == histogram.size(row.duration_histogram) == 3


def test_each_day_of_a_batch_gets_its_partition(spool, writer):
    project = make_project()
    days = [clock.now() - timedelta(days=ago) for ago in (0, 20, 41)]
    writer.append(encode_records([make_record(project, start=day) for day in days]))

    ship(spool)

    with connection.cursor() as cursor:
        for day in days:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [partition_name("tracing_span", day.date())])
            assert cursor.fetchone() == (True,)
    assert Span.objects.count() == 3


def test_partitions_are_made_ahead_and_making_them_again_changes_nothing():
    make_partitions_ahead()
    make_partitions_ahead()
    make_partitions([date(2020, 2, 29)])
    with connection.cursor() as cursor:
        ahead = clock.now().date() + timedelta(days=3)
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [partition_name("tracing_spanpayload", ahead)])
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db(transaction=True)
def test_a_late_span_of_a_dropped_day_gets_its_partition_back(spool, writer):
    project, day = make_project(), clock.now() - timedelta(days=33)
    writer.append(encode_records([make_record(project, start=day)]))
    shipper = ship(spool)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partition_name('tracing_span', day.date())}")
    writer.append(encode_records([make_record(project, start=day)]))

    assert shipper.step() is False  # notices, and forgets which days it made
    shipper.drain()

    assert Span.objects.count() == 1


def test_lines_that_can_never_be_stored_are_set_aside_and_the_others_get_through(spool, writer, caplog):
    project = make_project()
    good = [make_record(project) for _ in range(3)]
    poison = [
        make_record(project, trace_id="xyz"),
        make_record(project, span_id="0" * 16),
        make_record(project, project_id="nobody"),
        make_record(uuid7()),
        make_record(project, start_ns=1),
        make_record(project, start_ns=10**30),
    ]
    for record, bad in zip(good, (poison[0:2], poison[2:4], poison[4:6]), strict=True):
        writer.append(encode_records([*bad, record]))
    writer.append(b"not json at all\n\n" + b"[" * 200_000 + b"\n")

    shipper = ship(spool)

    assert {span.span_id for span in Span.objects.all()} == {record.span_id for record in good}
    assert shipper.status.rejected == len(rejected(spool)) == 9
    reasons = " ".join(line["reason"] for line in rejected(spool))
    for field in ("trace_id", "span_id", "project_id: no UUID", "no such project", "start_ns", "no span record"):
        assert field in reasons
    assert caplog.text.count("was set aside") == 9


def test_a_set_aside_line_is_counted_once_however_often_it_is_met(spool, writer):
    writer.append(b"nonsense\n")
    ship(spool)
    assert ship(spool).status.rejected == len(rejected(spool)) == 1


@pytest.fixture
def postgres_that_refuses_a_name():
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '22023'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON tracing_span FOR EACH ROW
            WHEN (NEW.name = 'refused') EXECUTE FUNCTION refuse()
        """)
    yield "refused"
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON tracing_span; DROP FUNCTION refuse")


def test_what_only_postgres_refuses_is_found_and_set_aside(spool, writer, postgres_that_refuses_a_name):
    project = make_project()
    records = [make_record(project) for _ in range(7)]
    records.insert(3, make_record(project, name=postgres_that_refuses_a_name))
    writer.append(encode_records(records))

    shipper = ship(spool)

    assert Span.objects.count() == shipper.status.shipped == 7
    assert [line["reason"] for line in rejected(spool)] == ["Postgres refuses it (22023): not this one"]


def test_numbers_beyond_64_bits_are_kept_as_text(spool, writer):
    line = encode_records([make_record(make_project(), request=body([1, 2]))])
    writer.append(line.replace(b"[1,2]", b"[%b,1e999]" % (b"1" * 140_000)))

    ship(spool)

    assert SpanPayload.objects.get().request == ["1" * 140_000, "1e999"]


def test_texts_that_postgres_cannot_hold_are_mended(spool, writer):
    project = make_project()
    line = encode_records([make_record(project, name="A\0B", request=body({"messages": [{"content": "x\0y"}]}))])
    line = line.replace(b"x\\u0000y", b"x\\u0000y\\ud800\\ud83d\\ude00")
    writer.append(line)

    ship(spool)

    assert Span.objects.get().name == "A\ufffdB"
    assert SpanPayload.objects.get().request == {"messages": [{"content": "x\ufffdy\ufffd\U0001f600"}]}
    assert rejected(spool) == []


def test_a_line_whose_end_is_missing_waits_for_it(spool, writer):
    line = encode_records([make_record(make_project())])
    writer.append(line[:40])
    shipper = ship(spool)
    assert Span.objects.count() == 0

    writer.append(line[40:])
    shipper.drain()

    assert Span.objects.count() == 1
    assert rejected(spool) == []


def test_the_status_file_tells_how_far_the_shipper_is(spool, writer):
    project = make_project()
    writer.append(encode_records([make_record(project), make_record(project)]))

    ship(spool)

    status = read_status(spool)
    assert (status.shipped, status.rejected, status.database_away) == (2, 0, False)
    [(name, offset)] = status.offsets.items()
    assert offset == (spool / name).stat().st_size
    assert status.caught_up_at > 0
