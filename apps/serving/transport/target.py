"""Where a request goes and how long it may take."""

import msgspec

from llmkit.net import ParsedTarget, check_url

UNIX = "http+unix"


class Target(msgspec.Struct, frozen=True):
    """One upstream with a connection pool of its own. For http+unix `host` is the path of the socket."""

    scheme: str
    host: str
    port: int = 0
    allow_private: bool = False

    @classmethod
    def of(cls, parsed: ParsedTarget, *, allow_private: bool = False) -> "Target":
        return cls(parsed.scheme, parsed.host, parsed.port, allow_private)

    @classmethod
    def from_url(cls, url: str, *, allow_private: bool = False) -> "Target":
        """InvalidUrl or ForbiddenAddress of llmkit.net where the URL is refused; its path is the caller's to add."""
        return cls.of(check_url(url, allow_private=allow_private), allow_private=allow_private)

    @classmethod
    def unix(cls, socket_path: str) -> "Target":
        return cls(UNIX, socket_path)

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return "localhost" if self.scheme == UNIX else ParsedTarget(self.scheme, self.host, self.port).authority

    @property
    def label(self) -> str:
        """How errors name it."""
        return self.host.rpartition("/")[2] if self.scheme == UNIX else self.authority


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds; `math.inf` switches a limit off."""

    connect: float = 5.0  # name resolution, TCP and TLS together
    first_byte: float = 60.0  # from the request's last byte handed over to the first byte of the answer's body
    idle: float = 60.0  # between two reads of the body, counted only while somebody waits for it
    total: float = 600.0  # from the request's start to the last byte of the answer
    queue: float = 5.0  # in the waiting line of a full pool


class Limits(msgspec.Struct, frozen=True):
    """Sizes in bytes, times in seconds; connections and waiting places are per target."""

    max_connections: int = 256
    max_waiting: int = 1024
    keepalive: float = 30.0
    head_bytes: int = 64 * 1024
    buffer_bytes: int = 256 * 1024  # unread body beyond which the socket is no longer read
    dns_ttl: float = 30.0
