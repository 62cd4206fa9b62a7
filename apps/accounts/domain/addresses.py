"""IP addresses of browsers, as the server or a proxy before it tells them."""

import ipaddress


def clean_ip(text: str | None) -> str | None:
    """The address without a zone; None for anything else, such as the peer of a unix socket or a forged header."""
    try:
        return str(ipaddress.ip_address((text or "").strip().partition("%")[0]))
    except ValueError:
        return None


def network_of(ip: str | None) -> str:
    """What counts as one address: an IPv4 address, or the /64 of which IPv6 users have all to themselves."""
    if not ip or ":" not in ip:
        return ip or "unknown"
    return str(ipaddress.ip_network((ip, 64), strict=False))
