"""Clients that hang up: the provider is told at once (20)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.texts import GREETING
from apps.gateway.lab.trial import Trial

group = Group("Clients that leave")
case = group.case

BACKOFF_MS = 1500
GOES_ON = "the client has left, and the provider still works for it"


async def _cancelled(trial: Trial) -> None:
    await trial.until(lambda: trial.seen[-1].closed_early, GOES_ON)


@case("leave-waiting", 20, "While the provider's answer is waited for", "It is generated to its end, and paid.")
async def while_waiting(trial: Trial) -> None:
    async with trial.opening(trial.chat("slow")) as exchange:
        await trial.until_asked()
        exchange.hang_up()
        await _cancelled(trial)


@case("leave-waiting-stream", 20, "While the first event of a stream is waited for")
async def while_waiting_for_stream(trial: Trial) -> None:
    async with trial.opening(trial.chat("slow", stream=True)) as exchange:
        await trial.until_asked()
        exchange.hang_up()
        await _cancelled(trial)


@case("leave-body", 20, "In the middle of a whole answer's body")
async def in_body(trial: Trial) -> None:
    async with trial.opening(trial.chat("stall")) as exchange:
        await trial.until(lambda: trial.seen and trial.seen[0].sent_bytes, "the request never reached the provider")
        exchange.hang_up()
        await _cancelled(trial)


@case("leave-stream", 20, "In the middle of a stream that stands still")
async def in_stream(trial: Trial) -> None:
    async with trial.opening(trial.chat("stall", {"after": 3}, stream=True)) as exchange:
        await exchange.until_text(GREETING[1])
        exchange.hang_up()
        await _cancelled(trial)


@case("leave-drip", 20, "In the middle of a stream that flows")
async def in_flow(trial: Trial) -> None:
    async with trial.opening(trial.chat("drip", {"ms": 20}, stream=True)) as exchange:
        await exchange.until_text(GREETING[0])
        exchange.hang_up()
        await _cancelled(trial)


@case("leave-messages", 20, "In the middle of a stream of Anthropic's dialect")
async def in_messages(trial: Trial) -> None:
    async with trial.opening(trial.message("stall", {"after": 5}, stream=True)) as exchange:
        await exchange.until_text("content_block_delta")
        exchange.hang_up()
        await _cancelled(trial)


@case("leave-backoff", 20, "While the gateway waits before it tries again")
async def in_backoff(trial: Trial) -> None:
    async with trial.opening(trial.chat("status", {"code": 429, "after-ms": BACKOFF_MS})) as exchange:
        await trial.until(lambda: trial.seen and trial.seen[0].finished, "the request never reached the provider")
        exchange.hang_up()
    again = "the provider was called again, although the client had left after the first call"
    await trial.stays(lambda: trial.calls == 1, BACKOFF_MS / 1000 + 1, again)
