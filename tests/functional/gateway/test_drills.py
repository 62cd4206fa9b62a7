"""The declared failure modes, under load: parts are really stopped and started, and nothing needs a restart."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.accounts.services import Actor
from apps.gateway.domain.failure_modes import FAILURE_MODES
from apps.limits.services import Metric, NewLimit, Window, create_limit
from llmkit.ledger import FOLDER, decode_ledger
from llmkit.spool import segments
from tests.factories.accounts import browser, make_member
from tests.functional.gateway.conftest import House
from tests.helpers.load import SteadyLoad
from tests.helpers.mock_provider import MockProvider, answers_after
from tests.helpers.pool_worker import own_broker
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entries_by_trace
from tests.helpers.waiting import eventually

ENOUGH = 40  # answers of each stretch of a drill


def more_answers(load: SteadyLoad, number: int = ENOUGH) -> None:
    before = len(load.answered)
    eventually(lambda: len(load.answered) >= before + number, within=30)


def settled(server: ServerProcess) -> Counter[str]:
    """Settle lines by trace."""
    lines = (line for segment in segments(server.spool / FOLDER) for line in segment.read_bytes().splitlines())
    return Counter(record.trace_id for record in map(decode_ledger, lines) if record.kind == "settle")


def each_once(server: ServerProcess, load: SteadyLoad) -> None:
    """Every answered request has exactly one record and was charged exactly once."""
    once = dict.fromkeys(load.answered, 1)
    spooled, charged = entries_by_trace(server.spool), settled(server)
    assert {trace: spooled[trace] for trace in load.answered} == once
    assert {trace: charged[trace] for trace in load.answered} == once


def test_redis_goes_and_comes_back_under_load(house: House, tmp_path) -> None:
    """Limited requests are answered from what was leased and the limit's share; keys of once-only ones are refused."""
    new = NewLimit(title="All", metric=Metric.REQUESTS, window=Window.DAY, value=1_000_000)
    create_limit(actor=Actor(), project=house.project, new=new)
    with own_broker() as redis:
        server = ServerProcess(tmp_path / "server", {"REDIS_URL": redis.url})
        try:
            caller = house.caller(server.start())
            once = {"idempotency-key": "drill"}
            eventually(lambda: "x-ratelimit-limit-requests" in caller.chat("helper").headers)
            with SteadyLoad(caller, "helper", rate=60) as load:
                more_answers(load)
                redis.stop()
                more_answers(load)
                refused = caller.chat("helper", headers=once)
                assert (refused.status, refused.error["code"]) == (503, "idempotency_away")
                redis.start()
                eventually(lambda: caller.chat("helper", headers=once).status == 200)
                assert caller.chat("helper", headers=once).headers["idempotent-replayed"] == "true"
                more_answers(load)
            assert load.refused == []
            assert load.broken == 0
            each_once(server, load)
        finally:
            server.stop()


def test_a_provider_goes_and_comes_back_under_load(house: House, provider: MockProvider, start_server) -> None:
    server = start_server()
    with SteadyLoad(house.caller(server), "helper", rate=60) as load:
        more_answers(load)
        provider.stop()
        eventually(lambda: len(load.refused) >= ENOUGH, within=30)
        provider.start()
        more_answers(load)
        refused = set(load.refused)
    assert refused <= {502, 503}
    assert load.broken <= 24, "only streams that were under way may break, one for each connection"
    each_once(server, load)


def test_a_process_with_too_many_requests_open_refuses_the_next_until_one_ends(
    house: House, provider: MockProvider, start_server
) -> None:
    caller = house.caller(start_server(FLYWHEEL_GATEWAY_MAX_OPEN="2"))
    provider.behave("acme-large", answers_after(1.0))
    with ThreadPoolExecutor(2) as pool:
        under_way = [pool.submit(caller.chat, "helper") for _ in range(2)]
        eventually(lambda: len(provider.asked_for("acme-large")) == 2)
        refused = caller.chat("helper")
        assert (refused.status, refused.error["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        assert [call.result().status for call in under_way] == [200, 200]
    assert caller.chat("helper").status == 200


@pytest.mark.django_db
def test_the_page_states_each_failure_mode_with_its_drill(house: House) -> None:
    shown = browser(make_member(house.project)).get(f"/p/{house.project.slug}/gateway/failures/").content.decode()
    for mode in FAILURE_MODES:
        assert mode.away in shown
        assert mode.drill[:40] in shown
