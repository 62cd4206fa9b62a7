"""Places in the batch and in the queue: who waits, who is refused, and who gives a place back."""

import contextlib
import json

from tests.functional.engine.conftest import TOKEN
from tests.functional.engine.running import RunningEngine
from tests.helpers.waiting import eventually

ENDLESS = {
    "messages": [{"role": "user", "content": "moor"}],
    "max_tokens": 30_000,
    "ignore_eos": True,
    "temperature": 0,
}
SHORT = {"messages": [{"role": "user", "content": "moor"}], "max_tokens": 2, "temperature": 0}
KEY = {"authorization": f"Bearer {TOKEN}"}


def aborted(engine: RunningEngine) -> float:
    return engine.metric("vllm:request_success_total", finished_reason="abort")


def running(engine: RunningEngine) -> float:
    return engine.metric("vllm:num_requests_running")


def waiting(engine: RunningEngine) -> float:
    return engine.metric("vllm:num_requests_waiting")


@contextlib.contextmanager
def open_stream(engine: RunningEngine, *, model: str, headers: dict[str, str] | None = None):
    """A stream of which the first event has been read; closed without reading on."""
    with engine.send(ENDLESS | {"stream": True, "model": model}, headers or KEY) as sent:
        assert sent.answer.readline().startswith(b"data: ")
        yield


def test_a_client_that_leaves_a_stream_frees_its_place(engine):
    before, tokens = aborted(engine), engine.metric("vllm:generation_tokens_total")
    with open_stream(engine, model="wanderer"):
        assert running(engine) == 1
    eventually(lambda: running(engine) == 0)
    eventually(lambda: aborted(engine) == before + 1)
    assert engine.metric("vllm:generation_tokens_total") - tokens < ENDLESS["max_tokens"]


def test_a_client_that_leaves_a_plain_request_frees_its_place(engine):
    before = aborted(engine)
    with engine.send(ENDLESS | {"model": "wanderer"}):
        eventually(lambda: running(engine) == 1)
    eventually(lambda: running(engine) == 0)
    eventually(lambda: aborted(engine) == before + 1)


def test_requests_join_a_batch_that_is_under_way(engine):
    with open_stream(engine, model="wanderer"):
        status, answer, _ = engine.chat(model="wanderer", **SHORT)
        assert (status, answer["usage"]["completion_tokens"]) == (200, 2)
        assert running(engine) == 1
    eventually(lambda: running(engine) == 0)


def test_one_waits_and_the_next_is_told_to_come_back(small_engine):
    with contextlib.ExitStack() as opened:
        with open_stream(small_engine, model="solo"):
            patient = opened.enter_context(small_engine.send(SHORT | {"model": "solo"}, KEY))
            eventually(lambda: waiting(small_engine) == 1)
            status, answer, headers = small_engine.chat(KEY, model="solo", **SHORT)
            assert (status, answer["error"]["code"], answer["error"]["type"]) == (429, "queue_full", "rate_limit_error")
            assert int(headers["retry-after"]) >= 1
            assert small_engine.metric("flywheel:requests_rejected_total") >= 1
        assert patient.answer.status == 200
        assert json.loads(patient.answer.read())["usage"]["completion_tokens"] == 2


def test_a_client_that_leaves_the_queue_makes_room_in_it(small_engine):
    before = aborted(small_engine)
    with open_stream(small_engine, model="solo"):
        for stream in (True, False):
            with small_engine.send(SHORT | {"model": "solo", "stream": stream}, KEY):
                eventually(lambda: waiting(small_engine) == 1)
            eventually(lambda: waiting(small_engine) == 0)
        assert running(small_engine) == 1
    eventually(lambda: running(small_engine) == 0)
    eventually(lambda: aborted(small_engine) == before + 3)


def test_a_slow_reader_gets_everything(engine):
    request = ENDLESS | {"model": "wanderer", "stream": True, "max_tokens": 300}
    with engine.send(request | {"stream_options": {"include_usage": True}}) as sent:
        assert sent.answer.status == 200
        eventually(lambda: running(engine) == 0)
        events = sent.events()
    assert events[-1] == "[DONE]"
    assert events[-2]["usage"]["completion_tokens"] == 300


def test_a_token_is_asked_for_where_one_is_set(small_engine):
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}):
        status, answer, _ = small_engine.chat(headers, model="solo", **SHORT)
        assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
    assert small_engine.status("/v1/models") == 401
    assert small_engine.status("/health") == 200
    assert small_engine.chat(KEY, model="solo", **SHORT)[0] == 200
