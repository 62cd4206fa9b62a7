"""The guard against being sent to addresses inside."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit.net import (
    ForbiddenAddress,
    InvalidUrl,
    ParsedTarget,
    Reach,
    check_address,
    check_url,
    is_public,
    reach_of,
)

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80e::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fd12:3456::1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::5",
    "2a00:1450::200:5efe:7f00:1",
]
FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "3fff::1",
    "64:ff9b:1::7f00:1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "4000::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(address)
    check_address("api.example.com", address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_dialled_only_where_that_is_allowed(address):
    assert not is_public(address)
    with pytest.raises(ForbiddenAddress):
        check_address("api.example.com", address, allow_private=False)
    check_address("api.example.com", address, allow_private=True)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_link_local_metadata_and_reserved_addresses_are_never_dialled(address):
    assert not is_public(address)
    with pytest.raises(ForbiddenAddress):
        check_address("api.example.com", address, allow_private=True)


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_no_safer_inside_an_ipv6_address(number):
    plain = IPv4Address(number)
    mapped = IPv6Address(0xFFFF << 32 | number)
    nat64 = IPv6Address(0x64FF9B << 96 | number)
    six_to_four = IPv6Address(0x2002 << 112 | number << 80)
    assert reach_of(mapped) == reach_of(nat64) == reach_of(six_to_four) == reach_of(plain)


@given(st.integers(0, 2**128 - 1))
def test_no_more_is_public_than_the_standard_library_thinks(number):
    address = IPv6Address(number)
    inside = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    assert not (inside and is_public(address))


def test_a_refusal_names_the_host_and_not_what_it_resolved_to():
    with pytest.raises(ForbiddenAddress) as refusal:
        check_address("db.internal", "10.20.30.40", allow_private=False)
    assert "db.internal" in str(refusal.value)
    assert "10.20" not in str(refusal.value)
    assert refusal.value.reach is Reach.PRIVATE


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://api.openai.com/v1/", ParsedTarget("https", "api.openai.com", 443, "/v1")),
        ("HTTPS://API.Example.COM", ParsedTarget("https", "api.example.com", 443, "")),
        ("http://models.example.com:8080/a/b", ParsedTarget("http", "models.example.com", 8080, "/a/b")),
        ("https://[2606:4700::1111]:8443/v1", ParsedTarget("https", "2606:4700::1111", 8443, "/v1")),
        ("http://gpu_box.example.com.", ParsedTarget("http", "gpu_box.example.com.", 80, "")),
    ],
)
def test_a_base_url_is_taken_apart(url, target):
    assert check_url(url, allow_private=False) == target
    assert check_url(target.url, allow_private=False) == target


def test_the_authority_leaves_out_the_usual_port_and_brackets_ipv6():
    assert check_url("https://api.example.com:443", allow_private=False).authority == "api.example.com"
    assert check_url("http://[2606:4700::1111]:81", allow_private=False).authority == "[2606:4700::1111]:81"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://127.1/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://2130706433/",
        "http://localhost:11434/v1",
        "http://engine.localhost/",
        "http://LOCALHOST./",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://192.168.0.10/v1",
    ],
)
def test_a_private_address_in_any_notation_needs_the_explicit_permission(url):
    with pytest.raises(ForbiddenAddress, match="unless private addresses are allowed"):
        check_url(url, allow_private=False)
    check_url(url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://0xa9fea9fe/", "http://0/", "http://[fe80::1]/"]
)
def test_a_metadata_address_is_refused_even_with_the_permission(url):
    with pytest.raises(ForbiddenAddress):
        check_url(url, allow_private=True)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "printable"),
        ("api.openai.com/v1", "http"),
        ("ftp://example.com", "http"),
        ("file:///etc/passwd", "http"),
        ("https://user:secret@example.com/", "credential"),
        ("https://user@example.com/", "credential"),
        ("https:///v1", "well formed"),
        ("https://exa mple.com", "printable"),
        ("https://example.com\\@evil.com", "printable"),
        ("https://example.com/\r\nx", "printable"),
        ("https://exämple.com", "printable"),
        ("https://example.com:99999/", "well formed"),
        ("https://example.com:0/", "well formed"),
        ("https://example.com:x/", "well formed"),
        ("https://1.2.3.4.5/", "well formed"),
        ("https://300.1.1.1/", "well formed"),
        ("https://-x.example.com/", "well formed"),
        ("https://a%2eb.com/", "well formed"),
        ("https://[fe80::1%25eth0]/", "well formed"),
        ("https://[::1/", "well formed"),
        ("https://example.com/?key=1", "query"),
        ("https://example.com/#x", "fragment"),
        ("https://" + "a" * 254, "well formed"),
    ],
)
def test_a_url_that_can_not_be_called_says_why_without_repeating_itself(url, reason):
    with pytest.raises(InvalidUrl, match=reason) as refusal:
        check_url(url, allow_private=True)
    assert "secret" not in str(refusal.value)


@given(st.text())
def test_any_text_is_either_a_target_or_refused(url):
    try:
        check_url(url, allow_private=False)
    except (InvalidUrl, ForbiddenAddress):
        return
