"""Spans of the engine in the spool, under the caller's span."""

import pytest

from llmkit.spool import SegmentReader, segments
from llmkit.telemetry import SpanRecord, decode_record
from tests.functional.engine.conftest import TOKEN
from tests.functional.engine.test_scheduling import open_stream
from tests.helpers.waiting import eventually

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PROJECT = "0192f3c1-2b64-7a4e-9c7e-5f0d8e7b1a2c"
REQUEST = {"model": "solo", "messages": [{"role": "user", "content": "moor"}], "max_tokens": 7, "temperature": 0}


def headers(trace: str = TRACE, project: str = PROJECT) -> dict[str, str]:
    named = {
        "authorization": f"Bearer {TOKEN}",
        "traceparent": f"00-{trace}-{PARENT}-01",
        "x-flywheel-project": project,
    }
    return {name: value for name, value in named.items() if value}


def spans(small_engine, trace: str) -> list[SpanRecord]:
    lines = [line for path in segments(small_engine.spool) for line in SegmentReader(path).read_lines(1 << 20)[0]]
    return [record for record in map(decode_record, lines) if record.trace_id == trace]


@pytest.mark.parametrize("stream", [False, True])
def test_queue_prefill_and_decode_stand_under_the_callers_span(small_engine, stream):
    trace = TRACE[:-1] + str(int(stream))
    with small_engine.send(REQUEST | {"stream": stream}, headers(trace)) as sent:
        sent.answer.read()
    found = spans(small_engine, trace)
    assert [span.name for span in found] == ["engine.queue", "engine.prefill", "engine.decode"]
    assert {(span.parent_id, span.project_id, span.status) for span in found} == {(PARENT, PROJECT, "unset")}
    queue, prefill, decode = found
    assert queue.start_ns <= queue.end_ns == prefill.start_ns <= prefill.end_ns == decode.start_ns <= decode.end_ns
    assert prefill.attributes["gen_ai.usage.input_tokens"] == 5
    assert decode.attributes["gen_ai.usage.output_tokens"] == 7
    assert decode.attributes["gen_ai.response.finish_reasons"] == ["length"]
    assert 0 < decode.attributes["flywheel.answer.confidence"] < 1
    assert "flywheel.answer.confidence" not in prefill.attributes
    assert {span.attributes["gen_ai.request.model"] for span in found} == {"solo"}


def test_without_a_project_nothing_is_written(small_engine):
    trace = TRACE[:-1] + "a"
    assert small_engine.chat(headers(trace, project=""), **REQUEST)[0] == 200
    assert spans(small_engine, trace) == []


def test_a_broken_traceparent_does_no_harm(small_engine):
    broken = headers() | {"traceparent": "00-nonsense-01"}
    assert small_engine.chat(broken, **REQUEST)[0] == 200


def test_a_client_that_left_is_marked_and_its_tokens_are_kept(small_engine):
    trace = TRACE[:-1] + "b"
    with open_stream(small_engine, model="solo", headers=headers(trace)):
        pass
    decode = eventually(lambda: len(found := spans(small_engine, trace)) == 3 and found)[-1]
    assert decode.name == "engine.decode"
    assert decode.attributes["flywheel.client.disconnected"] is True
    assert decode.attributes["gen_ai.usage.output_tokens"] >= 1
