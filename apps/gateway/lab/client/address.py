"""Where a gateway is."""

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Address:
    """prefix: what stands before /v1 in every path."""

    host: str
    port: int
    tls: bool
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """From a gateway's URL, with or without /v1 at its end; ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is not the URL of a gateway, such as http://127.0.0.1:8000.")
        tls = parts.scheme == "https"
        prefix = parts.path.rstrip("/").removesuffix("/v1")
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls, prefix)

    @property
    def authority(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self.tls else None
