"""The lab's own client: it gives what came, and says what was wrong with it."""

import asyncio

import pytest

from apps.gateway.lab.checks import Failed
from apps.gateway.lab.client import Address, Answer, Request, open_exchange

OK = b"HTTP/1.1 200 OK\r\n"


def answered(raw: bytes, *, reset: bool = False, method: str = "POST") -> Answer:
    """What the client makes of a server that says just this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        if reset:
            writer.transport.abort()
        writer.close()

    async def main() -> Answer:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            async with open_exchange(Address.of(f"http://127.0.0.1:{port}")) as exchange:
                await exchange.send(Request(method, "/"))
                return await exchange.answer()
        finally:
            server.close()

    return asyncio.run(main())


def test_a_body_is_read_by_length_by_chunks_or_to_the_end():
    assert answered(OK + b"content-length: 4\r\n\r\nahoy").body == b"ahoy"
    chunked = answered(OK + b"transfer-encoding: chunked\r\n\r\n2;x=y\r\nah\r\n2\r\noy\r\n0\r\n\r\n")
    assert (chunked.body, chunked.problem) == (b"ahoy", "")
    assert answered(OK + b"\r\nahoy").body == b"ahoy"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"content-length: 9\r\n\r\nahoy", "5 bytes before its announced end"),
        (b"transfer-encoding: chunked\r\n\r\n4\r\nahoy\r\n", "before its last chunk"),
        (b"transfer-encoding: chunked\r\n\r\n9\r\nahoy", "inside a chunk"),
        (b"transfer-encoding: chunked\r\n\r\nxyz\r\nahoy\r\n", "without a size"),
        (b"transfer-encoding: chunked\r\n\r\n4\r\nahoyxx0\r\n\r\n", "without its line end"),
        (
            b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
            "both Transfer-Encoding and Content-Length",
        ),
        (b"x-bad: a\x01b\r\ncontent-length: 0\r\n\r\n", "a malformed header"),
        (b"no colon\r\ncontent-length: 0\r\n\r\n", "a malformed header"),
    ],
)
def test_what_is_wrong_with_the_framing_is_noted(raw, problem):
    assert problem in answered(OK + raw).problem


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n"])
def test_no_answer_at_all_fails_the_case(raw):
    with pytest.raises(Failed):
        answered(raw)


def test_what_came_before_a_reset_is_kept():
    answer = answered(OK + b"content-length: 9\r\n\r\nahoy", reset=True)
    assert answer.status == 200
    assert answer.problem


def test_interim_answers_are_skipped_and_a_head_has_no_body():
    assert answered(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n").status == 404
    assert answered(OK + b"content-length: 4\r\n\r\n", method="HEAD").problem == ""


@pytest.mark.parametrize(
    ("url", "prefix", "authority"),
    [
        ("http://gateway", "", "gateway:80"),
        ("https://gateway/v1", "", "gateway:443"),
        ("http://gateway:4000/llm/v1/", "/llm", "gateway:4000"),
    ],
)
def test_an_address_may_end_with_v1(url, prefix, authority):
    address = Address.of(url)
    assert (address.prefix, address.authority) == (prefix, authority)


@pytest.mark.parametrize("url", ["gateway", "ftp://gateway", "http://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="is not the URL of a gateway"):
        Address.of(url)


def test_a_request_tells_its_length_or_comes_in_chunks():
    plain = Request("POST", "/", {}, b"ahoy").head("gateway:80")
    assert b"content-length: 4" in plain
    chunked = Request("POST", "/", {}, b"ahoy", chunked=True)
    assert b"content-length" not in chunked.head("gateway:80")
    assert chunked.payload() == b"4\r\nahoy\r\n0\r\n\r\n"


def test_headers_are_replaced_and_taken_away():
    request = Request("GET", "/", {"authorization": "Bearer a"}).with_headers(authorization="", x_api_key="b")
    assert dict(request.headers) == {"x-api-key": "b"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_a_body_that_is_no_object_fails_the_case(body):
    with pytest.raises(Failed):
        _ = Answer(200, [], body).json
