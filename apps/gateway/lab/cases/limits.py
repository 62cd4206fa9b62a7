"""Rate limits, budgets and retries that know of each other (15 to 18)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import message_of, openai_error
from apps.gateway.lab.checks import equal, expect
from apps.gateway.lab.client import Answer
from apps.gateway.lab.trial import Trial

group = Group("Limits and retries")
case = group.case

LONG = 120  # seconds: longer than any gateway waits by itself
SDK_TRIES = 3
MOST_TRIES = 20


@case("ratelimit-own", 15, "x-ratelimit-* of the provider are not told as the caller's", "They leak through.")
async def not_the_providers(trial: Trial) -> None:
    answer = await trial.good(trial.chat("hostile-headers"))
    told = [f"{name}: {value}" for name, value in answer.headers if "lab-provider" in value and "ratelimit" in name]
    expect(not [line for line in told if line.startswith("x-ratelimit")], f"the provider's headers came: {told}")


@case("ratelimit-headers", 15, "A limited key is told its limit, what is left, and when it is full again")
async def headers(trial: Trial) -> None:
    request = trial.chat().with_headers(authorization=f"Bearer {trial.told('limited_key')}")
    answer = await trial.ask(request)
    for part in ("limit", "remaining", "reset"):
        name = f"x-ratelimit-{part}-requests"
        expect(answer.header(name), f"no {name} in {sorted(name for name, _ in answer.headers)}")


@case("ratelimit-429", 16, "Past the limit: 429 with the true time left", "The whole window instead of what is left.")
async def refused(trial: Trial) -> None:
    request = trial.chat().with_headers(authorization=f"Bearer {trial.told('limited_key')}")
    answer = await trial.ask(request)
    for _ in range(MOST_TRIES):
        if answer.status == 429:
            break
        answer = await trial.ask(request)
    openai_error(answer, 429)
    seconds, milliseconds = _number(answer, "retry-after"), _number(answer, "retry-after-ms")
    expect(0 < milliseconds <= 60_000, f"retry-after-ms is {milliseconds}")
    expect(0 <= seconds * 1000 - milliseconds <= 1000, f"retry-after {seconds} and retry-after-ms {milliseconds}")
    again = await trial.ask(request)
    expect(_number(again, "retry-after-ms") <= milliseconds, "later, the time left is not shorter")


@case("budget-no-retry", 17, "A spent budget tells SDKs not to try again", "A plain 429, which every SDK retries.")
async def budget(trial: Trial) -> None:
    answer = await trial.ask(trial.chat().with_headers(authorization=f"Bearer {trial.told('spent_key')}"))
    openai_error(answer, 402, 403, 429)
    expect(answer.header("x-should-retry") == "false", f"x-should-retry is {answer.header('x-should-retry')!r}")
    expect(not trial.calls, "the provider was called all the same")


@case("retry-after-passed", 16, "A provider's Retry-After reaches the client")
async def retry_after(trial: Trial) -> None:
    answer = await trial.ask(trial.chat("status", {"code": 429, "after": LONG}))
    openai_error(answer, 429)
    expect(0 < _number(answer, "retry-after") <= LONG, f"retry-after is {answer.header('retry-after')!r}")


@case("retry-after-date", 16, "So does one that is a date")
async def retry_after_date(trial: Trial) -> None:
    answer = await trial.ask(trial.chat("status", {"code": 429, "after-date": LONG}))
    openai_error(answer, 429)
    told = answer.header("retry-after")
    expect(told.endswith("GMT") or 0 < _number(answer, "retry-after") <= LONG, f"retry-after is {told!r}")


@case("retry-after-ms", 16, "So does retry-after-ms, in one form or the other")
async def retry_after_ms(trial: Trial) -> None:
    answer = await trial.ask(trial.chat("status", {"code": 429, "after-ms": LONG * 1000}))
    openai_error(answer, 429)
    told = _number(answer, "retry-after-ms") / 1000 or _number(answer, "retry-after")
    expect(0 < told <= LONG, f"neither retry-after-ms nor retry-after in {answer.headers}")


@case("retry-429", 16, "A provider that says `in 50 ms` is asked again by the gateway itself")
async def retried(trial: Trial) -> None:
    answer = await trial.good(trial.chat("status", {"code": 429, "after-ms": 50, "times": 1}))
    equal(message_of(answer).get("content"), trial.words, "the text")


@case("retry-budget", 18, "An SDK's retries and the gateway's are one budget", "2 × 2 retries make 9 calls.")
async def one_budget(trial: Trial) -> None:
    """With each try of the SDK, the gateway has one less to add."""
    first = 0
    for count in range(SDK_TRIES):
        request = trial.chat("status", {"code": 503}).with_headers(x_stainless_retry_count=str(count))
        await trial.ask(request)
        first = first or trial.calls
    most = sum(max(first - count, 1) for count in range(SDK_TRIES))
    expect(trial.calls <= most, f"{trial.calls} calls for 3 tries of an SDK, of which the first made {first}")


def _number(answer: Answer, header: str) -> float:
    """0 where the header is missing or no number."""
    value = answer.header(header)
    return float(value) if value.replace(".", "", 1).isdigit() else 0.0
