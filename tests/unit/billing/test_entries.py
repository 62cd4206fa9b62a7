"""What is stored of a ledger record, and what never is."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from apps.billing.domain.entries import LONGEST_RAW, decode, entry_of, usage_json, usage_of
from apps.tracing.domain.rows import Unstorable
from llmkit.ledger import LedgerRecord, encode_ledger
from llmkit.usage import Usage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROJECT, KEY, PRICE = (uuid.UUID(int=number) for number in (1, 2, 3))


def record(**fields):
    values = {
        "kind": "settle",
        "project_id": str(PROJECT),
        "trace_id": "a" * 32,
        "span_id": "B" * 16,
        "occurred_ns": int(NOW.timestamp()) * 10**9 + 123_456_789,
        "amount_nano": 5,
        "key_id": str(KEY),
        "price_version": str(PRICE),
        "usage": Usage(prompt_tokens=3, completion_tokens=4),
    }
    return LedgerRecord(**(values | fields))


def test_a_record_becomes_a_row():
    row = entry_of(record(tags={"team": "x"}, route="support", route_version=3), now=NOW).row
    assert (row.project_id, row.key_id, row.price_version_id) == (PROJECT, KEY, PRICE)
    assert (row.trace_id.hex, row.span_id) == ("a" * 32, "b" * 16)
    assert row.occurred_at == NOW + timedelta(microseconds=123_456)
    assert (row.input_tokens, row.output_tokens, row.amount_nano) == (3, 4, 5)
    assert json.loads(row.tags) == {"team": "x"}
    assert (row.route, row.route_version) == ("support", 3)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"project_id": "x"}, "project_id"),
        ({"trace_id": "a" * 31}, "trace_id"),
        ({"trace_id": "0" * 32}, "trace_id"),
        ({"span_id": "0" * 16}, "span_id"),
        ({"span_id": "é" * 16}, "span_id"),
        ({"occurred_ns": 0}, "occurred_ns"),
        ({"occurred_ns": 10**30}, "occurred_ns"),
        ({"occurred_ns": int((NOW + timedelta(days=2)).timestamp()) * 10**9}, "occurred_ns"),
        ({"amount_nano": -1}, "amount_nano"),
        ({"amount_nano": 2**63}, "amount_nano"),
        ({"saved_nano": -1}, "saved_nano"),
        ({"usage": Usage(prompt_tokens=-1)}, "prompt_tokens"),
        ({"usage": Usage(completion_tokens=2**60)}, "completion_tokens"),
    ],
)
def test_what_makes_no_sense_is_named(fields, named):
    with pytest.raises(Unstorable, match=named):
        entry_of(record(**fields), now=NOW)


def test_money_counts_where_a_label_of_it_is_broken():
    row = entry_of(record(key_id="x", price_version="y", route_version=2**40, user="u" * 999), now=NOW).row
    assert (row.key_id, row.price_version_id, row.route_version) == (None, None, None)
    assert row.end_user == "u" * 200
    assert row.amount_nano == 5


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[" * 100_000, b'{"kind":"settle"}', b"\xff\xfe"])
def test_what_is_no_record_says_so(line):
    with pytest.raises(Unstorable, match="no ledger record"):
        decode(line)


def test_texts_that_postgres_cannot_hold_are_mended():
    assert decode(encode_ledger(record(user="a\0b"))).user == "a\ufffdb"


def test_usage_is_stored_with_the_providers_own_counts_and_comes_back():
    usage = Usage(prompt_tokens=9, cached_tokens=3, raw={"prompt_tokens": 9, "x": {"y": 1}})
    assert usage_of(json.loads(usage_json(usage))) == usage
    assert json.loads(usage_json(Usage(completion_tokens=1))) == {"completion_tokens": 1}


@pytest.mark.parametrize("raw", [{"x": "y" * LONGEST_RAW}, msgspec.json.decode(b'{"x":' * 600 + b"1" + b"}" * 600)])
def test_raw_counts_beyond_all_measure_are_left_out(raw):
    assert json.loads(usage_json(Usage(prompt_tokens=1, raw=raw))) == {"prompt_tokens": 1}
