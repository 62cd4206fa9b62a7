"""Everything at once: servers that fail at random, clients that give up at random, a pool that is too small."""

import asyncio
import random

import pytest

from apps.serving.transport import HttpClient, Limits, Timeouts, TransportError
from tests.functional.transport.servers import serving, until

pytestmark = pytest.mark.anyio

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def mischief(peer) -> None:
    chance = random.Random(peer.number)
    while True:
        number = (await peer.request()).line.split(b"/")[1].split()[0]
        kind = chance.randrange(8)
        if kind == 0:
            return
        if kind == 1:
            await peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nnot all of it")
            return
        if kind == 2:
            await peer.send(b"%b%x\r\n%b\r\n" % (CHUNKED, len(number), number))
            await asyncio.sleep(chance.random() / 50)
            await peer.send(b"0\r\n\r\n")
        elif kind == 3:
            await peer.send(b"nonsense")
        elif kind == 4:
            await asyncio.sleep(chance.random() / 20)
            await peer.reply(number, head=b"connection: close\r\n")
            return
        else:
            await peer.reply(number)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nobody_gets_anothers_answer_and_no_place_in_the_pool_is_lost(seed):
    chance = random.Random(seed)
    client = HttpClient(Limits(max_connections=8))
    outcomes = {"answered": 0, "failed": 0, "given up": 0}

    async def ask(number: int) -> None:
        await asyncio.sleep(chance.random() / 5)
        try:
            async with asyncio.timeout(chance.choice([0.01, 0.05, 10])):
                async with await client.send(
                    server.target, "POST", f"/{number}", timeouts=Timeouts(idle=5)
                ) as response:
                    assert await response.read() == b"%d" % number
            outcomes["answered"] += 1
        except TransportError:
            outcomes["failed"] += 1
        except TimeoutError:
            outcomes["given up"] += 1

    async with serving(mischief) as server:
        await asyncio.gather(*(ask(number) for number in range(200)))
        assert sum(outcomes.values()) == 200
        assert all(outcomes.values())
        opened, idle, waiting = client.connections(server.target)
        assert opened == idle <= 8
        assert waiting == 0
        await client.aclose()
        await until(lambda: client.connections(server.target) == (0, 0, 0))
