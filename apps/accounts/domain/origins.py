"""Origins of web pages, as browsers send them in the Origin header (RFC 6454)."""

from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def clean_origin(text: str) -> str:
    """`scheme://host[:port]` in lower case, without a default port, the host in ASCII; ValueError for anything else."""
    parts = urlsplit(text.strip().lower())
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or extra or "*" in parts.netloc:
        raise ValueError(f"'{text}' is not an origin such as https://shop.example.")
    try:
        host = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode()
        port = parts.port
    except ValueError:
        raise ValueError(f"'{text}' has a host or port that cannot exist.") from None
    if any(character.isspace() for character in host):
        raise ValueError(f"'{text}' is not an origin such as https://shop.example.")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}" + ("" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}")
