"""A route's traffic moves to another model and back while it flows."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from apps.accounts.services import Actor
from apps.gateway.models import Route
from apps.gateway.services import activate_version, publish_route_version
from tests.factories.serving import make_model
from tests.functional.gateway.conftest import House
from tests.helpers.calling import Caller
from tests.helpers.load import SteadyLoad
from tests.helpers.mock_provider import Asked, MockProvider, answers_after, close_stream, event, streams, well_behaved
from tests.helpers.waiting import eventually

ENOUGH = 15


def test_rollout_and_rollback_under_twenty_requests_a_second_drop_none(
    house: House, caller: Caller, provider: MockProvider
) -> None:
    make_model(house.provider, name="better", upstream_name="acme-better")
    for model in ("acme-large", "acme-better"):
        provider.behave(model, answers_after(0.2))
    route = Route.objects.get(name="support")
    with SteadyLoad(caller, "support", rate=20) as load:
        eventually(lambda: len(provider.asked_for("acme-large")) >= ENOUGH)
        publish(house, route, "better")
        eventually(lambda: len(provider.asked_for("acme-better")) >= ENOUGH)
        activate_version(actor=Actor(), route=route, number=1)
        back = len(provider.asked_for("acme-large"))
        eventually(lambda: len(provider.asked_for("acme-large")) >= back + ENOUGH)
    assert (load.refused, load.broken) == ([], 0)
    asked = len(provider.asked_for("acme-large")) + len(provider.asked_for("acme-better"))
    assert len(load.answered) == len(set(load.answered)) == asked


def test_an_answer_that_streams_while_the_route_changes_comes_to_its_end(
    house: House, caller: Caller, provider: MockProvider
) -> None:
    make_model(house.provider, name="better", upstream_name="acme-better")
    changed = threading.Event()

    async def end_after_the_change(writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(changed.wait, 30)
        await event(writer, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        await event(writer, "[DONE]")
        await close_stream(writer)

    async def long_streams(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (streams(end=end_after_the_change) if asked.body.get("stream") else well_behaved)(asked, writer)

    provider.behave("acme-large", long_streams)
    with ThreadPoolExecutor(1) as pool:
        streaming = pool.submit(caller.chat, "support", stream=True)
        eventually(lambda: provider.asked_for("acme-large"))
        publish(house, Route.objects.get(name="support"), "better")
        eventually(lambda: caller.chat("support").status == 200 and provider.asked_for("acme-better"))
        changed.set()
        answer = streaming.result()
    assert answer.status == 200
    assert answer.raw.endswith(b"data: [DONE]\n\n")


def publish(house: House, route: Route, name: str) -> None:
    model = house.provider.models.get(name=name)
    publish_route_version(actor=Actor(), route=route, model=model, system_prompt="", defaults={}, message="Better")
