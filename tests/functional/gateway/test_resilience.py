"""A route with several targets, some of which are having a bad day."""

import time
from collections.abc import Callable

import pytest

from apps.accounts.services import Actor
from apps.gateway.services import create_route
from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import House
from tests.helpers.calling import Answer, Caller
from tests.helpers.mock_provider import (
    MockProvider,
    answers,
    answers_after,
    fails,
    hangs,
    streams,
    then_cut,
    then_error,
)
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import spooled
from tests.helpers.waiting import eventually

QUICK = {"retries": {"attempts": 2, "base_ms": 1, "max_ms": 5, "max_retry_after_ms": 1000}}
TWO = {"targets": [{"model": "helper"}, {"model": "spare"}]}
Route = Callable[..., Caller]


@pytest.fixture
def route(house: House, gateway_process: ServerProcess, provider: MockProvider) -> Route:
    """Makes the route `ship` with this policy, over the models `helper` and `spare` at providers of their own."""
    second = make_provider(house.project, base_url=provider.url, name="spare")
    make_model(second, name="spare", upstream_name="spare-large", input_nano=1_000_000_000, output_nano=1_000_000_000)

    def make(**policy: object) -> Caller:
        made = {**QUICK, **policy}
        create_route(actor=Actor(), project=house.project, name="ship", model=house.model, policy=made)
        caller = house.caller(gateway_process)
        eventually(lambda: caller.get("/v1/models/ship").status == 200)
        return caller

    return make


def once(behaviour, then):
    """One behaviour for the first request, another for the rest."""
    calls = []

    async def both(asked, writer):
        calls.append(asked)
        await (behaviour if len(calls) == 1 else then)(asked, writer)

    return both


def attempts(spool, answer: Answer) -> list[tuple[str, str]]:
    return [(span.name, span.status) for span in spooled(spool, trace_id=answer.trace_id) if span.kind == "client"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "trouble",
    [fails(500, {}), fails(503, {}), fails(429, {}, {"retry-after-ms": "5"}), streams((), end=then_cut)],
    ids=["500", "503", "429", "cut off"],
)
def test_a_passing_trouble_is_tried_again(route: Route, provider: MockProvider, trouble, stream: bool) -> None:
    caller = route()
    provider.behave("acme-large", once(trouble, streams() if stream else answers()))
    assert caller.chat("ship", stream=stream).status == 200
    assert len(provider.asked_for("acme-large")) == 2


def test_what_the_caller_got_wrong_is_not_tried_again(route: Route, provider: MockProvider) -> None:
    caller = route(**TWO)
    provider.behave("acme-large", fails(400, {"error": {"message": "No such tool."}}))
    answer = caller.chat("ship")
    assert (answer.status, len(provider.asked)) == (400, 1)
    assert "x-should-retry" not in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_the_next_target_answers_when_the_first_does_not(
    route: Route, provider: MockProvider, gateway_process: ServerProcess, stream: bool
) -> None:
    caller = route(**TWO)
    provider.behave("acme-large", fails(500, {"error": {"message": "Out of tar."}}))
    answer = caller.chat("ship", stream=stream)
    assert (answer.status, answer.headers["x-flywheel-model"]) == (200, "spare")
    assert attempts(gateway_process.spool, answer) == [
        ("chat acme-large", "error"), ("chat acme-large", "error"), ("chat acme-large", "error"),
        ("chat spare-large", "ok"),
    ]  # fmt: skip
    last = [span for span in spooled(gateway_process.spool, trace_id=answer.trace_id) if span.kind == "client"][-1]
    assert (last.attributes["flywheel.attempt.number"], last.attributes["flywheel.attempt.target"]) == (4, "spare")
    (entry,) = [span for span in spooled(gateway_process.spool, trace_id=answer.trace_id) if span.is_entry]
    assert entry.attributes["flywheel.cost.nano_usd"] == (24 + 10) * 1000


def test_a_crowded_target_is_left_for_another_at_once(route: Route, provider: MockProvider) -> None:
    caller = route(**TWO)
    provider.behave("acme-large", fails(429, {}, {"retry-after": "7"}))
    assert caller.chat("ship").headers["x-flywheel-model"] == "spare"
    assert len(provider.asked_for("acme-large")) == 1
    assert caller.chat("ship").headers["x-flywheel-model"] == "spare"
    assert len(provider.asked_for("acme-large")) == 1, "it asked for seven seconds"


def test_when_all_fail_the_client_is_told_not_to_try_again(route: Route, provider: MockProvider) -> None:
    caller = route(**TWO)
    for model in ("acme-large", "spare-large"):
        provider.behave(model, fails(500, {}))
    answer = caller.chat("ship")
    assert (answer.status, answer.headers["x-should-retry"]) == (502, "false")
    assert len(provider.asked) == 3 + 1, "the budget of two retries is the request's, not the target's"


def test_tries_of_the_clients_own_are_counted_in(route: Route, provider: MockProvider) -> None:
    caller = route()
    provider.behave("acme-large", fails(500, {}))
    answer = caller.chat("ship", headers={"x-stainless-retry-count": "2"})
    assert (answer.status, answer.headers["x-should-retry"], len(provider.asked)) == (502, "false", 1)


def test_nothing_is_tried_again_once_content_has_been_sent(route: Route, provider: MockProvider) -> None:
    caller = route(**TWO)
    provider.behave("acme-large", streams(("Ahoy",), end=then_error))
    answer = caller.chat("ship", stream=True)
    assert answer.events[-1]["error"]["code"] == "provider_error"
    assert len(provider.asked) == 1


def test_an_error_after_the_role_but_before_the_content_still_reaches_the_next_target(
    route: Route, provider: MockProvider
) -> None:
    caller = route(**TWO)
    provider.behave("acme-large", streams((), end=then_error))
    answer = caller.chat("ship", stream=True)
    assert (answer.status, answer.headers["x-flywheel-model"]) == (200, "spare")


def test_a_target_without_content_in_time_is_left_for_the_next(route: Route, provider: MockProvider) -> None:
    caller = route(**TWO, timeouts={"first_token_ms": 100}, **{**QUICK, "retries": {"attempts": 0}})
    provider.behave("acme-large", hangs())
    assert caller.chat("ship", stream=True).headers["x-flywheel-model"] == "spare"
    assert provider.asked[0].hung_up.wait(5)


def test_all_attempts_together_have_a_limit(route: Route, provider: MockProvider) -> None:
    caller = route(timeouts={"total_ms": 150})
    provider.behave("acme-large", hangs())
    answer = caller.chat("ship")
    assert (answer.status, answer.error["code"]) == (504, "provider_timeout")
    assert "all attempts together" in answer.error["message"]


def test_the_quicker_of_two_is_taken_and_the_other_cut_off_and_billed(
    route: Route, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    caller = route(**TWO, hedge={"min_ms": 1, "max_ms": 50, "max_share": 0.5})
    provider.behave("acme-large", hangs())
    answer = caller.chat("ship")
    assert (answer.status, answer.headers["x-flywheel-model"]) == (200, "spare")
    assert provider.asked_for("acme-large")[0].hung_up.wait(5)
    spans = [span for span in spooled(gateway_process.spool, trace_id=answer.trace_id) if span.kind == "client"]
    assert [span.attributes.get("flywheel.attempt.cut_off", False) for span in spans] == [True, False]
    assert spans[0].attributes["flywheel.usage.estimated"] is True
    (entry,) = [span for span in spooled(gateway_process.spool, trace_id=answer.trace_id) if span.is_entry]
    costs = [span.attributes["flywheel.cost.nano_usd"] for span in spans]
    assert entry.attributes["flywheel.cost.nano_usd"] == sum(costs)


def test_a_second_target_that_fails_does_not_hurt_the_first(route: Route, provider: MockProvider) -> None:
    caller = route(**TWO, hedge={"min_ms": 1, "max_ms": 20, "max_share": 0.5})
    provider.behave("acme-large", answers_after(0.3))
    provider.behave("spare-large", fails(400, {}))
    answer = caller.chat("ship")
    assert (answer.status, answer.headers["x-flywheel-model"]) == (200, "helper")
    assert len(provider.asked) == 2


def test_conditions_send_requests_to_different_targets(route: Route) -> None:
    gold = {"field": "metadata.tier", "op": "equals", "value": "gold"}
    caller = route(targets=[{"model": "helper", "when": [gold]}, {"model": "spare"}])
    taken = [caller.chat("ship", metadata={"tier": tier}).headers["x-flywheel-model"] for tier in ("gold", "tin")]
    assert taken == ["helper", "spare"]


def test_a_target_that_keeps_failing_is_left_alone_and_comes_back(route: Route, provider: MockProvider) -> None:
    breaker = {"minimum": 2, "failure_rate": 0.5, "window_s": 60, "cooldown_s": 1}
    caller = route(**TWO, breaker=breaker, retries={"attempts": 0})
    provider.behave("acme-large", fails(500, {}))
    for _ in range(4):
        assert caller.chat("ship").headers["x-flywheel-model"] == "spare"
    assert len(provider.asked_for("acme-large")) == 2
    provider.behave("acme-large", answers())
    eventually(lambda: caller.chat("ship").headers["x-flywheel-model"] == "helper")


def test_no_more_requests_than_agreed_reach_a_target_at_once(route: Route, provider: MockProvider) -> None:
    one = {"targets": [{"model": "helper", "max_concurrency": 1}], "queue": {"size": 0, "timeout_ms": 10}}
    caller = route(**one, retries={"attempts": 0})
    provider.behave("acme-large", hangs())
    with caller.connection() as connected:
        body = b'{"model":"ship","messages":[{"role":"user","content":"Hi"}]}'
        connected.sendall(caller.head(len(body)) + body)
        eventually(lambda: len(provider.asked) == 1)
        answer = caller.chat("ship")
        assert (answer.status, answer.error["code"]) == (503, "target_busy")
        assert int(answer.headers["retry-after"]) >= 1
    provider.behave("acme-large", answers())
    eventually(lambda: caller.chat("ship").status == 200)


def test_time_to_wait_is_kept_to_without_another_target(route: Route, provider: MockProvider) -> None:
    caller = route()
    provider.behave("acme-large", once(fails(429, {}, {"retry-after-ms": "300"}), answers()))
    began = time.monotonic()
    assert caller.chat("ship").status == 200
    assert time.monotonic() - began >= 0.3
