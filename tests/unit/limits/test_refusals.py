"""What a client is told when a limit refuses."""

import pytest

from apps.limits.domain.leases import Known, Lease
from apps.limits.domain.refusals import LimitReached, duration, rate_headers, words_of
from apps.limits.domain.rules import Metric, Window
from tests.factories.limits import DOLLAR, make_rule


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0ms"),
        (820, "820ms"),
        (1_000, "1s"),
        (1_001, "2s"),
        (59_001, "1m0s"),
        (90_000, "1m30s"),
        (12_000_000, "3h20m0s"),
    ],
)
def test_durations_read_as_openai_writes_them(milliseconds, text):
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("metric", "window", "value", "words"),
    [
        (Metric.REQUESTS, Window.MINUTE, 6_000, "6,000 requests per minute"),
        (Metric.TOKENS, Window.DAY, 10, "10 tokens per day"),
        (Metric.COST, Window.MONTH, 5 * DOLLAR, "$5.00 per month"),
        (Metric.CONCURRENCY, Window.TOTAL, 4, "4 requests at a time"),
    ],
)
def test_a_limit_reads_as_people_say_it(metric, window, value, words):
    assert words_of(make_rule(metric, value, window=window)) == words


def test_a_spent_budget_is_no_reason_to_try_again_by_oneself():
    lease = Lease(make_rule(Metric.COST, DOLLAR, title="monthly", window=Window.MONTH), "", 90_000)
    refusal = LimitReached(lease, now_ms=0, retry_after_ms=90_000, retryable=False)
    assert (refusal.status, refusal.code) == (429, "budget_exhausted")
    assert dict(refusal.headers)[b"x-should-retry"] == b"false"
    assert refusal.message == "The budget 'monthly' of $1.00 per month is reached. Try again in 1m30s."


def test_waiting_times_are_told_in_seconds_and_milliseconds():
    lease = Lease(make_rule(), "", 0)
    headers = dict(LimitReached(lease, now_ms=0, retry_after_ms=1_200).headers)
    assert headers[b"retry-after"] == b"2"
    assert headers[b"retry-after-ms"] == b"1200"
    assert headers[b"x-should-retry"] == b"true"


def test_of_two_limits_the_one_nearest_to_its_end_is_told():
    wide, narrow = (Lease(make_rule(value=value), "", 30_000) for value in (1_000, 50))
    wide.learn(wide.tell(0), Known("1", 30_000, 5, 990, 0, False), 0, 0.0)
    headers = dict(rate_headers([narrow, wide], 10_000))
    assert headers == {
        b"x-ratelimit-limit-requests": b"1000",
        b"x-ratelimit-remaining-requests": b"15",
        b"x-ratelimit-reset-requests": b"20s",
    }
