"""The protocol object without a network: whatever way the bytes are cut, the answer is the same."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.serving.transport import Limits, ProtocolError, Response, Target, Timeouts
from apps.serving.transport.connection import Connection

CHUNKS = st.lists(st.binary(min_size=1, max_size=30), max_size=5)
NAMES = st.sampled_from([b"x-one", b"X-Two", b"content-type"])
VALUES = st.text("abc xyz=;/", max_size=20).map(lambda text: text.strip().encode())


class Wire(asyncio.Transport):
    """Where a connection writes to; nobody reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def write(self, data) -> None: ...

    def get_extra_info(self, name, default=None):
        return self

    def setsockopt(self, *option) -> None: ...

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def abort(self) -> None:
        self.aborted = True


@st.composite
def answers(draw: st.DrawFn):
    """Raw bytes of an answer cut into pieces, and what is in it."""
    headers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    chunks = draw(CHUNKS)
    head = b"".join(b"%b: %b\r\n" % header for header in headers)
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 103 Early Hints\r\nx-hint: 1\r\n\r\n"]))
    if draw(st.booleans()):
        framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        raw = interim + b"HTTP/1.1 200 OK\r\n" + head + b"transfer-encoding: chunked\r\n\r\n" + framed
    else:
        body = b"".join(chunks)
        raw = interim + b"HTTP/1.1 200 OK\r\n" + head + b"content-length: %d\r\n\r\n%b" % (len(body), body)
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=10)))
    pieces = [raw[start:end] for start, end in pairwise([0, *cuts, len(raw)])]
    return headers, b"".join(chunks), [piece for piece in pieces if piece]


async def receive(pieces: list[bytes]) -> tuple[Connection, Wire, Response]:
    loop, wire = asyncio.get_running_loop(), Wire()
    connection = Connection(Target("http", "x", 80), Limits(), lambda free: None, lambda gone: None)
    connection.connection_made(wire)
    response = Response(loop, Timeouts(), Limits().buffer_bytes)
    connection.start(response, b"", b"", loop.time())
    for piece in pieces:
        connection.data_received(piece)
    return connection, wire, response


@given(answers())
def test_any_cut_of_an_answer_gives_the_same_answer(answer):
    headers, body, pieces = answer

    async def check():
        connection, wire, response = await receive(pieces)
        assert response.status == 200
        assert response.headers[:-1] == [(name.lower(), value) for name, value in headers]
        assert await response.read() == body
        assert connection.alive
        assert not wire.aborted
        connection.discard()

    asyncio.run(check())


def test_a_deadline_that_is_looked_at_between_the_data_and_its_reader_has_not_passed():
    async def check():
        connection, _, response = await receive([b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"])
        reader = asyncio.create_task(response.next_chunk())
        await asyncio.sleep(0)
        connection.data_received(b"abc")
        when, kind = response.deadline()  # the reader has been woken and has not run yet
        assert (kind, when > asyncio.get_running_loop().time()) == ("total", True)
        assert await reader == b"abc"
        connection.discard()

    asyncio.run(check())


def test_a_reader_that_waits_again_has_the_whole_idle_limit_again():
    async def check():
        loop = asyncio.get_running_loop()
        connection, _, response = await receive([b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"])
        whole = asyncio.create_task(response.read())
        for piece in (b"a", b"b"):
            await asyncio.sleep(0)
            before = loop.time()
            connection.data_received(piece)
            when, kind = response.deadline()
            assert kind == "idle"
            assert when >= before + response.timeouts.idle
        connection.data_received(b"cdef")
        assert await whole == b"abcdef"
        connection.discard()

    asyncio.run(check())


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6))
def test_no_bytes_at_all_make_the_connection_fail_otherwise_than_said(pieces):
    async def check():
        connection, _, response = await receive(pieces)
        assert response.error is None or isinstance(response.error, ProtocolError)
        connection.discard()

    asyncio.run(check())
