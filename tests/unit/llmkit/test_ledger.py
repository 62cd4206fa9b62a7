import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit.ledger import (
    LONGEST_TAG_NAME,
    LONGEST_TAG_VALUE,
    MOST_TAGS,
    LedgerRecord,
    decode_ledger,
    encode_ledger,
    tags_of,
)
from llmkit.usage import Usage

RECORD = LedgerRecord(
    kind="settle",
    project_id="0199f0a0-0000-7000-8000-000000000001",
    trace_id="a" * 32,
    span_id="b" * 16,
    occurred_ns=1_700_000_000_000_000_000,
    amount_nano=2**53 + 1,
    user="ünïcode\n\u2028",
    tags={"team": "search"},
    usage=Usage(prompt_tokens=5, completion_tokens=7, raw={"prompt_tokens": 5, "odd": [1, None]}),
)


def test_a_record_survives_the_way_through_the_spool():
    assert decode_ledger(encode_ledger(RECORD)) == RECORD


def test_records_are_one_line_each_whatever_their_texts_hold():
    lines = encode_ledger(RECORD, RECORD)
    assert lines.endswith(b"\n")
    assert [decode_ledger(line) for line in lines.splitlines()] == [RECORD, RECORD]


def test_what_says_nothing_takes_no_room():
    bare = LedgerRecord(kind="release", project_id="p", trace_id="t", span_id="s", occurred_ns=1)
    assert msgspec.json.decode(encode_ledger(bare)).keys() == {
        "kind", "project_id", "trace_id", "span_id", "occurred_ns",
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[1]", b'{"kind":"gift"}', encode_ledger(RECORD).replace(b'"settle"', b'"adjust"')],
)
def test_what_is_no_record_is_refused(line):
    with pytest.raises(msgspec.MsgspecError):
        decode_ledger(line)


@given(
    st.dictionaries(
        st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
    )
)
def test_tags_are_few_short_texts_whatever_the_metadata_holds(metadata):
    tags = tags_of(metadata)
    assert len(tags) <= MOST_TAGS
    assert all(0 < len(name) <= LONGEST_TAG_NAME and len(value) <= LONGEST_TAG_VALUE for name, value in tags.items())
    record = msgspec.structs.replace(RECORD, tags=tags)
    assert decode_ledger(encode_ledger(record)) == record


def test_plain_values_become_tags_and_others_are_left_out():
    metadata = {"team": "search", "beta": True, "cohort": 7, "": "x", "nested": {"a": 1}, "none": None}
    assert tags_of(metadata) == {"team": "search", "beta": "true", "cohort": "7"}
    assert tags_of({"ratio": math.nan}) == {"ratio": "null"}
    assert tags_of(None) == {}
