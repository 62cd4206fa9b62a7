"""Postgres away, disk full, shutdown: what the gateway still does, and what it refuses to do."""

import resource
import shutil
import threading

import pytest

from tests.functional.gateway.conftest import House
from tests.helpers.calling import Answer, Caller
from tests.helpers.mock_provider import MockProvider, streams
from tests.helpers.own_database import own_database
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of, spooled
from tests.helpers.waiting import eventually

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def in_background(call) -> tuple[threading.Thread, list[Answer]]:
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    return thread, answers


@pytest.fixture
def server(start_server) -> ServerProcess:
    return start_server()


def fill_disk(server: ServerProcess) -> None:
    """No file of this process may grow any more, which the kernel tells it as it tells of a full disk: in `write`."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))


def empty_disk(server: ServerProcess) -> None:
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, UNLIMITED)


def test_what_cannot_be_recorded_is_not_answered(house: House, server: ServerProcess, provider: MockProvider) -> None:
    caller = house.caller(server)
    assert caller.chat("helper").status == 200
    fill_disk(server)
    answer = caller.chat("helper")
    assert (answer.status, answer.error["code"]) == (503, "record_not_durable")
    assert answer.headers["retry-after"] == "1"
    asked = len(provider.asked)
    assert caller.chat("helper").status == 503
    assert len(provider.asked) == asked, "while the spool is broken no provider is paid"
    empty_disk(server)
    answer = eventually(lambda: (got := caller.chat("helper")).status == 200 and got)
    assert entry_of(server.spool, answer.trace_id).status == "ok"


def test_a_stream_that_cannot_be_recorded_does_not_end_well(
    house: House, server: ServerProcess, provider: MockProvider
) -> None:
    caller = house.caller(server)
    provider.behave("acme-large", streams(("one", "two", "three"), pause=0.3))
    thread, answers = in_background(lambda: caller.chat("helper", stream=True))
    eventually(lambda: provider.asked)
    fill_disk(server)
    thread.join()
    assert answers[0].events[-1]["error"]["code"] == "record_not_durable"
    assert "[DONE]" not in answers[0].events


def test_a_spool_that_was_removed_is_made_anew(house: House, server: ServerProcess) -> None:
    caller = house.caller(server)
    caller.chat("helper")
    shutil.rmtree(server.spool)
    answer = eventually(lambda: (got := caller.chat("helper")) and spooled(server.spool, trace_id=got.trace_id) and got)
    assert entry_of(server.spool, answer.trace_id).status == "ok"


def test_open_streams_are_finished_before_the_process_ends(
    house: House, server: ServerProcess, provider: MockProvider
) -> None:
    caller = house.caller(server)
    provider.behave("acme-large", streams(("one", "two", "three"), pause=0.3))
    thread, answers = in_background(lambda: caller.chat("helper", stream=True))
    eventually(lambda: provider.asked)
    server.stop()
    thread.join()
    assert answers[0].events[-1] == "[DONE]"
    assert entry_of(server.spool, answers[0].trace_id).status == "ok"


def test_a_gateway_that_starts_without_postgres_answers_as_soon_as_it_is_there(
    provider: MockProvider, tmp_path
) -> None:
    with own_database() as database:
        key = database.run("-m", "tests.helpers.furnish", provider.url)
        environment = database.environment
        database.server.stop()
        server = ServerProcess(tmp_path / "server", environment)
        try:
            caller = Caller(server.start().url, key)
            answer = caller.chat("helper")
            assert (answer.status, answer.error["code"]) == (503, "not_ready")
            database.server.start()
            assert eventually(lambda: caller.chat("helper").status == 200)
            database.server.stop()
            assert caller.chat("helper").status == 200
        finally:
            server.stop()
