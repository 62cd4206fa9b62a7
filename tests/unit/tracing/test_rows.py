import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.domain import rows
from apps.tracing.domain.rows import Unstorable, decode, rows_of
from llmkit.ids import uuid7
from llmkit.telemetry import SpanRecord, encode_records

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
START_NS = int(NOW.timestamp()) * 10**9


def record(**fields):
    values = {
        "project_id": str(uuid7()),
        "trace_id": "0123456789abcdef0123456789abcdef",
        "span_id": "0123456789abcdef",
        "name": "chat",
        "start_ns": START_NS,
        "end_ns": START_NS + 1_500_000_999,
    }
    return SpanRecord(**(values | fields))


def span(**fields):
    return rows_of(record(**fields), now=NOW).span


def payload(**fields):
    return rows_of(record(**fields), now=NOW).payload


def raw(value):
    return msgspec.Raw(json.dumps(value).encode())


def test_times_are_kept_to_the_microsecond():
    assert span().start_time == NOW
    assert span().duration_us == 1_500_000
    assert span(start_ns=START_NS + 1_999).start_time == NOW + timedelta(microseconds=1)


def test_attributes_fill_the_columns():
    stored = span(
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "route-a",
            "gen_ai.response.model": "gpt",
            "gen_ai.response.finish_reasons": ["stop", "length"],
            "gen_ai.response.time_to_first_chunk": 0.123456,
            "gen_ai.usage.input_tokens": "12",
            "gen_ai.usage.output_tokens": 3.0,
            "flywheel.cost.nano_usd": 2**40,
            "flywheel.usage.estimated": True,
            "gen_ai.conversation.id": "talk",
            "http.response.status_code": 200,
        }
    )
    assert (stored.operation, stored.provider, stored.request_model, stored.response_model) == (
        "chat",
        "openai",
        "route-a",
        "gpt",
    )
    assert (stored.finish_reason, stored.first_token_us) == ("stop", 123_456)
    assert (stored.input_tokens, stored.output_tokens, stored.cost_nano) == (12, 3, 2**40)
    assert (stored.usage_estimated, stored.session_id, stored.http_status) == (True, "talk", 200)
    assert stored.cached_tokens is None


def test_what_does_not_fit_a_column_is_cut_or_left_out_and_named():
    attributes = {
        "user.id": "u" * 300,
        "gen_ai.usage.input_tokens": 2**40,
        "gen_ai.usage.output_tokens": -1,
        "http.response.status_code": "teapot",
        "flywheel.key.id": "no uuid",
        "gen_ai.response.time_to_first_chunk": -4,
        "session.id": {"a": 1},
    }
    both = rows_of(record(attributes=attributes, name="n" * 500, parent_id="zz", end_ns=0), now=NOW)
    assert both.span.end_user == "u" * 199 + "…"
    assert both.span.name == "n" * 199 + "…"
    assert (both.span.input_tokens, both.span.output_tokens, both.span.http_status) == (None, None, None)
    assert (both.span.key_id, both.span.first_token_us, both.span.session_id) == (None, None, "")
    assert (both.span.parent_id, both.span.duration_us) == ("", 0)
    kept = json.loads(both.payload.attributes)
    assert kept.pop(rows.SANITISED) == sorted([*attributes, "name", "parent_id", "end"])
    assert kept == attributes


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"project_id": "x"}, "project_id"),
        ({"trace_id": "0" * 32}, "trace_id"),
        ({"trace_id": "12"}, "trace_id"),
        ({"span_id": "0" * 16}, "span_id"),
        ({"span_id": ""}, "span_id"),
        ({"start_ns": 0}, "start_ns"),
        ({"start_ns": -(10**40)}, "start_ns"),
        ({"start_ns": 10**40}, "start_ns"),
    ],
)
def test_a_record_without_sensible_identity_is_refused_with_the_field(fields, field):
    with pytest.raises(Unstorable, match=field):
        rows_of(record(**fields), now=NOW)


def test_bodies_keep_their_own_text_to_the_last_digit():
    assert payload(request=msgspec.Raw(b'{"a": 1.10}')).request == '{"a": 1.10}'
    assert payload(request=msgspec.Raw(b"null")).request == "null"
    assert payload().request is None


def test_a_stream_is_stored_as_the_response_it_amounts_to():
    stream = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: {"choices":[{"delta":{"content":"!"}}]}\n\n'
    both = rows_of(record(stream=stream), now=NOW)
    assert json.loads(both.payload.response)["choices"][0]["message"]["content"] == "Hi!"
    assert both.span.output_preview == both.payload.output_text == "Hi!"


def test_previews_are_the_last_question_and_the_answer_in_one_line():
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "one\n\n two"},
        {"role": "tool", "content": "x"},
    ]
    stored = span(
        request=raw({"messages": messages}),
        response=raw({"choices": [{"message": {"content": "w " * 400}}]}),
    )
    assert stored.input_preview == "one two"
    assert len(stored.output_preview) == 200
    assert stored.output_preview.endswith("…")


def test_what_is_nested_too_deeply_is_replaced_by_its_beginning():
    deep = b"[" * 150 + b"]" * 150
    stored = payload(
        request=msgspec.Raw(deep), attributes={"a": json.loads(deep)}, stream="data: " + deep.decode() + "\n\n"
    )
    assert json.loads(stored.request) == {rows.SANITISED: "nested too deeply", "beginning": deep.decode()}
    assert json.loads(stored.attributes) == {rows.SANITISED: "nested too deeply"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "role", "content", "choices", "message", "tool_calls", "function", "text", "error"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON, JSON, st.dictionaries(st.sampled_from(["user.id", "gen_ai.usage.input_tokens", "flywheel.key.id"]), JSON))
def test_every_valid_line_becomes_rows(request, response, attributes):
    line = encode_records([record(request=raw(request), response=raw(response))]).strip()
    as_json = json.loads(line)
    as_json["attributes"] = attributes
    rows_of(decode(json.dumps(as_json).encode()), now=NOW)


@given(st.binary())
def test_any_other_line_is_refused(line):
    with pytest.raises(Unstorable):
        decode(line)


def test_a_line_that_is_nested_beyond_reading_is_refused():
    line = encode_records([record(request=raw([1]))]).replace(b"[1]", b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(Unstorable, match="nested"):
        decode(line)
