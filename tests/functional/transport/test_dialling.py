"""Reaching a provider: names, addresses that may not be dialled, TLS, sockets in the file system."""

import asyncio
import socket
import ssl

import pytest

from apps.serving.transport import (
    ConnectFailed,
    ForbiddenAddress,
    HttpClient,
    Target,
    Timeouts,
    TlsFailed,
    UpstreamTimeout,
)
from apps.serving.transport.resolver import Resolver
from llmkit import net
from tests.functional.transport.certificates import server_context
from tests.functional.transport.servers import Peer, serving, until

pytestmark = pytest.mark.anyio


class Zone(Resolver):
    """A name service with answers of its own; counts the questions that reach it."""

    def __init__(self, *addresses: str, ttl: float = 30.0) -> None:
        super().__init__(ttl)
        self.addresses = list(addresses)
        self.questions = 0

    async def look_up(self, host: str, port: int) -> list[str]:
        self.questions += 1
        await asyncio.sleep(0)
        return self.addresses


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def hello(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.reply(b"hello")


async def fetch(client: HttpClient, target: Target, **options) -> bytes:
    return await (await client.send(target, "GET", "/", **options)).read()


async def test_a_name_is_resolved_and_reached(client):
    async with serving(hello) as server:
        target = Target("http", "localhost", server.target.port, allow_private=True)
        assert await fetch(client, target) == b"hello"


async def test_a_target_on_this_machine_is_not_dialled_unless_private_hosts_are_allowed(client):
    async with serving(hello) as server:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "::ffff:127.0.0.1"):
            with pytest.raises(ForbiddenAddress, match="not a public address") as refusal:
                await fetch(client, Target("http", host, server.target.port))
            assert isinstance(refusal.value, net.ForbiddenAddress)
            assert not refusal.value.reached_upstream
        assert server.accepted == 0


async def test_a_name_that_turns_private_after_it_was_saved_is_not_dialled():
    zone = Zone("127.0.0.1")
    client = HttpClient(resolver=zone)
    async with serving(hello) as server:
        net.check_url(f"http://rebound.example.com:{server.target.port}", allow_private=False)
        with pytest.raises(ForbiddenAddress, match=r"rebound\.example\.com") as refusal:
            await fetch(client, Target("http", "rebound.example.com", server.target.port))
        assert "127" not in str(refusal.value)
        assert server.accepted == 0
    await client.aclose()


async def test_of_several_addresses_only_the_permitted_are_dialled():
    client = HttpClient(resolver=Zone("169.254.169.254", "127.0.0.1", "224.0.0.1"))
    async with serving(hello) as server:
        assert await fetch(client, Target("http", "x.example.com", server.target.port, allow_private=True)) == b"hello"
    await client.aclose()


async def test_every_address_is_tried_until_one_answers():
    client = HttpClient(resolver=Zone("127.0.0.3", "127.0.0.2", "127.0.0.1"))
    async with serving(hello) as server:
        assert await fetch(client, Target("http", "x.example.com", server.target.port, allow_private=True)) == b"hello"
    await client.aclose()


@pytest.mark.parametrize(("ttl", "questions"), [(3600, 1), (0, 3)])
async def test_an_answer_of_the_name_service_is_remembered_for_its_time_and_asked_for_once(ttl, questions):
    zone = Zone("127.0.0.1", ttl=ttl)
    client = HttpClient(resolver=zone)
    async with serving(hello) as server:
        target = Target("http", "x.example.com", server.target.port, allow_private=True)
        for _ in range(3):
            # More at a time than before, so that connections have to be opened.
            more = client.connections(target)[0] + 2
            await asyncio.gather(*(fetch(client, target) for _ in range(more)))
    assert zone.questions == questions
    await client.aclose()


async def test_a_name_nobody_knows_is_an_error_that_names_it(client):
    nowhere = "x" * 64 + ".example.com"  # no name can have a part this long, so no server has to be asked
    with pytest.raises(ConnectFailed, match=r"xxxx.* could not be resolved"):
        await fetch(client, Target("http", nowhere, 80))


async def test_a_port_where_nobody_listens_is_an_error_without_the_address():
    client = HttpClient(resolver=Zone("127.0.0.1"))
    port = unused_port()
    with pytest.raises(ConnectFailed, match="refused") as failure:
        await fetch(client, Target("http", "models.example.com", port, allow_private=True))
    assert f"models.example.com:{port}" in str(failure.value)
    assert "127.0.0.1" not in str(failure.value)
    assert not failure.value.reached_upstream
    await client.aclose()


async def test_a_socket_in_the_file_system_is_a_target_too(client, tmp_path):
    path = str(tmp_path / "engine.sock")
    async with serving(hello, unix=path) as server:
        assert await fetch(client, server.target) == b"hello"
        assert await fetch(client, server.target) == b"hello"
        assert server.accepted == 1
        assert b"host: localhost\r\n" in server.received[0].head
    with pytest.raises(ConnectFailed, match=r"nobody\.sock") as failure:
        await fetch(client, Target.unix(str(tmp_path / "nobody.sock")))
    assert str(tmp_path) not in str(failure.value)


async def test_a_trusted_certificate_is_accepted_and_the_connection_kept(tmp_path):
    context, certificate = server_context(tmp_path)
    client = HttpClient(tls=ssl.create_default_context(cafile=certificate))
    async with serving(hello, tls=context) as server:
        for _ in range(3):
            assert await fetch(client, server.target) == b"hello"
        assert server.accepted == 1
    await client.aclose()


async def test_cancelling_hangs_up_through_tls_as_well(tmp_path):
    context, certificate = server_context(tmp_path)
    client = HttpClient(tls=ssl.create_default_context(cafile=certificate))

    async def script(peer):
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\nbegin")
        await peer.gone()

    async with serving(script, tls=context) as server:
        response = await client.send(server.target, "GET", "/")
        assert await response.next_chunk() == b"begin"
        task = asyncio.create_task(response.read())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.hung_up.wait()
    await client.aclose()


async def test_a_certificate_nobody_vouches_for_is_refused(client, tmp_path):
    context, _ = server_context(tmp_path)
    async with serving(hello, tls=context) as server:
        with pytest.raises(TlsFailed, match="certificate"):
            await fetch(client, server.target)
        assert server.received == []


async def test_a_certificate_of_another_host_is_refused(tmp_path):
    context, certificate = server_context(tmp_path, address="127.0.0.9")
    client = HttpClient(tls=ssl.create_default_context(cafile=certificate))
    async with serving(hello, tls=context) as server:
        with pytest.raises(TlsFailed, match="not valid for"):
            await fetch(client, server.target)
    await client.aclose()


async def test_a_server_that_does_not_speak_tls_is_refused(client):
    async def script(peer):
        await peer.send(b"220 mail.example.com ESMTP\r\n")
        await peer.gone()

    async with serving(script) as server:
        with pytest.raises((TlsFailed, ConnectFailed)):
            await fetch(client, Target("https", "127.0.0.1", server.target.port, allow_private=True))


async def test_a_handshake_that_stalls_ends_by_the_connect_limit(client):
    async with serving(Peer.gone) as server:
        target = Target("https", "127.0.0.1", server.target.port, allow_private=True)
        with pytest.raises(UpstreamTimeout) as failure:
            await fetch(client, target, timeouts=Timeouts(connect=0.1))
        assert failure.value.kind == "connect"
        assert not failure.value.reached_upstream
        await server.hung_up.wait()
        assert client.connections(target) == (0, 0, 0)


async def test_a_name_service_that_stalls_ends_by_the_connect_limit():
    class Silent(Resolver):
        async def look_up(self, host: str, port: int) -> list[str]:
            await asyncio.Event().wait()
            return []

    client = HttpClient(resolver=Silent(30))
    with pytest.raises(UpstreamTimeout) as failure:
        await fetch(client, Target("http", "x.example.com", 80), timeouts=Timeouts(connect=0.05))
    assert failure.value.kind == "connect"
    await client.aclose()


async def test_cancelling_while_connecting_leaves_nothing_behind(client):
    async with serving(Peer.gone) as server:
        target = Target("https", "127.0.0.1", server.target.port, allow_private=True)
        task = asyncio.create_task(fetch(client, target))
        await until(lambda: server.accepted == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.hung_up.wait()
        assert client.connections(target) == (0, 0, 0)
