"""Which keys open the gateway."""

import hashlib

import pytest

from apps.gateway.proxy import auth
from apps.gateway.proxy.auth import KeyRefusal, authenticate
from tests.factories.hot_path import make_key

NOW = 1_000


def keyring(text: str = "fw_sk_a", **fields):
    return {hashlib.sha256(text.encode()).digest(): make_key(**fields)}


def refusal(authorization: bytes, keys) -> KeyRefusal:
    with pytest.raises(KeyRefusal) as caught:
        authenticate(authorization, keys, NOW)
    return caught.value


@pytest.mark.parametrize("header", [b"Bearer fw_sk_a", b"bearer fw_sk_a", b"BEARER   fw_sk_a "])
def test_a_usable_key_is_found(header):
    assert authenticate(header, keyring(), NOW).may_call


@pytest.mark.parametrize(
    ("header", "fields", "expected"),
    [
        (b"", {}, (401, "missing_api_key")),
        (b"fw_sk_a", {}, (401, "missing_api_key")),
        (b"Basic fw_sk_a", {}, (401, "missing_api_key")),
        (b"Bearer fw_sk_b", {}, (401, "invalid_api_key")),
        (b"Bearer \xff\x00", {}, (401, "invalid_api_key")),
        (b"Bearer fw_sk_a", {"usable_until_ns": NOW}, (401, "expired_api_key")),
        (b"Bearer fw_sk_a", {"usable_until_ns": 0, "revoked": True}, (401, "revoked_api_key")),
        (b"Bearer fw_sk_a", {"may_call": False}, (403, "scope_missing")),
    ],
)
def test_every_other_key_is_refused_with_its_reason(header, fields, expected):
    found = refusal(header, keyring(**fields))
    assert (found.status, found.code) == expected
    assert (found.key is not None) is (expected[1] not in {"missing_api_key", "invalid_api_key"})


def test_every_header_costs_the_same_work(monkeypatch):
    """One digest and one look-up, whatever is wrong: the time of the answer tells nothing."""
    digests, looked_up = [], []
    known = keyring(revoked=True, usable_until_ns=0)
    real = hashlib.sha256
    monkeypatch.setattr(auth.hashlib, "sha256", lambda text: digests.append(text) or real(text))

    class Ring(dict):
        def get(self, digest, default=None):
            looked_up.append(digest)
            return super().get(digest, default)

    ring = Ring(known)
    for header in (b"", b"Basic x", b"Bearer unknown", b"Bearer fw_sk_a"):
        refusal(header, ring)
    assert len(digests) == len(looked_up) == 4
