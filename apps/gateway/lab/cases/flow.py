"""Time and flow: timeouts, back-pressure, flushing, signs of life (21 to 24)."""

import asyncio
import time

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import ends_with_error, openai_error
from apps.gateway.lab.checks import Failed, equal, expect
from apps.gateway.lab.client import PATIENCE, Exchange
from apps.gateway.lab.texts import GREETING
from apps.gateway.lab.trial import Trial

group = Group("Time and flow")
case = group.case

FLOOD_MB = 96
# The kernels' buffers alone, two on each hop, can hold some 15 MB of it.
MOST_AHEAD = FLOOD_MB * 1024 * 1024 // 2
SMALL_BUFFER = 32 * 1024
STILL_SECONDS = 1.0
ROUNDS = 60
# Linux holds an acknowledgement back for at least so long; with Nagle's algorithm each small event waits for one.
DELAYED_ACK_SECONDS = 0.04


@case("timeout-first", 21, "A first token that never comes is a 504 of the gateway's own", "Only a total timeout.")
async def first_token(trial: Trial) -> None:
    model = trial.told("hasty_model")
    for stream in (False, True):
        openai_error(await trial.ask(trial.chat("slow", model=model, stream=stream)), 504, 408)
    await trial.until(lambda: all(seen.closed_early for seen in trial.seen), "the provider is still working")


@case("timeout-idle", 21, "A stream that stands still for too long ends with an error")
async def idle(trial: Trial) -> None:
    model = trial.told("hasty_model")
    ends_with_error(await trial.ask(trial.chat("stall", {"after": 3}, stream=True, model=model)))
    await trial.until(lambda: trial.seen[-1].closed_early, "the provider is still working")


@case("timeout-total", 21, "A stream that flows for ever is ended too", "Each event renews the only timeout.")
async def total(trial: Trial) -> None:
    model = trial.told("hasty_model")
    async with trial.opening(trial.chat("drip", {"ms": 200}, stream=True, model=model)) as exchange:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await exchange.answer()
        except TimeoutError:
            raise Failed(f"the stream was still flowing after {PATIENCE:.0f} s") from None
        ends_with_error(answer)


@case("back-pressure", 22, "A client that does not read holds the provider up", "All of it is kept in memory.")
async def back_pressure(trial: Trial) -> None:
    request = trial.chat("flood", {"mb": FLOOD_MB}, stream=True)
    async with trial.opening(request, receive_buffer=SMALL_BUFFER) as exchange:
        await exchange.head()
        ahead = await _comes_to_rest(trial)
        expect(ahead < MOST_AHEAD, f"{ahead >> 20} MB of {FLOOD_MB} were read ahead for a client that does not read")
        for number in range(20):
            await exchange.until_text(f'"{number}:')


async def _comes_to_rest(trial: Trial) -> int:
    """How many bytes the provider could get rid of, once that doesn't grow any more."""
    seen = await trial.until_asked()
    last, since = -1, time.monotonic()
    while time.monotonic() - since < STILL_SECONDS:
        if seen.sent_bytes != last:
            last, since = seen.sent_bytes, time.monotonic()
        await asyncio.sleep(0.05)
    return last


@case("flush", 23, "An event reaches the client before the next one is there", "Buffers fill up first.")
async def flush(trial: Trial) -> None:
    async with trial.opening(trial.chat("stall", {"after": 3}, stream=True)) as exchange:
        await _first_three_then_rest(trial, exchange)


@case("flush-gzip", 23, "So it does for a client that accepts gzip", "The compressor keeps it.")
async def flush_gzip(trial: Trial) -> None:
    request = trial.chat("stall", {"after": 3}, stream=True).with_headers(accept_encoding="gzip, br")
    async with trial.opening(request) as exchange:
        answer = await exchange.head()
        equal(answer.header("content-encoding"), "", "the content-encoding of a stream")
        await _first_three_then_rest(trial, exchange)


async def _first_three_then_rest(trial: Trial, exchange: Exchange) -> None:
    await exchange.until_text(GREETING[1])
    trial.let_go()
    await exchange.until_text("[DONE]")


@case("no-delay", 23, "Small events don't wait for acknowledgements (TCP_NODELAY)", "40 ms more for each.", alone=True)
async def no_delay(trial: Trial) -> None:
    rounds = []
    async with trial.opening(trial.chat("lockstep", {"words": ROUNDS}, stream=True)) as exchange:
        for _ in (*GREETING, trial.nonce):
            trial.let_go()
        for number in range(ROUNDS):
            started = time.monotonic()
            trial.let_go()
            await exchange.until_text(f'" w{number}"')
            rounds.append(time.monotonic() - started)
    fastest = sorted(rounds[ROUNDS // 2 :])[ROUNDS // 8]
    expect(fastest < DELAYED_ACK_SECONDS * 0.9, f"even the faster events take {fastest * 1000:.0f} ms each")


@case("stream-headers", 23, "A stream says that it must be neither cached nor buffered")
async def stream_headers(trial: Trial) -> None:
    answer = await trial.good(trial.chat(stream=True))
    expect("no-cache" in answer.header("cache-control") or "no-store" in answer.header("cache-control"),
           f"cache-control is {answer.header('cache-control')!r}")  # fmt: skip
    equal(answer.header("x-accel-buffering"), "no", "x-accel-buffering")


@case("keep-alive", 24, "A stream that stands still shows signs of life", "Proxies in between close it.")
async def keep_alive(trial: Trial) -> None:
    async with trial.opening(trial.chat("stall", {"after": 3}, stream=True)) as exchange:
        await exchange.until_text(GREETING[1])
        async with trial.beside(exchange.event()) as (reading,):
            await trial.until(lambda: exchange.comments, "no comment came while the stream stood still for 30 s")
            trial.let_go()
            await reading
        await exchange.until_text("[DONE]")
