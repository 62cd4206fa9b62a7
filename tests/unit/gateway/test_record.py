"""What is written down of a request."""

import json

from apps.gateway.proxy.attempts.attempt import KEPT_BYTES
from apps.gateway.proxy.estimate import fill_in_usage
from apps.gateway.proxy.exchange import RECEIVE
from apps.gateway.proxy.record import encode_record
from apps.serving.services import Usage, observe_body
from llmkit.telemetry import decode_record
from tests.factories.hot_path import PRICE, answered, make_exchange, make_key, make_model

BODY = {
    "id": "chatcmpl-1",
    "model": "acme-large-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 40}},
}


def recorded(exchange):
    exchange.end_running()
    fill_in_usage(exchange)
    return [decode_record(line) for line in encode_record(exchange).splitlines()]


def answered_with(body, **members):
    exchange = answered(make_exchange(**members))
    exchange.outcome.body = json.dumps(body).encode()
    exchange.winner.received = exchange.outcome.body
    exchange.winner.answer = observe_body(exchange.outcome.body)
    return exchange


def test_a_request_is_one_entry_and_a_span_for_each_step():
    entry, *steps = recorded(answered_with(BODY))
    assert entry.is_entry
    assert [step.name for step in steps] == ["authorize", "receive", "route", "chat acme-large", "respond"]
    assert not any(step.is_entry for step in steps)
    moments = [moment for step in steps for moment in (step.start_ns, step.end_ns)]
    assert moments == sorted(moments)
    assert (entry.start_ns, entry.end_ns) == (moments[0], moments[-1])


def test_cached_tokens_cost_their_own_price():
    entry, *_ = recorded(answered_with(BODY))
    assert entry.attributes["flywheel.cost.nano_usd"] == 60 * 150 + 40 * 75 + 10 * 600
    assert entry.attributes["flywheel.price.version"] == PRICE.id


def test_without_a_price_there_is_no_cost():
    exchange = answered(make_exchange(make_key(make_model(prices=()))))
    exchange.winner.answer.usage = Usage(prompt_tokens=1, completion_tokens=1)
    entry, *_ = recorded(exchange)
    assert "flywheel.cost.nano_usd" not in entry.attributes
    assert entry.attributes["gen_ai.usage.input_tokens"] == 1


def test_bodies_are_kept_as_they_crossed_the_wire():
    exchange = answered_with(BODY)
    entry, *_ = recorded(exchange)
    assert bytes(entry.request) == exchange.request.raw
    assert bytes(entry.response) == exchange.outcome.body


def test_the_user_and_the_session_come_from_the_body_or_from_headers():
    by_body = answered_with(BODY, user="ada", metadata={"session_id": "s-1"})
    by_header = answered_with(BODY, headers=[(b"x-flywheel-user", b"bob"), (b"x-flywheel-session", b"s-2")])
    found = [recorded(exchange)[0].attributes for exchange in (by_body, by_header)]
    assert [(labels["user.id"], labels["session.id"]) for labels in found] == [("ada", "s-1"), ("bob", "s-2")]


def test_a_refused_request_ends_in_the_step_that_failed():
    exchange = make_exchange()
    exchange.phases, exchange.running = exchange.phases[:1], RECEIVE
    exchange.request = exchange.plan = exchange.winner = None
    exchange.attempts = []
    exchange.outcome.status, exchange.outcome.error_type = 400, "invalid_json"
    entry, *steps = recorded(exchange)
    assert [(step.name, step.status) for step in steps] == [("authorize", "unset"), ("receive", "error")]
    assert (entry.name, entry.status) == ("chat", "error")


def test_a_huge_request_is_kept_without_its_longest_parts():
    messages = [{"role": "user", "content": "a" * KEPT_BYTES}, {"role": "user", "content": "What was that?"}]
    entry, *_ = recorded(answered_with(BODY, messages=messages, acme="b" * KEPT_BYTES))
    kept = json.loads(bytes(entry.request))
    assert kept["messages"][1] == messages[1]
    assert kept["messages"][0]["content"].endswith("bytes, too large to keep]")
    assert kept["acme"].endswith("too large to keep]")
    assert entry.attributes["flywheel.payload.truncated"] is True
    assert len(bytes(entry.request)) < KEPT_BYTES


def test_a_huge_answer_is_not_kept():
    exchange = answered_with({**BODY, "acme": "b" * KEPT_BYTES})
    entry, *_ = recorded(exchange)
    assert "too large to keep" in bytes(entry.response).decode()
    assert entry.attributes["gen_ai.usage.output_tokens"] == 10


def test_line_breaks_in_a_body_stay_out_of_the_line():
    exchange = answered(make_exchange())
    exchange.outcome.body = json.dumps(BODY, indent=2).encode()
    assert len(recorded(exchange)) == 6


def test_usage_is_estimated_from_what_was_asked_and_said():
    exchange = answered_with({**BODY, "usage": None})
    entry, *_ = recorded(exchange)
    assert (entry.attributes["gen_ai.usage.input_tokens"], entry.attributes["gen_ai.usage.output_tokens"]) == (2, 1)
    assert entry.attributes["flywheel.usage.estimated"] is True


def test_usage_is_estimated_from_the_part_of_a_stream_that_came():
    exchange = make_exchange(stream=True)
    exchange.winner.answered = True
    exchange.winner.stream = [b'data: {"choices":[{"delta":{"content":"12345678"}}]}\n\n'] * 2
    exchange.winner.stream.append(b'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}\n\n')
    exchange.outcome.status = 499
    entry, *_ = recorded(exchange)
    assert entry.attributes["gen_ai.usage.output_tokens"] == (16 + len('[{"index":0}]') + 3) // 4


def test_pictures_are_not_counted_as_words():
    parts = [{"type": "text", "text": "12345678"}, {"type": "image_url", "image_url": {"url": "data:" + "x" * 9000}}]
    exchange = answered_with({**BODY, "usage": None}, messages=[{"role": "user", "content": parts}])
    entry, *_ = recorded(exchange)
    assert entry.attributes["gen_ai.usage.input_tokens"] == 2


def test_what_never_reached_a_provider_used_nothing():
    exchange = make_exchange()
    exchange.winner.outgoing, exchange.winner.cut_off = b"", True
    exchange.outcome.status = 499
    entry, *_ = recorded(exchange)
    assert "gen_ai.usage.input_tokens" not in entry.attributes


def test_names_are_kept_at_a_length_that_names_have():
    long = "x" * 100_000
    entry, *_ = recorded(answered_with(BODY | {"id": long, "model": long}, user=long))
    for name in ("user.id", "gen_ai.response.id", "gen_ai.response.model"):
        assert entry.attributes[name] == "x" * 200
