"""What callers are told when a provider fails."""

from types import SimpleNamespace

import pytest

from apps.gateway.proxy.provider_errors import answered_error, told, unreachable
from apps.serving.services import ConnectFailed, PoolExhausted, ProviderError, UpstreamTimeout
from tests.factories.hot_path import make_upstream


def made(status, retry_after):
    """What is read of a response."""
    return SimpleNamespace(status=status, header={b"retry-after": retry_after}.get)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ConnectFailed("No address accepts a connection."), 502, "provider_unreachable"),
        (UpstreamTimeout("first_byte", "acme"), 504, "provider_timeout"),
        (PoolExhausted("All busy."), 503, "provider_busy"),
    ],
)
def test_a_call_without_an_answer_names_the_provider(error, status, code):
    refusal = unreachable("acme", error)
    assert (refusal.status, refusal.code, refusal.kind) == (status, code, "server_error")
    assert "'acme'" in refusal.message


@pytest.mark.parametrize(
    ("status", "expected"), [(400, 400), (408, 408), (429, 429), (500, 502), (502, 502), (503, 503), (504, 504)]
)
def test_the_status_tells_whose_fault_it_is(status, expected):
    assert told("acme", ProviderError(status, "No.")).status == expected


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_never_quoted(status):
    body = b'{"error":{"message":"Incorrect API key provided: sk-acme"}}'
    refusal = answered_error(make_upstream(), made(status, None), body)
    assert (refusal.status, refusal.code) == (502, "provider_credential_refused")
    assert "sk-acme" not in refusal.message


def test_a_credential_quoted_by_the_provider_is_taken_out():
    refusal = answered_error(make_upstream(), made(400, None), b'{"error":{"message":"Bad key sk-acme here"}}')
    assert "sk-acme" not in refusal.message


def test_the_time_to_wait_is_passed_on():
    refusal = answered_error(make_upstream(), made(429, b"17"), b"")
    assert (b"retry-after", b"17") in refusal.headers
