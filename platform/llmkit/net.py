"""Which network addresses the platform may dial on somebody's behalf (server-side request forgery).

A URL is judged twice: when it is saved (`check_url`) and, for every address its host resolves to, in the moment of
dialling (`check_address`). The second is what protects; names can resolve differently a second later, and what a
resolver makes of 0x7f.1 or 2130706433 is known only from its answer.

The tables follow IANA's special-purpose registries and not `ipaddress.is_private`, whose answers changed between
Python releases.
"""

import re
import socket
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import msgspec

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?\Z")
_ENDS_IN_NUMBER = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)\.?\Z")  # an IPv4 address that isn't one, never a name
_PLAIN_URL = re.compile(r"[\x21-\x5b\x5d-\x7e]+\Z")  # printable ASCII without space and backslash


class Reach(IntEnum):
    """How far an address reaches; the higher, the more dangerous to dial."""

    PUBLIC = 0
    PRIVATE = 1  # loopback, RFC 1918, ULA, CGNAT: allowed where a provider explicitly says so
    FORBIDDEN = 2  # link-local, cloud metadata, multicast, unspecified, reserved: never


class InvalidUrl(ValueError):
    """Not a URL the platform can call; the message doesn't repeat the URL, which may hold a password."""


class ForbiddenAddress(ValueError):
    """The host is, or resolves to, an address that may not be dialled. Its address isn't told: that would leak DNS."""

    def __init__(self, host: str, reach: Reach) -> None:
        self.host, self.reach = host, reach
        hint = " unless private addresses are allowed for it" if reach is Reach.PRIVATE else ""
        super().__init__(f"The host {host!r} is not a public address and may not be called{hint}.")


class ParsedTarget(msgspec.Struct, frozen=True):
    """Where a base URL points: `host` in lower case without brackets, `path` without its last slash ("" = root)."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def authority(self) -> str:
        """What the Host header says."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def check_url(url: str, *, allow_private: bool) -> ParsedTarget:
    """A base URL taken apart; InvalidUrl or ForbiddenAddress where it can't or mustn't be called.

    Only what the text itself shows is judged here (literal addresses in any notation, localhost): no name is
    resolved, so that a form can be saved while DNS is away.
    """
    if not _PLAIN_URL.match(url):
        raise InvalidUrl("The URL may hold only printable ASCII characters, without spaces or backslashes.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise InvalidUrl("The URL's host or port is not well formed.") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidUrl("The URL has to start with http:// or https://.")
    if "@" in parts.netloc:
        raise InvalidUrl("The URL may not hold a user name or password; use the credential field.")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise InvalidUrl("A base URL has no query and no fragment.")
    if port == 0:
        raise InvalidUrl("The URL's host or port is not well formed.")
    literal = _literal(host)
    if literal is None and (len(host) > 253 or not _HOST.match(host) or _ENDS_IN_NUMBER.search(host)):
        raise InvalidUrl("The URL's host or port is not well formed.")
    reach = _reach_of_name(host) if literal is None else reach_of(literal)
    _refuse(host, reach, allow_private)
    return ParsedTarget(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], parts.path.rstrip("/"))


def check_address(host: str, address: str, *, allow_private: bool) -> None:
    """ForbiddenAddress if `address`, which `host` resolved to, may not be dialled."""
    _refuse(host, reach_of(ip_address(address)), allow_private)


def is_public(address: IPv4Address | IPv6Address | str) -> bool:
    """Whether the address, and any IPv4 address carried inside it, is globally reachable unicast."""
    return reach_of(ip_address(address) if isinstance(address, str) else address) is Reach.PUBLIC


def reach_of(address: IPv4Address | IPv6Address) -> Reach:
    if isinstance(address, IPv4Address):
        return next((reach for network, reach in _V4 if address in network), Reach.PUBLIC)
    inner = _embedded_v4(address)
    # Of IPv6 only 2000::/3 has been handed out; what is neither in it nor listed is never dialled.
    unlisted = Reach.PUBLIC if inner is not None or address in _GLOBAL_UNICAST else Reach.FORBIDDEN
    outer = next((reach for network, reach in _V6 if address in network), unlisted)
    return outer if inner is None else max(outer, reach_of(inner))


def _refuse(host: str, reach: Reach, allow_private: bool) -> None:
    if reach is Reach.FORBIDDEN or (reach is Reach.PRIVATE and not allow_private):
        raise ForbiddenAddress(host, reach)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that the host spells out, old notations (0x7f.1, 2130706433, 0177.0.0.1) included."""
    if "%" in host:
        return None
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host.rstrip("."))) if host[:1].isdigit() else None
    except (OSError, ValueError):
        return None


def _reach_of_name(host: str) -> Reach:
    name = host.rstrip(".")
    return Reach.PRIVATE if name == "localhost" or name.endswith(".localhost") else Reach.PUBLIC


def _embedded_v4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address a packet to this address ends at: mapped, NAT64, 6to4, ISATAP; None for the others."""
    value = int(address)
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(value & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(value >> 80 & 0xFFFF_FFFF)
    if value >> 32 & 0xFCFF_FFFF == _ISATAP:
        return IPv4Address(value & 0xFFFF_FFFF)
    return None


_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = 0x5EFE  # upper half of the interface identifier, the two flag bits aside

# The first network that holds an address decides.
_V4 = tuple(
    (IPv4Network(network), reach)
    for network, reach in (
        ("100.100.100.200/32", Reach.FORBIDDEN),  # metadata service of one large cloud, inside CGNAT space
        ("168.63.129.16/32", Reach.FORBIDDEN),  # host agent of another, formally public
        ("169.254.0.0/16", Reach.FORBIDDEN),
        ("0.0.0.0/8", Reach.FORBIDDEN),
        ("192.0.0.0/24", Reach.FORBIDDEN),
        ("192.0.2.0/24", Reach.FORBIDDEN),
        ("192.88.99.0/24", Reach.FORBIDDEN),
        ("198.51.100.0/24", Reach.FORBIDDEN),
        ("203.0.113.0/24", Reach.FORBIDDEN),
        ("224.0.0.0/3", Reach.FORBIDDEN),  # multicast, reserved, broadcast
        ("10.0.0.0/8", Reach.PRIVATE),
        ("100.64.0.0/10", Reach.PRIVATE),
        ("127.0.0.0/8", Reach.PRIVATE),
        ("172.16.0.0/12", Reach.PRIVATE),
        ("192.168.0.0/16", Reach.PRIVATE),
        ("198.18.0.0/15", Reach.PRIVATE),
    )
)
_V6 = tuple(
    (IPv6Network(network), reach)
    for network, reach in (
        ("fd00:ec2::254/128", Reach.FORBIDDEN),  # metadata services inside ULA space
        ("fd20:ce::254/128", Reach.FORBIDDEN),
        ("fc00::/7", Reach.PRIVATE),
        ("::1/128", Reach.PRIVATE),
        ("2001::/23", Reach.FORBIDDEN),  # Teredo, ORCHID, benchmarking
        ("2001:db8::/32", Reach.FORBIDDEN),
        ("3fff::/20", Reach.FORBIDDEN),
    )
)
