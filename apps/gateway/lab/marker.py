"""What a request asks the lab's provider to do, written into its own text: `lab:stall?n=4f2a&after=3`.

It travels in the last user message, so that it reaches the provider through any gateway.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

GOOD = "good"
# Some encoders write & as \u0026 in JSON.
_MARKER = re.compile(rb"lab:([a-z0-9-]+)\?((?:[A-Za-z0-9=&.,%_~-]|\\u0026)*)")


@dataclass(frozen=True)
class Marker:
    """fault: a name of the provider's registry. nonce: under which it counts; "" where a request has no marker."""

    fault: str = GOOD
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def nonce(self) -> str:
        return self.options.get("n", "")

    def text(self, name: str, otherwise: str = "") -> str:
        return self.options.get(name, otherwise)

    def number(self, name: str, otherwise: int = 0) -> int:
        """A whole number of up to nine digits; `otherwise` for anything else."""
        value = self.options.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else otherwise

    def __str__(self) -> str:
        return f"lab:{self.fault}?" + "&".join(
            f"{name}={quote(value, safe='')}" for name, value in self.options.items()
        )


def find_marker(body: bytes) -> Marker:
    """The last marker in a request's body, in whatever dialect that is."""
    found = _MARKER.findall(body)
    if not found:
        return Marker()
    fault, query = found[-1]
    pairs = (pair.partition("=") for pair in query.decode().replace("\\u0026", "&").split("&") if pair)
    return Marker(fault.decode(), {name: unquote(value) for name, _, value in pairs})
