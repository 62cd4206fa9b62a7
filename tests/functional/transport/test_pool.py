"""Keeping connections, sharing them out, and noticing the dead ones."""

import asyncio

import pytest

from apps.serving.transport import (
    ClientClosed,
    HttpClient,
    Limits,
    PoolExhausted,
    ProtocolError,
    Timeouts,
    UpstreamClosed,
)
from tests.functional.transport.servers import Peer, serving, until

pytestmark = pytest.mark.anyio


async def numbered(peer: Peer) -> None:
    """Answers every request with the number of the connection."""
    while True:
        await peer.request()
        await peer.reply(b"%d" % peer.number)


async def fetch(client: HttpClient, target, **options) -> bytes:
    return await (await client.send(target, "POST", "/", **options)).read()


async def test_requests_one_after_the_other_share_a_connection(client):
    async with serving(numbered) as server:
        responses = [await client.send(server.target, "POST", "/") for _ in range(3)]
        assert [await response.read() for response in responses] == [b"1"] * 3
        assert [response.reused for response in responses] == [False, True, True]
        assert client.connections(server.target) == (1, 1, 0)


async def test_requests_at_the_same_time_have_a_connection_each(client):
    async with serving(numbered) as server:
        answers = await asyncio.gather(*(fetch(client, server.target) for _ in range(5)))
        assert sorted(answers) == [b"1", b"2", b"3", b"4", b"5"]
        assert client.connections(server.target) == (5, 5, 0)


async def test_the_connection_that_was_used_last_is_used_next(client):
    turns = [asyncio.Event() for _ in range(3)]

    async def script(peer):
        while True:
            await peer.request()
            await turns[peer.number - 1].wait()
            await peer.reply(b"%d" % peer.number)

    async with serving(script) as server:
        tasks = []
        for number in range(3):
            tasks.append(asyncio.create_task(fetch(client, server.target)))
            await until(lambda number=number: len(server.received) == number + 1)
        for number in (2, 0, 1):
            turns[number].set()
            await tasks[number]
        assert [await fetch(client, server.target) for _ in range(3)] == [b"2"] * 3


async def test_an_answer_whose_reader_is_slow_gives_its_connection_back_all_the_same(client):
    async with serving(numbered) as server:
        unread = await client.send(server.target, "POST", "/", whole=True)
        assert client.connections(server.target) == (1, 1, 0)
        assert await fetch(client, server.target) == b"1"
        assert await unread.read() == b"1"


async def test_an_idle_connection_is_closed_after_a_while():
    client = HttpClient(Limits(keepalive=0.05))
    async with serving(numbered) as server:
        await fetch(client, server.target)
        await until(lambda: client.connections(server.target) == (0, 0, 0))
        assert await fetch(client, server.target) == b"2"
    await client.aclose()


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(client):
    async def script(peer):
        await peer.request()
        await peer.reply(b"%d" % peer.number)

    async with serving(script) as server:
        assert await fetch(client, server.target) == b"1"
        await until(lambda: client.connections(server.target) == (0, 0, 0))
        assert await fetch(client, server.target) == b"2"
        assert len(server.received) == 2


async def test_a_kept_connection_that_closes_instead_of_answering_is_replaced_once(client):
    async def script(peer):
        await peer.request()
        await peer.reply(b"%d" % peer.number)
        await peer.request()  # read and hung up on, as a server does whose idle time is over

    async with serving(script) as server:
        assert await fetch(client, server.target) == b"1"
        response = await client.send(server.target, "POST", "/again", body=b"same body")
        assert await response.read() == b"2"
        assert not response.reused
        assert [received.body for received in server.received] == [b"", b"same body", b"same body"]


async def test_the_replacement_is_tried_only_once(client):
    async def script(peer):
        await peer.request()
        if peer.number == 1:
            await peer.reply()
            await peer.request()

    async with serving(script) as server:
        await fetch(client, server.target)
        with pytest.raises(UpstreamClosed) as failure:
            await fetch(client, server.target)
        assert failure.value.before_response
        assert len(server.received) == 3


async def test_a_new_connection_that_closes_without_an_answer_is_not_tried_again(client):
    async def script(peer):
        await peer.request()

    async with serving(script) as server:
        with pytest.raises(UpstreamClosed, match="before it answered"):
            await fetch(client, server.target)
        assert len(server.received) == 1


async def test_after_a_single_byte_of_an_answer_nothing_is_sent_again(client):
    async def script(peer):
        await peer.request()
        await peer.reply()
        await peer.request()
        await peer.send(b"H")

    async with serving(script) as server:
        await fetch(client, server.target)
        with pytest.raises(UpstreamClosed) as failure:
            await fetch(client, server.target)
        assert not failure.value.before_response
        assert len(server.received) == 2


@pytest.mark.parametrize("surplus", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b"\r\n\r\n\x00"])
@pytest.mark.parametrize("later", [False, True])
async def test_bytes_behind_an_answer_are_never_taken_for_the_next_one(client, surplus, later):
    async def script(peer):
        while True:
            await peer.request()
            answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n%d" % peer.number
            if not later:
                await peer.send(answer + surplus)
            else:
                await peer.send(answer)
                await asyncio.sleep(0.02)
                await peer.send(surplus)

    async with serving(script) as server:
        assert await fetch(client, server.target) == b"1"
        await until(lambda: client.connections(server.target)[0] == 0)
        assert await fetch(client, server.target) == b"2"


async def test_an_answer_before_the_request_was_taken_in_costs_the_connection(client):
    async def script(peer):
        await peer.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        await peer.gone()

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/", body=b"x" * 64_000_000)
        assert (response.status, await response.read()) == (413, b"big")
        assert client.connections(server.target) == (0, 0, 0)


async def test_a_full_pool_lets_the_next_request_wait_for_its_turn():
    client = HttpClient(Limits(max_connections=2))
    release = asyncio.Event()

    async def script(peer):
        while True:
            await peer.request()
            await release.wait()
            await peer.reply(b"%d" % peer.number)

    async with serving(script) as server:
        tasks = [asyncio.create_task(fetch(client, server.target)) for _ in range(6)]
        await until(lambda: client.connections(server.target) == (2, 0, 4))
        release.set()
        assert set(await asyncio.gather(*tasks)) == {b"1", b"2"}
        assert server.accepted == 2
    await client.aclose()


async def test_a_waiting_line_has_an_end_and_a_limit_of_time():
    client = HttpClient(Limits(max_connections=1, max_waiting=1))

    async def script(peer):
        await peer.request()
        await peer.gone()

    async with serving(script) as server:
        busy = asyncio.create_task(fetch(client, server.target))
        await until(lambda: server.received != [])
        waiting = asyncio.create_task(fetch(client, server.target, timeouts=Timeouts(queue=0.5)))
        await until(lambda: client.connections(server.target) == (1, 0, 1))
        with pytest.raises(PoolExhausted, match="too many requests"):
            await fetch(client, server.target)
        with pytest.raises(PoolExhausted, match=r"within 0\.5 s"):
            await waiting
        busy.cancel()
        await until(lambda: client.connections(server.target) == (0, 0, 0))
    await client.aclose()


async def test_whoever_stops_waiting_leaves_no_hole_in_the_pool():
    client = HttpClient(Limits(max_connections=1))
    release = asyncio.Event()

    async def script(peer):
        while True:
            await peer.request()
            await release.wait()
            await peer.reply(b"%d" % peer.number)

    async with serving(script) as server:
        first = asyncio.create_task(fetch(client, server.target))
        await until(lambda: server.received != [])
        waiting = [asyncio.create_task(fetch(client, server.target)) for _ in range(3)]
        await until(lambda: client.connections(server.target) == (1, 0, 3))
        waiting[0].cancel()
        first.cancel()  # its connection is lost: the next in line may open a new one
        await until(lambda: server.accepted == 2)
        release.set()
        assert await asyncio.gather(*waiting[1:]) == [b"2", b"2"]
        assert client.connections(server.target) == (1, 1, 0)
    await client.aclose()


async def test_a_broken_answer_makes_room_for_those_who_wait():
    client = HttpClient(Limits(max_connections=1))

    async def script(peer):
        await peer.request()
        await peer.send(b"nonsense\r\n\r\n")

    async with serving(script) as server:
        tasks = [asyncio.create_task(fetch(client, server.target)) for _ in range(4)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, ProtocolError) for result in results)
        assert client.connections(server.target) == (0, 0, 0)
    await client.aclose()


async def test_closing_waits_for_what_is_under_way_and_takes_nothing_new(client):
    release = asyncio.Event()

    async def script(peer):
        await peer.request()
        await release.wait()
        await peer.reply(b"finished")
        await peer.gone()

    async with serving(script) as server:
        under_way = asyncio.create_task(fetch(client, server.target))
        await until(lambda: server.received != [])
        closing = asyncio.create_task(client.aclose(grace=10))
        await asyncio.sleep(0)
        with pytest.raises(ClientClosed):
            await fetch(client, server.target)
        release.set()
        assert await under_way == b"finished"
        await closing
        await server.hung_up.wait()


async def test_closing_cuts_off_what_takes_longer_than_the_grace(client):
    async def script(peer):
        await peer.request()
        await peer.gone()

    async with serving(script) as server:
        under_way = asyncio.create_task(fetch(client, server.target))
        await until(lambda: server.received != [])
        await client.aclose(grace=0.05)
        with pytest.raises(ClientClosed):
            await under_way
        await server.hung_up.wait()
