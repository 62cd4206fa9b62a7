"""Hanging up on the provider, and not reading faster than the reader wants."""

import asyncio

import pytest

from tests.functional.transport.servers import serving, until

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def speaking(*pieces: bytes):
    async def script(peer):
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
        await peer.gone()

    return script


async def test_cancelling_before_the_answer_hangs_up_at_once(client):
    async with serving(speaking()) as server:
        task = asyncio.create_task(client.send(server.target, "POST", "/"))
        await until(lambda: server.received != [])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.connections(server.target) == (0, 0, 0)
        await server.hung_up.wait()


@pytest.mark.parametrize("read", ["chunks", "read"])
async def test_cancelling_in_the_middle_of_a_body_hangs_up_at_once(client, read):
    async with serving(speaking(HEAD, b"3\r\nabc\r\n")) as server:
        response = await client.send(server.target, "POST", "/")
        reading = asyncio.Event()

        async def consume():
            reading.set()
            if read == "read":
                await response.read()
            async for _ in response.chunks():
                continue

        task = asyncio.create_task(consume())
        await reading.wait()
        await until(lambda: response.received == 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.connections(server.target) == (0, 0, 0)
        await server.hung_up.wait()


async def test_leaving_the_response_early_hangs_up_at_once(client):
    async with serving(speaking(HEAD, b"3\r\nabc\r\n")) as server:
        async with await client.send(server.target, "POST", "/") as response:
            async for chunk in response.chunks():
                assert chunk == b"abc"
                break
        assert client.connections(server.target) == (0, 0, 0)
        await server.hung_up.wait()


async def test_closing_from_another_task_ends_the_wait_of_the_reader(client):
    async with serving(speaking(HEAD, b"3\r\nabc\r\n")) as server:
        response = await client.send(server.target, "POST", "/")
        reader = asyncio.create_task(response.read())
        await until(lambda: response.received == 3)
        response.close()
        with pytest.raises(Exception, match="closed before its end"):
            await reader
        await server.hung_up.wait()


async def test_leaving_a_finished_response_keeps_its_connection(client):
    async def script(peer):
        while True:
            await peer.request()
            await peer.reply()

    async with serving(script) as server:
        async with await client.send(server.target, "POST", "/") as response:
            assert await response.read() == b"ok"
        assert client.connections(server.target) == (1, 1, 0)


async def test_a_provider_faster_than_its_reader_is_held_back(client):
    size, piece = 64 * 1024 * 1024, b"x" * 65536
    sent = 0

    async def script(peer):
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while sent < size:
            await peer.send(piece)
            sent += len(piece)
        await peer.request()
        await peer.reply(b"still alive")

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/")
        before = -1
        while before != sent:  # until the server can send no more
            before = sent
            await asyncio.sleep(0.1)
        assert sent < size / 2
        assert response.buffered <= 4 * client.limits.buffer_bytes
        total = 0
        async for chunk in response.chunks():
            total += len(chunk)
        assert total == size
        assert await (await client.send(server.target, "POST", "/")).read() == b"still alive"
        assert server.accepted == 1


async def test_a_large_body_is_read_whole_past_the_buffers_limit(client):
    body = bytes(range(256)) * 40_000

    async def script(peer):
        while True:
            await peer.request()
            await peer.reply(body)

    async with serving(script) as server:
        for whole in (False, True):
            response = await client.send(server.target, "POST", "/", whole=whole)
            assert await response.read() == body
