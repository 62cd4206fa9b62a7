"""What an application gets when all goes well."""

import time
from itertools import pairwise

from openai import OpenAI

from tests.functional.gateway.conftest import PROMPT
from tests.helpers.calling import HELLO, Caller
from tests.helpers.mock_provider import USAGE, MockProvider, answers, streams
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of, spooled


def test_the_official_client_gets_an_answer_by_model_name(openai: OpenAI) -> None:
    completion = openai.chat.completions.create(model="helper", messages=HELLO)
    assert completion.choices[0].message.content == "Ahoy there."
    assert completion.model == "acme-large-2026-01"
    assert completion.usage.total_tokens == 34


def test_the_official_client_streams_an_answer_by_route_name(openai: OpenAI) -> None:
    chunks = list(openai.chat.completions.create(model="support", messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Ahoy there."
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_the_body_of_a_plain_answer_is_the_providers_own(caller: Caller, provider: MockProvider) -> None:
    provider.behave("acme-large", answers("Grüße, 船長 🚢", usage={**USAGE, "acme_extra": {"a": [1, 2.50]}}))
    answer = caller.chat("helper")
    assert b'"acme_extra":{"a":[1,2.5]}' in answer.raw
    assert answer.json["choices"][0]["message"]["content"] == "Grüße, 船長 🚢"


def test_members_that_the_gateway_does_not_know_reach_the_provider_unchanged(
    caller: Caller, provider: MockProvider
) -> None:
    exotic = {"acme_option": {"deep": [None, True, 1e-7]}, "seed": 12345678901234567890, "unicode": "é\u2028"}
    assert caller.chat("helper", **exotic).status == 200
    (asked,) = provider.asked_for("acme-large")
    assert {name: asked.body[name] for name in exotic} == exotic


def test_a_route_adds_its_prompt_and_its_defaults_where_the_caller_left_them_open(
    caller: Caller, provider: MockProvider
) -> None:
    caller.chat("support", temperature=0.1)
    (asked,) = provider.asked_for("acme-large")
    assert asked.body["messages"] == [{"role": "system", "content": PROMPT}, *HELLO]
    assert (asked.body["temperature"], asked.body["max_tokens"]) == (0.1, 99)


def test_a_caller_that_brings_its_own_system_message_keeps_it(caller: Caller, provider: MockProvider) -> None:
    for role in ("system", "developer"):
        messages = [{"role": role, "content": "Speak like a pirate."}, *HELLO]
        caller.chat("support", messages=messages)
        assert provider.asked[-1].body["messages"] == messages


def test_the_answer_says_where_its_trace_is_and_which_route_it_took(caller: Caller) -> None:
    by_route = caller.chat("support", headers={"x-request-id": "order-17"})
    assert (by_route.headers["x-flywheel-route"], by_route.headers["x-flywheel-route-version"]) == ("support", "1")
    assert by_route.headers["x-request-id"] == "order-17"
    by_model = caller.chat("helper")
    assert "x-flywheel-route" not in by_model.headers
    assert by_model.headers["x-request-id"] == by_model.trace_id


def test_only_the_gateways_own_headers_reach_the_provider(caller: Caller, provider: MockProvider) -> None:
    caller.chat("helper", headers={"cookie": "a=b", "x-flywheel-user": "ada", "openai-organization": "org-1"})
    (asked,) = provider.asked
    assert asked.headers["authorization"] == "Bearer sk-acme-1234567890"
    assert set(asked.headers) == {
        "host", "accept-encoding", "content-type", "content-length", "authorization", "traceparent"
    }  # fmt: skip


def test_a_trace_goes_on_through_the_gateway(caller: Caller, provider: MockProvider) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    answer = caller.chat("helper", headers={"traceparent": f"00-{trace}-{parent}-00", "tracestate": "acme=1"})
    assert answer.trace_id == trace
    sent = provider.asked[-1].headers
    assert sent["traceparent"].startswith(f"00-{trace}-")
    assert parent not in sent["traceparent"]
    assert sent["tracestate"] == "acme=1"


def test_usage_is_shown_only_to_those_who_asked_for_it(caller: Caller, provider: MockProvider) -> None:
    silent = caller.chat("helper", stream=True)
    asked_for = caller.chat("helper", stream=True, stream_options={"include_usage": True})
    assert all(asked.body["stream_options"]["include_usage"] for asked in provider.asked)
    assert [event["choices"] == [] for event in silent.events[:-1]] == [False] * 5
    assert asked_for.events[-2]["usage"] == USAGE
    assert silent.events[-1] == asked_for.events[-1] == "[DONE]"


def test_events_are_passed_on_as_they_come(caller: Caller, provider: MockProvider, openai: OpenAI) -> None:
    provider.behave("acme-large", streams(("one", "two", "three"), pause=0.2))
    arrivals = [time.monotonic() for _ in openai.chat.completions.create(model="helper", messages=HELLO, stream=True)]
    assert arrivals[-1] - arrivals[0] > 0.3


def test_a_stream_is_sent_so_that_nothing_between_holds_it_back(caller: Caller) -> None:
    headers = caller.chat("helper", stream=True).headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache", "no")


def test_models_lists_routes_and_models_with_what_flywheel_knows(openai: OpenAI) -> None:
    models = {model.id: model for model in openai.models.list()}
    assert sorted(models) == ["helper", "support"]
    assert models["helper"].owned_by == "acme"
    assert models["support"].to_dict()["flywheel"] == {
        "kind": "route", "route_version": 1, "model": "helper", "context_tokens": 8192
    }  # fmt: skip
    assert openai.models.retrieve("support").id == "support"


def test_the_record_is_on_disk_when_the_last_byte_arrives(caller: Caller, gateway_process: ServerProcess) -> None:
    for stream in (False, True):
        answer = caller.chat("support", stream=stream)
        assert entry_of(gateway_process.spool, answer.trace_id).status == "ok"


def test_the_steps_of_a_request_add_up_to_the_whole(caller: Caller, gateway_process: ServerProcess) -> None:
    for stream in (False, True):
        answer = caller.chat("support", stream=stream)
        entry, *steps = spooled(gateway_process.spool, trace_id=answer.trace_id)
        assert [step.name for step in steps] == ["authorize", "receive", "route", "chat acme-large", "respond"]
        assert {step.parent_id for step in steps} == {entry.span_id}
        assert (steps[0].start_ns, steps[-1].end_ns) == (entry.start_ns, entry.end_ns)
        assert all(first.end_ns == then.start_ns for first, then in pairwise(steps))


def test_the_record_tells_who_asked_what_and_what_it_cost(caller: Caller, gateway_process: ServerProcess) -> None:
    labels = {"x-flywheel-session": "s-1", "x-flywheel-environment": "prod", "x-flywheel-release": "1.2"}
    answer = caller.chat("support", stream=True, user="ada", headers=labels)
    entry = entry_of(gateway_process.spool, answer.trace_id)
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "support",
        "gen_ai.response.model": "acme-large-2026-01",
        "gen_ai.provider.name": "acme",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 24,
        "gen_ai.usage.output_tokens": 10,
        "flywheel.cost.nano_usd": 24 * 150 + 10 * 600,
        "flywheel.route.name": "support",
        "http.response.status_code": 200,
        "user.id": "ada",
        "session.id": "s-1",
        "deployment.environment.name": "prod",
        "service.version": "1.2",
    }
    assert {name: entry.attributes[name] for name in expected} == expected
    assert entry.attributes["gen_ai.response.time_to_first_chunk"] > 0


def test_no_credential_is_ever_on_record(
    caller: Caller, gateway_process: ServerProcess, provider: MockProvider
) -> None:
    caller.chat("support")
    caller.chat("support", stream=True)
    caller.chat("nothing-of-that-name")
    written = b"".join(path.read_bytes() for path in gateway_process.spool.rglob("*.ndjson"))
    assert caller.key.encode() not in written
    assert b"sk-acme-1234567890" not in written
