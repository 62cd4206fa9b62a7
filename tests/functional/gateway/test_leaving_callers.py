"""Callers who hang up before their answer is complete, and callers who read slowly."""

import json
import time
from pathlib import Path

from tests.helpers.calling import HELLO, Caller
from tests.helpers.mock_provider import MockProvider, hangs, streams_endlessly
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import spooled
from tests.helpers.waiting import eventually


def body(**members: object) -> bytes:
    return json.dumps({"model": "helper", "messages": HELLO, **members}).encode()


def only_entry(server: ServerProcess, caller: Caller):
    """The entry span of the one chat request that was made after the house was built."""
    trace_id = "5" * 32

    def find():
        return [record for record in spooled(server.spool, trace_id=trace_id) if record.is_entry]

    (entry,) = eventually(find)
    return entry


def start(caller: Caller, connected, raw: bytes) -> None:
    connected.sendall(caller.head(len(raw), traceparent=f"00-{'5' * 32}-{'6' * 16}-01") + raw)


def test_a_caller_who_leaves_in_the_middle_of_a_stream_stops_the_provider(
    house, provider: MockProvider, start_server
) -> None:
    server = start_server()
    caller = house.caller(server)
    provider.behave("acme-large", streams_endlessly("word " * 8))
    with caller.connection() as connected:
        start(caller, connected, body(stream=True))
        received = b""
        while received.count(b"data: ") < 5:
            received += connected.recv(65536)
    (asked,) = provider.asked
    assert asked.hung_up.wait(5)
    entry = only_entry(server, caller)
    assert entry.attributes["flywheel.client.disconnected"] is True
    assert entry.attributes["http.response.status_code"] == 499
    assert entry.attributes["flywheel.usage.estimated"] is True
    assert entry.attributes["gen_ai.usage.output_tokens"] >= 40
    assert entry.attributes["flywheel.cost.nano_usd"] > 0
    assert "word" in entry.stream


def test_a_caller_who_leaves_while_the_provider_thinks_stops_it(house, provider: MockProvider, start_server) -> None:
    server = start_server()
    caller = house.caller(server)
    provider.behave("acme-large", hangs())
    for stream in (False, True):
        with caller.connection() as connected:
            raw = body(stream=stream)
            connected.sendall(caller.head(len(raw)) + raw)
            eventually(lambda count=int(stream) + 1: len(provider.asked) == count)
        assert provider.asked[-1].hung_up.wait(5)
    entries = eventually(lambda: len(found := [r for r in spooled(server.spool) if r.is_entry]) == 2 and found)
    assert {entry.attributes["http.response.status_code"] for entry in entries} == {499}


def test_a_slow_reader_does_not_make_the_gateway_swallow_the_stream(
    house, provider: MockProvider, start_server
) -> None:
    """Whoever does not read holds the provider back instead of filling memory."""
    server = start_server()
    caller = house.caller(server)
    provider.behave("acme-large", streams_endlessly("word " * 2000, pause=0))
    raw = body(stream=True)
    with caller.connection() as connected:
        connected.sendall(caller.head(len(raw)) + raw)
        connected.recv(1000)
        before = resident_bytes(server.pid)
        (asked,) = provider.asked
        eventually(lambda: time.monotonic() - asked.progress > 0.5, within=20)
        assert resident_bytes(server.pid) - before < 20_000_000


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
