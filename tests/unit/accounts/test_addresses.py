import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.domain.addresses import clean_ip, network_of


@pytest.mark.parametrize(
    ("told", "ip"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        (None, None),
        ("unix:", None),
        ("<script>", None),
        ("192.0.2.7, 198.51.100.1", None),
    ],
)
def test_only_an_address_is_taken_for_one(told: str | None, ip: str | None) -> None:
    assert clean_ip(told) == ip


@pytest.mark.parametrize(
    ("ip", "network"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), (None, "unknown")],
)
def test_an_ipv6_user_counts_with_their_whole_network(ip: str | None, network: str) -> None:
    assert network_of(ip) == network


@given(st.one_of(st.ip_addresses().map(str), st.text(max_size=50)))
def test_whatever_a_header_says_counts_as_something(told: str) -> None:
    assert network_of(clean_ip(told))
