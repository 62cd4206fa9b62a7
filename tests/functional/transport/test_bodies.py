"""Answers in every framing that HTTP/1.1 knows, and in some that it does not."""

import asyncio

import pytest

from apps.serving.transport import ProtocolError, ResponseClosed, ResponseTooLarge, UpstreamClosed
from tests.functional.transport.servers import serving, until

pytestmark = pytest.mark.anyio


def always(raw: bytes, *, then_close: bool = False):
    """A server that answers each request with these bytes."""

    async def script(peer):
        while True:
            await peer.request()
            await peer.send(raw)
            if then_close:
                return

    return script


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (CHUNKED + b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n", b"hello world"),
        (CHUNKED + b"5\r\nhello\r\n0\r\nx-trailer: 1\r\nstatus: 500\r\n\r\n", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 2 + CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 200 OK\r\nconnection: upgrade, keep-alive\r\nupgrade: h2\r\ncontent-length: 2\r\n\r\nok", b"ok"),
    ],
)
async def test_a_framed_body_is_read_whole_and_the_connection_kept(client, raw, body):
    async with serving(always(raw)) as server:
        for _ in range(3):
            response = await client.send(server.target, "POST", "/", body=b"{}")
            assert await response.read() == body
            assert b"link" not in dict(response.headers)
            assert b"x-trailer" not in dict(response.headers)
        assert server.accepted == 1


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok", b"ok"),
    ],
)
async def test_a_body_that_ends_with_the_connection_is_read_and_the_connection_not_kept(client, raw, body):
    async with serving(always(raw, then_close=True)) as server:
        for _ in range(2):
            assert await (await client.send(server.target, "GET", "/")).read() == body
        assert server.accepted == 2
        assert client.connections(server.target) == (0, 0, 0)


async def test_a_head_request_has_headers_and_no_body_and_keeps_the_connection(client):
    async with serving(always(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\ncontent-encoding: gzip\r\n\r\n")) as server:
        for _ in range(3):
            response = await client.send(server.target, "HEAD", "/")
            assert response.status == 200
            assert await response.read(limit=10) == b""
        assert server.accepted == 1


@pytest.mark.parametrize("size", [1, 2, 7])
async def test_an_answer_in_tiny_pieces_is_the_same_answer(client, size):
    raw = b"HTTP/1.1 201 Created\r\nX-Name: some value\r\n" + CHUNKED[17:] + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    async def script(peer):
        while True:
            await peer.request()
            for start in range(0, len(raw), size):
                await peer.send(raw[start : start + size])
                await asyncio.sleep(0)

    async with serving(script) as server:
        for _ in range(2):
            response = await client.send(server.target, "POST", "/")
            assert (response.status, response.header(b"x-name")) == (201, b"some value")
            assert await response.read() == b"abcde"


async def test_chunks_come_one_by_one_as_they_are_sent(client):
    more = asyncio.Event()

    async def script(peer):
        await peer.request()
        await peer.send(CHUNKED + b"3\r\none\r\n")
        await more.wait()
        await peer.send(b"3\r\ntwo\r\n0\r\n\r\n")

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/")
        chunks = response.chunks()
        assert await anext(chunks) == b"one"
        more.set()
        assert [chunk async for chunk in chunks] == [b"two"]
        assert await response.read() == b""


@pytest.mark.parametrize(
    "raw",
    [
        CHUNKED + b"5\r\nhel",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel",
        CHUNKED + b"3\r\nhel\r\n",
    ],
)
async def test_a_body_cut_short_gives_what_came_and_then_an_error(client, raw):
    async with serving(always(raw, then_close=True)) as server:
        response = await client.send(server.target, "POST", "/")
        chunks = response.chunks()
        assert await anext(chunks) == b"hel"
        with pytest.raises(UpstreamClosed, match="in the middle") as failure:
            await anext(chunks)
        assert not failure.value.before_response
        with pytest.raises(UpstreamClosed):
            await (await client.send(server.target, "POST", "/")).read()


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nframes",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nx-huge: " + b"x" * 70_000 + b"\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-many: y\r\n" * 7000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx-endless: " + b"x" * 200_000,
        b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n" * 3000,
    ],
)
async def test_what_is_not_http_is_refused_and_the_connection_closed(client, raw):
    async def script(peer):
        await peer.request()
        await peer.send(raw)
        await peer.gone()

    async with serving(script) as server:
        with pytest.raises(ProtocolError):
            await client.send(server.target, "POST", "/")
        await server.hung_up.wait()
        assert client.connections(server.target) == (0, 0, 0)


async def test_a_broken_chunk_in_the_middle_of_a_body_is_an_error_there(client):
    async with serving(always(CHUNKED + b"3\r\nabc\r\nnonsense\r\n")) as server:
        response = await client.send(server.target, "POST", "/")
        with pytest.raises(ProtocolError):
            await response.read()


async def test_endless_trailers_are_refused(client):
    async with serving(always(CHUNKED + b"3\r\nabc\r\n0\r\nx: " + b"y" * 300_000)) as server:
        with pytest.raises(ProtocolError, match="trailer"):
            await (await client.send(server.target, "POST", "/")).read()


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 1000,
        CHUNKED + b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n",
    ],
)
async def test_a_body_over_the_limit_is_refused(client, raw):
    async with serving(always(raw)) as server:
        with pytest.raises(ResponseTooLarge, match="999 bytes"):
            await (await client.send(server.target, "POST", "/")).read(limit=999)
        assert len(await (await client.send(server.target, "POST", "/")).read(limit=1000)) == 1000


async def test_a_body_announced_over_the_limit_is_refused_before_it_comes(client):
    async def script(peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        await peer.gone()

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/")
        with pytest.raises(ResponseTooLarge):
            await response.read(limit=1000)
        await server.hung_up.wait()


async def test_a_redirect_is_an_answer_like_any_other(client):
    async with serving(
        always(b"HTTP/1.1 307 T\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n")
    ) as server:
        response = await client.send(server.target, "POST", "/")
        assert (response.status, response.header(b"location")) == (307, b"http://example.com/")
        assert len(server.received) == 1


async def test_a_body_is_sent_as_it_is_with_its_length_and_the_servers_name(client):
    body = b"\x00\xff" * 200_000
    async with serving(always(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        await client.send(server.target, "POST", "/v1/x?y=z", [(b"x-a", b"1")], body)
        (received,) = server.received
        assert received.body == body
        assert received.line == b"POST /v1/x?y=z HTTP/1.1"
        assert f"host: 127.0.0.1:{server.target.port}\r\n".encode() in received.head
        assert b"accept-encoding: identity\r\nx-a: 1\r\n" in received.head


async def test_whole_waits_for_the_body_and_not_only_for_the_head(client):
    async def script(peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n")
        await asyncio.sleep(0)
        await peer.send(b"abc")
        await asyncio.sleep(0)
        await peer.send(b"def")
        await peer.gone()

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/", whole=True)
        assert response.complete
        assert await response.read() == b"abcdef"


async def test_whole_still_gives_the_head_when_the_body_breaks(client):
    async with serving(always(CHUNKED + b"3\r\nabc\r\n", then_close=True)) as server:
        response = await client.send(server.target, "POST", "/", whole=True)
        assert response.status == 200
        with pytest.raises(UpstreamClosed):
            await response.read()


async def test_a_closed_response_gives_an_error_and_not_a_short_body(client):
    async with serving(always(CHUNKED + b"3\r\nabc\r\n")) as server:
        response = await client.send(server.target, "POST", "/")
        await until(lambda: response.received == 3)
        response.close()
        assert await response.next_chunk() == b"abc"
        with pytest.raises(ResponseClosed):
            await response.next_chunk()
