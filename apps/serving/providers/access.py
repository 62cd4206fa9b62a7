"""How one provider is reached, as its adapter sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """`authority` is "host" or "host:port" as the Host header says it, `base_path` the path before every request's.

    `options` are what the provider's kind asks for besides address and credential, such as a region.
    """

    credential: str = field(default="", repr=False)
    authority: str = ""
    base_path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str:
        """ "" for one that is not set."""
        return self.options.get(name, "")
