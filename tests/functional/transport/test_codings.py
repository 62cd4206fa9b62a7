"""Answers that come compressed although nobody asked for it."""

import asyncio
import gzip
import zlib

import pytest

from apps.serving.transport import ProtocolError, ResponseTooLarge
from tests.functional.transport.servers import serving

pytestmark = pytest.mark.anyio

TEXT = b'{"choices": []}' * 100


def packed(text: bytes) -> bytes:
    return gzip.compress(text, compresslevel=1, mtime=0)


def coded(coding: bytes, body: bytes):
    async def script(peer):
        while True:
            await peer.request()
            await peer.reply(body, head=b"content-encoding: " + coding + b"\r\n")

    return script


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", packed(TEXT)),
        (b"GZIP", packed(TEXT)),
        (b"x-gzip", packed(TEXT[:700]) + packed(TEXT[700:])),
        (b"deflate", zlib.compress(TEXT)),
        (b"identity", TEXT),
    ],
    ids=["gzip", "upper case", "two members", "deflate", "identity"],
)
async def test_a_compressed_body_is_decoded_and_no_header_says_otherwise(client, coding, body):
    async with serving(coded(coding, body)) as server:
        for _ in range(2):
            response = await client.send(server.target, "POST", "/")
            assert await response.read() == TEXT
            if coding != b"identity":
                assert response.header(b"content-encoding") is None
                assert response.header(b"content-length") is None
        assert server.accepted == 1


async def test_a_compressed_stream_is_decoded_piece_by_piece(client):
    more = asyncio.Event()
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: 1\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(b"data: 2\n\n") + packer.flush()

    async def script(peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n")
        await peer.send(b"%x\r\n%b\r\n" % (len(first), first))
        await more.wait()
        await peer.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(rest), rest))

    async with serving(script) as server:
        response = await client.send(server.target, "POST", "/")
        chunks = response.chunks()
        assert await anext(chunks) == b"data: 1\n\n"
        more.set()
        assert [chunk async for chunk in chunks] == [b"data: 2\n\n"]


async def test_a_small_body_that_unpacks_to_a_huge_one_meets_the_limit(client):
    bomb = packed(bytes(50_000_000))
    async with serving(coded(b"gzip", bomb)) as server:
        response = await client.send(server.target, "POST", "/")
        with pytest.raises(ResponseTooLarge):
            await response.read(limit=1_000_000)
        response = await client.send(server.target, "POST", "/")
        async for chunk in response.chunks():
            assert len(chunk) <= client.limits.buffer_bytes
            break
        response.close()


@pytest.mark.parametrize(
    "body",
    [packed(TEXT)[:-9], packed(TEXT)[:30], b"not compressed at all"],
    ids=["without checksum", "cut short", "plain"],
)
async def test_a_damaged_or_incomplete_body_is_an_error_and_not_a_short_answer(client, body):
    async with serving(coded(b"gzip", body)) as server:
        response = await client.send(server.target, "POST", "/")
        with pytest.raises(ProtocolError, match="compressed"):
            await response.read()


async def test_an_empty_body_needs_no_decoding(client):
    async with serving(coded(b"gzip", b"")) as server:
        assert await (await client.send(server.target, "POST", "/")).read() == b""
