"""Trees, cursors, windows, sums by minute, and what the shipper says of itself."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.domain import cursor, window
from apps.tracing.domain.minutes import sum_by_minute
from apps.tracing.domain.position import Position, decode_position
from apps.tracing.domain.rows import rows_of
from apps.tracing.domain.shipping import ShipperStatus, read_status, write_status
from apps.tracing.domain.steps import step_kind
from apps.tracing.domain.tree import lay_out
from llmkit.ids import uuid7
from tests.factories.tracing import make_record

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    span_id: str
    parent_id: str
    start_time: datetime = NOW


def test_children_stand_below_their_parents_in_order_of_time():
    spans = [
        Step("c", "a", NOW + timedelta(2)),
        Step("b", "a", NOW + timedelta(1)),
        Step("d", "b"),
        Step("a", "elsewhere"),
    ]
    assert [(placed.span.span_id, placed.depth) for placed in lay_out(spans)] == [
        ("a", 0),
        ("b", 1),
        ("d", 2),
        ("c", 1),
    ]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef-")), unique_by=lambda pair: pair[0]))
def test_every_span_is_placed_once_even_in_rings(pairs):
    spans = [Step(span, parent) for span, parent in pairs]
    assert sorted(placed.span.span_id for placed in lay_out(spans)) == sorted(span.span_id for span in spans)


def test_a_chain_of_thousands_is_laid_out():
    spans = [Step(str(n), str(n - 1)) for n in range(5000)]
    assert lay_out(spans)[-1].depth == 4999


@given(
    st.datetimes(NOW.replace(1980, tzinfo=None), NOW.replace(2100, tzinfo=None)),
    st.uuids(),
    st.binary(min_size=8, max_size=8),
    st.booleans(),
)
def test_a_cursor_survives_the_url(moment, trace_id, span_id, newer):
    place = cursor.Cursor(moment.replace(tzinfo=UTC), trace_id, span_id.hex(), newer)
    assert cursor.decode(place.encode()) == place


@given(st.text(max_size=60))
def test_no_other_word_is_a_cursor(text):
    for decode in (cursor.decode, decode_position):
        with pytest.raises(cursor.BadCursor):
            decode(text)


def test_a_position_survives_the_url():
    place = Position(NOW, "ünïcode / name?")
    assert decode_position(place.encode()) == place


@pytest.mark.parametrize("text", ["WyIyMDI2IiwxXQ", "WyIyMDI2LTAxLTAxIiwgImEiXQ", "e30"])
def test_a_position_that_was_made_up_is_refused(text):
    with pytest.raises(cursor.BadCursor):
        decode_position(text)


def test_windows():
    assert window.last("7d", NOW).length == timedelta(days=7, minutes=5)
    assert window.last("soon", NOW).preset == "24h"
    assert window.between(None, None, NOW).preset == "24h"
    assert window.between(None, NOW, NOW) == window.Window(NOW - timedelta(hours=24), NOW)
    assert window.between(NOW.replace(hour=0, tzinfo=None), None, NOW).start == datetime(2026, 11, 23, tzinfo=UTC)
    for start, end in ((NOW, NOW), (NOW - timedelta(days=100), NOW)):
        with pytest.raises(window.BadWindow):
            window.between(start, end, NOW)


def test_entries_are_summed_by_minute_route_model_and_outcome():
    project = uuid7()
    start = datetime(2026, 11, 23, 11, 59, 59, 999_999, tzinfo=UTC)
    records = [
        make_record(project, start=start),
        make_record(project, start=start, attributes={"gen_ai.response.time_to_first_chunk": None}),
        make_record(project, start=start + timedelta(microseconds=1)),
        make_record(project, start=start, status="error", attributes={"gen_ai.response.model": None}),
    ]
    sums = sum_by_minute(rows_of(record, now=NOW).span for record in records)
    assert {(key.minute.minute, key.model, key.failed): each.requests for key, each in sums.items()} == {
        (59, "tiny-demo", False): 2,
        (0, "tiny-demo", False): 1,
        (59, "support", True): 1,
    }
    first = next(each for each in sums.values() if each.requests == 2)
    assert (first.input_tokens, first.cost_nano) == (24, 11_200)
    assert (first.durations_us, first.first_tokens_us) == ([1_000_000] * 2, [250_000])
    assert {type(key.project_id) for key in sums} == {uuid.UUID}


def test_steps_have_kinds():
    assert step_kind(operation="chat", kind="server", is_entry=True) == "gateway"
    assert step_kind(operation="chat", kind="client", is_entry=False) == "llm"
    assert step_kind(operation="", kind="internal", is_entry=False) == "policy"


def test_the_status_of_the_shipper_is_read_back_and_a_broken_one_is_as_good_as_none(tmp_path):
    assert read_status(tmp_path) == ShipperStatus()
    write_status(tmp_path, ShipperStatus(shipped=3, offsets={"a": 7}))
    assert read_status(tmp_path).offsets == {"a": 7}
    (tmp_path / ".shipper.json").write_text("{")
    assert read_status(tmp_path) == ShipperStatus()
