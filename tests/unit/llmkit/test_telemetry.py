import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit.telemetry import SpanRecord, decode_record, encode_records

IDS = {"project_id": "p", "trace_id": "t", "span_id": "s", "name": "chat", "start_ns": 1, "end_ns": 2}


def test_a_record_comes_back_as_it_went():
    record = SpanRecord(
        **IDS, attributes={"gen_ai.usage.input_tokens": 7}, request=msgspec.Raw(b'{"n":1.0}'), stream="a"
    )
    line = encode_records([record])
    assert decode_record(line) == record


def test_a_body_with_line_breaks_stays_on_one_line():
    record = SpanRecord(**IDS, request=msgspec.Raw(b'{\r\n  "text": "one\\ntwo"\n}'))
    line = encode_records([record])
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(decode_record(line).request) == {"text": "one\ntwo"}


def test_what_is_not_set_takes_no_room():
    assert b"response" not in encode_records([SpanRecord(**IDS)])


@given(st.lists(st.text(), max_size=5))
def test_any_texts_become_one_line_each(texts):
    records = [SpanRecord(**IDS, stream=text, attributes={"text": text}) for text in texts]
    lines = encode_records(records).splitlines(keepends=True)
    assert [decode_record(line).stream for line in lines] == texts


def test_a_line_that_is_no_record_is_refused():
    with pytest.raises(msgspec.DecodeError):
        decode_record(b'{"name": 1}')
