"""How often somebody may guess."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.test import Client

from apps.accounts.services.limits import Limit, TooManyAttempts, count_attempt, take_back
from apps.accounts.services.signing_in import PER_ACCOUNT, PER_ADDRESS
from tests.factories.accounts import PASSWORD, browser, fresh_ip, make_user

NOON = datetime(2026, 5, 1, 12, 0, 7, tzinfo=UTC)


@pytest.fixture
def limit() -> Limit:
    return Limit(f"test-{uuid4()}", most=3, window_s=60)


def lets_through(limit: Limit, subject: str, at: datetime) -> bool:
    try:
        count_attempt(limit, subject, at=at)
    except TooManyAttempts:
        return False
    return True


def test_attempts_beyond_the_limit_are_refused_until_the_window_ends(limit: Limit) -> None:
    assert [lets_through(limit, "ada", NOON) for _ in range(4)] == [True, True, True, False]
    with pytest.raises(TooManyAttempts) as refusal:
        count_attempt(limit, "ada", at=NOON)
    assert refusal.value.retry_after_s == 53
    assert lets_through(limit, "ada", NOON + timedelta(seconds=refusal.value.retry_after_s))


def test_subjects_are_counted_apart(limit: Limit) -> None:
    for _ in range(4):
        lets_through(limit, "ada", NOON)

    assert lets_through(limit, "bob", NOON)


def test_an_attempt_taken_back_does_not_count(limit: Limit) -> None:
    for _ in range(10):
        count_attempt(limit, "ada", at=NOON)
        take_back(limit, "ada", at=NOON)


def test_many_at_once_do_not_slip_through(limit: Limit) -> None:
    with ThreadPoolExecutor(16) as pool:
        passed = list(pool.map(lambda _: lets_through(limit, "ada", NOON), range(64)))

    assert sum(passed) == limit.most


def test_counters_end_by_themselves(limit: Limit) -> None:
    count_attempt(limit, "ada", at=NOON)

    client = caches["limits"]._cache.get_client()
    key = caches["limits"].make_and_validate_key(limit.key("ada", NOON))
    assert 0 < client.ttl(key) <= 2 * limit.window_s


def test_redis_learns_no_addresses(limit: Limit) -> None:
    assert "ada" not in limit.key("ada@example.com", NOON).removeprefix(limit.name)


def test_without_redis_everything_is_let_through_and_logged(
    limit: Limit, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings.CACHES["limits"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"limits": away}

    with caplog.at_level(logging.WARNING):
        passed = [lets_through(limit, "ada", NOON) for _ in range(5)]
        take_back(limit, "ada", at=NOON)

    assert passed == [True] * 5
    assert "Redis is away, attempts are not limited" in caplog.text


def sign_in(client: Any, email: str, password: str) -> Any:
    return client.post("/sign-in/", {"email": email, "password": password, "next": "/account/"})


@pytest.mark.django_db
def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.signing_in.clock.now", lambda: NOON)
    user, client = make_user(), browser()
    wrong = [sign_in(client, user.email.upper(), "not this one").status_code for _ in range(PER_ACCOUNT.most)]

    answer = sign_in(client, user.email, PASSWORD)

    assert wrong == [422] * PER_ACCOUNT.most
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == PER_ACCOUNT.seconds_left(NOON)
    assert b"paused for 5 minutes" in answer.content
    assert b"/sign-in/?next=/account/" in answer.content


@pytest.mark.django_db
def test_somebody_elses_guesses_do_not_lock_the_user_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.signing_in.clock.now", lambda: NOON)
    user, attacker = make_user(), browser()
    for _ in range(PER_ACCOUNT.most + 1):
        sign_in(attacker, user.email, "not this one")

    assert sign_in(browser(), user.email, PASSWORD).status_code == 302


@pytest.mark.django_db
def test_one_address_may_not_try_many_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.accounts.services.signing_in.clock.now", lambda: NOON)
    user, client = make_user(), browser()
    for _ in range(PER_ADDRESS.most):
        count_attempt(PER_ADDRESS, client.defaults["REMOTE_ADDR"], at=NOON)

    assert sign_in(client, user.email, PASSWORD).status_code == 429


@pytest.mark.django_db
def test_who_knows_the_password_may_sign_in_as_often_as_they_like() -> None:
    user, address = make_user(), fresh_ip()

    answers = [sign_in(Client(REMOTE_ADDR=address), user.email, PASSWORD).status_code for _ in range(12)]

    assert answers == [302] * 12
