"""What follows a failure."""

import random
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.domain.policy import Retries, parse_policy
from apps.gateway.domain.retrying import (
    LONGEST_RETRY_AFTER,
    Failure,
    RetryBudget,
    attempts_left,
    kind_of_status,
    next_target,
    pause,
    read_retry_after,
)

RETRIES = Retries(attempts=3, base_ms=100, max_ms=1000, max_retry_after_ms=2000)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, None, None), (422, None, None), (413, None, None), (401, None, "credential"), (403, None, "credential"),
        (404, None, "not_found"), (408, None, "timeout"), (429, None, "rate_limited"), (500, None, "server_error"),
        (502, None, "server_error"), (503, None, "overloaded"), (504, None, "timeout"), (529, None, "overloaded"),
        (400, "context_length_exceeded", "context_length"), (400, "content_filter", "content_filter"),
    ],
)  # fmt: skip
def test_a_status_is_a_kind_of_failure(status, code, kind):
    assert kind_of_status(status, code) == kind


@pytest.mark.parametrize("kind", [None, "credential", "not_found", "context_length", "content_filter"])
def test_what_would_fail_again_is_not_asked_again(kind):
    assert pause(RETRIES, Failure(kind), 1, random.Random(1)) is None


@given(st.integers(1, 12), st.integers(0, 10_000))
def test_waits_double_up_to_the_longest_with_full_jitter(tried, seed):
    wait = pause(RETRIES, Failure("server_error"), tried, random.Random(seed))
    assert 0 <= wait <= min(1.0, 0.1 * 2 ** (tried - 1))


def test_the_provider_is_given_the_time_it_asked_for():
    assert 1.5 <= pause(RETRIES, Failure("rate_limited", 1.5), 1, random.Random(1)) <= 1.75
    assert pause(RETRIES, Failure("rate_limited", 2.5), 1, random.Random(1)) is None


def test_time_to_wait_is_read_in_every_form():
    assert read_retry_after(b"3", None, 0.0) == 3.0
    assert read_retry_after(b"3", b"250", 0.0) == 0.25
    assert read_retry_after(formatdate(1000, usegmt=True).encode(), None, 990.0) == 10.0
    assert read_retry_after(formatdate(1000, usegmt=True).encode(), None, 2000.0) == 0.0
    assert read_retry_after(b"99999999", None, 0.0) == LONGEST_RETRY_AFTER


@given(st.none() | st.binary(max_size=40), st.none() | st.binary(max_size=40))
def test_no_header_whatsoever_breaks_it(seconds, milliseconds):
    found = read_retry_after(seconds, milliseconds, 1000.0)
    assert found is None or 0 <= found <= LONGEST_RETRY_AFTER


def test_the_tries_of_the_callers_own_client_count():
    assert [attempts_left(RETRIES, made) for made in (0, 2, 5)] == [3, 1, 0]


def test_retries_are_a_share_of_the_requests_beyond_the_first_few():
    budget = RetryBudget(share=0.2, per_second=10)
    taken = 0
    for _ in range(1000):
        budget.requested(100.0)
        taken += budget.take()
    assert 205 <= taken <= 211


def test_each_second_allows_some_retries_more():
    budget = RetryBudget(per_second=10)
    for now in (100.0, 101.0):
        budget.requested(now)
        while budget.take():
            continue
    budget.requested(101.5)
    assert sum(budget.take() for _ in range(100)) == 5


def test_a_quiet_time_saves_no_more_than_so_many_retries():
    budget = RetryBudget(most=20)
    for _ in range(10_000):
        budget.requested(100.0)
    assert sum(budget.take() for _ in range(100)) == 20


def test_the_policy_says_after_which_failures_the_next_target_is_asked():
    policy = parse_policy({"fallback_on": ["rate_limited"]}, "a")
    assert next_target(policy, Failure("rate_limited"))
    assert not next_target(policy, Failure("timeout"))
    assert not next_target(policy, Failure(None))
