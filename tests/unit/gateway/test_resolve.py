"""From the name in a request to the body that goes to the provider."""

import json

import msgspec
import pytest

from apps.gateway.domain.policy import default_policy
from apps.gateway.proxy.asked import parse
from apps.gateway.proxy.attempts.attempt import Attempt
from apps.gateway.proxy.doors import CHAT_DOOR
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.proxy.resolve import NAMES_SHOWN, Plan, attempt_at, resolve
from apps.gateway.snapshot import RouteEntry
from llmkit.ids import uuid7
from tests.factories.hot_path import HELLO, make_key, make_model

PROMPT = b'{"role":"system","content":"Be kind."}'


def make_route(name: str = "support", **fields) -> RouteEntry:
    known = {"id": str(uuid7()), "name": name, "version": 3, "policy": default_policy("helper")}
    known |= {"targets": (make_model(),), "system_turn": PROMPT, "defaults": {}, "created": 0}
    return RouteEntry(**(known | fields))


def planned(key, **members) -> Plan:
    return resolve(
        key, parse(json.dumps({"model": "helper", "messages": HELLO} | members).encode(), CHAT_DOOR), CHAT_DOOR
    )


def attempted(plan: Plan) -> Attempt:
    return attempt_at(plan, plan.targets[0], lambda: "0" * 16)


def sent(plan: Plan) -> dict:
    return json.loads(msgspec.json.encode(attempted(plan).members))


def refusal(key, **members) -> Refusal:
    with pytest.raises(Refusal) as caught:
        attempted(planned(key, **members))
    return caught.value


def test_a_model_is_called_by_its_name_at_the_provider():
    plan = planned(make_key())
    assert sent(plan) == {"model": "acme-large", "messages": HELLO}
    assert attempted(plan).body is None


def test_a_body_that_needs_no_change_goes_on_as_it_came():
    key = make_key(make_model(upstream_name="helper"))
    body = json.dumps({"model": "helper", "messages": HELLO}).encode()
    assert attempted(resolve(key, parse(body, CHAT_DOOR), CHAT_DOOR)).body is body


def test_a_stream_is_asked_for_its_usage_and_keeps_the_other_options():
    plan = planned(make_key(), stream=True, stream_options={"acme": 1, "include_usage": False})
    assert sent(plan)["stream_options"] == {"acme": 1, "include_usage": True}
    assert sent(planned(make_key(), stream=True, stream_options=None))["stream_options"] == {"include_usage": True}
    assert "stream_options" not in sent(planned(make_key()))


def test_a_route_comes_before_a_model_of_the_same_name():
    key = make_key(routes=(make_route("helper"),))
    assert planned(key).route.version == 3


def test_a_route_fills_in_what_was_left_open_and_no_more():
    defaults = {"temperature": msgspec.Raw(b"0.5"), "top_p": msgspec.Raw(b"0.9")}
    plan = planned(make_key(routes=(make_route(defaults=defaults),)), model="support", temperature=None)
    assert sent(plan) == {
        "model": "acme-large",
        "messages": [{"role": "system", "content": "Be kind."}, *HELLO],
        "temperature": None,
        "top_p": 0.9,
    }
    assert plan.route_added


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_system_message_of_the_caller_replaces_the_routes(role):
    messages = [*HELLO, {"role": role, "content": "Be brief."}]
    plan = planned(make_key(routes=(make_route(),)), model="support", messages=messages)
    assert sent(plan)["messages"] == messages
    assert not plan.route_added


def test_an_unknown_name_is_answered_with_the_names_there_are():
    found = refusal(make_key(make_model("b"), routes=(make_route("a"),)), model="c")
    assert (found.status, found.param) == (404, "model")
    assert found.message.endswith("This key may use: a, b.")


def test_the_list_of_names_is_sorted_and_bounded():
    found = refusal(make_key(*(make_model(f"model-{number:03}") for number in range(50, 0, -1))), model="c")
    assert found.message.count("model-") == NAMES_SHOWN
    assert "model-001, model-002" in found.message
    assert found.message.endswith("and 30 more.")


def test_names_that_a_key_may_not_use_are_neither_used_nor_offered():
    key = make_key(make_model("a"), make_model("b"), models_allowed=frozenset(["a"]))
    found = refusal(key, model="b")
    assert (found.status, found.code) == (403, "model_not_allowed")
    assert "This key may use: a." in found.message
    assert "may not use any" in refusal(make_key(models_allowed=frozenset(["z"])), model="c").message


def test_a_provider_out_of_order_is_named():
    found = refusal(make_key(make_model(upstream=None, unusable="its credential cannot be decrypted.")))
    assert found.status == 503
    assert "'acme' cannot be called: its credential cannot be decrypted." in found.message
