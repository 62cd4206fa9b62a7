"""Each limit of time by itself, and what must not count against it."""

import asyncio

import pytest

from apps.serving.transport import Timeouts, UpstreamTimeout
from tests.functional.transport.servers import serving, until

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def after(*pieces: bytes):
    """A server that sends these pieces and then nothing more."""

    async def script(peer):
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
        await peer.gone()

    return script


async def drip(peer) -> None:
    await peer.request()
    await peer.send(HEAD)
    while not peer.reader.at_eof():
        await peer.send(b"1\r\nx\r\n")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\n",), (b"HTTP/1.1 103 Early Hints\r\n\r\n",)])
async def test_an_answer_that_does_not_begin_ends_by_the_first_byte_limit(client, pieces, whole):
    async with serving(after(*pieces)) as server:
        with pytest.raises(UpstreamTimeout) as failure:
            await client.send(server.target, "POST", "/", timeouts=Timeouts(first_byte=0.05), whole=whole)
        assert failure.value.kind == "first_byte"
        assert failure.value.reached_upstream
        await server.hung_up.wait()
        assert client.connections(server.target) == (0, 0, 0)


async def test_a_head_without_a_body_does_not_stop_the_first_byte_limit(client):
    async with serving(after(HEAD)) as server:
        with pytest.raises(UpstreamTimeout) as failure:
            await (await client.send(server.target, "POST", "/", timeouts=Timeouts(first_byte=0.1))).next_chunk()
        assert failure.value.kind == "first_byte"


@pytest.mark.parametrize("whole", [False, True])
async def test_a_body_that_stalls_ends_by_the_idle_limit(client, whole):
    async with serving(after(HEAD, b"3\r\nabc\r\n")) as server:
        response = await client.send(server.target, "POST", "/", timeouts=Timeouts(idle=0.05), whole=whole)
        assert await response.next_chunk() == b"abc"
        with pytest.raises(UpstreamTimeout) as failure:
            await response.next_chunk()
        assert failure.value.kind == "idle"
        await server.hung_up.wait()


async def test_a_body_that_never_stalls_ends_by_the_total_limit(client):
    async with serving(drip) as server:
        with pytest.raises(UpstreamTimeout) as failure:
            await (await client.send(server.target, "POST", "/", timeouts=Timeouts(total=0.2))).read()
        assert failure.value.kind == "total"


async def test_the_total_limit_counts_while_nobody_reads(client):
    async with serving(after(HEAD, b"3\r\nabc\r\n")) as server:
        response = await client.send(server.target, "POST", "/", timeouts=Timeouts(total=0.5))
        await server.hung_up.wait()
        assert await response.next_chunk() == b"abc"
        with pytest.raises(UpstreamTimeout) as failure:
            await response.next_chunk()
        assert failure.value.kind == "total"


async def test_a_slow_reader_is_not_the_providers_silence(client):
    async def script(peer):
        await peer.request()
        await peer.send(HEAD + b"3\r\nabc\r\n")
        await asyncio.sleep(0.1)
        await peer.send(b"2\r\nde\r\n0\r\n\r\n")

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/", timeouts=Timeouts(idle=0.02))
        await until(lambda: response.complete)
        assert await response.read() == b"abcde"


async def test_steady_pieces_restart_the_idle_limit_each_time(client):
    async def script(peer):
        await peer.request()
        await peer.send(HEAD)
        for _ in range(12):
            await peer.send(b"1\r\nx\r\n")
            await asyncio.sleep(0.1)
        await peer.send(b"0\r\n\r\n")

    async with serving(script) as server:
        timeouts = Timeouts(first_byte=1, idle=1)
        response = await client.send(server.target, "POST", "/", timeouts=timeouts)
        assert await response.read() == b"x" * 12


async def test_limits_of_one_request_do_not_reach_into_the_next_on_the_same_connection(client):
    async def script(peer):
        await peer.request()
        await peer.reply(b"quick")
        await peer.request()
        await asyncio.sleep(0.6)
        await peer.reply(b"slow")
        await peer.request()
        await peer.gone()

    async with serving(script) as server:
        short, long = Timeouts(first_byte=0.5, total=0.5), Timeouts(first_byte=30)
        assert await (await client.send(server.target, "POST", "/", timeouts=short)).read() == b"quick"
        assert await (await client.send(server.target, "POST", "/", timeouts=long)).read() == b"slow"
        with pytest.raises(UpstreamTimeout):
            await client.send(server.target, "POST", "/", timeouts=short)
        assert server.accepted == 1


@pytest.mark.parametrize("limit", [float("inf"), 30.0])
async def test_without_limits_an_answer_may_take_its_time(client, limit):
    timeouts = Timeouts(connect=limit, first_byte=limit, idle=limit, total=limit, queue=limit)

    async def script(peer):
        await peer.request()
        await peer.reply(b"ok")

    async with serving(script) as server:
        assert await (await client.send(server.target, "POST", "/", timeouts=timeouts)).read() == b"ok"
