import asyncio
import json

import pytest

from flywheel.bounds import Bounded

HEAD = {"type": "http", "path": "/", "headers": []}


class Wire:
    """One request's side of a connection: gives the pieces of a body, then stays silent; keeps what is sent."""

    def __init__(self, *pieces: bytes, unfinished: bool = False) -> None:
        last = len(pieces) - 1
        self.messages = [
            {"type": "http.request", "body": piece, "more_body": unfinished or number < last}
            for number, piece in enumerate(pieces)
        ]
        self.sent: list[dict] = []
        self.taken = 0

    async def receive(self):
        if not self.messages:
            await asyncio.Event().wait()
        self.taken += 1
        return self.messages.pop(0)

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def error(self) -> dict:
        return json.loads(self.sent[1]["body"])["error"]


async def echo(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def ask(app, wire, headers=()):
    asyncio.run(app(HEAD | {"headers": list(headers)}, wire.receive, wire.send))


def test_a_body_arrives_whole():
    wire = Wire(b"ab", b"cd")
    ask(Bounded(echo, max_body_bytes=lambda path: 4), wire)
    assert wire.sent[1]["body"] == b"abcd"


def test_a_body_announced_too_large_is_refused_before_any_of_it_is_read():
    wire = Wire(b"x")
    ask(Bounded(echo, max_body_bytes=lambda path: 4), wire, [(b"content-length", b"5")])
    assert (wire.status, wire.error["code"], wire.taken) == (413, "body_too_large", 0)


def test_a_body_that_grows_too_large_is_refused_before_it_is_read_whole():
    wire = Wire(*[b"xx"] * 100)
    ask(Bounded(echo, max_body_bytes=lambda path: 4), wire)
    assert (wire.status, wire.taken) == (413, 3)


@pytest.mark.parametrize("wire", [Wire(), Wire(b"x", unfinished=True)])
def test_a_body_that_does_not_come_is_not_waited_for_for_ever(wire):
    ask(Bounded(echo, max_body_bytes=lambda path: 4, body_seconds=0.01), wire)
    assert (wire.status, wire.error["code"]) == (408, "body_timeout")


def test_who_hangs_up_before_the_body_is_there_never_reaches_the_pages():
    wire = Wire()
    wire.messages = [{"type": "http.disconnect"}]
    ask(Bounded(echo, max_body_bytes=lambda path: 4), wire)
    assert not wire.sent


def test_only_so_many_requests_work_at_once():
    async def scenario() -> int:
        working, most = 0, 0

        async def app(scope, receive, send):
            nonlocal working, most
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1
            await echo(scope, receive, send)

        bounded = Bounded(app, max_body_bytes=lambda path: 4, working_at_once=2)
        wires = [Wire(b"") for _ in range(10)]
        await asyncio.gather(*(bounded(HEAD, wire.receive, wire.send) for wire in wires))
        assert [wire.status for wire in wires] == [200] * 10
        return most

    assert asyncio.run(scenario()) == 2


def test_a_slow_reader_or_a_failing_page_does_not_keep_its_turn():
    async def scenario() -> None:
        async def fails(scope, receive, send):
            raise ValueError("broken")

        async def never_read(message):
            await asyncio.Event().wait()

        bounded = Bounded(echo, max_body_bytes=lambda path: 4, working_at_once=1)
        slow = asyncio.create_task(bounded(HEAD, Wire(b"").receive, never_read))
        wire = Wire(b"")
        async with asyncio.timeout(10):
            await bounded(HEAD, wire.receive, wire.send)
            bounded.app = fails
            for _ in range(3):
                with pytest.raises(ValueError, match="broken"):
                    await bounded(HEAD, Wire(b"").receive, wire.send)
        slow.cancel()
        assert wire.status == 200

    asyncio.run(scenario())
