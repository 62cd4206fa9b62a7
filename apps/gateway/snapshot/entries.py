"""What the hot path knows, compiled ahead and never changed: keys, projects, routes, models, prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Raw

from apps.caching.services import ProjectCaching
from apps.gateway.domain.policy import Policy, default_policy
from apps.limits.services import Rule
from apps.serving.services import Upstream
from llmkit.pricing import Rates, cost
from llmkit.usage import Usage

NEVER_NS = 1 << 63
DIRECT = default_policy("*")  # of a request that names a model and no route


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """Prices of a model, valid from `effective_ns` (Unix nanoseconds) until the next entry."""

    id: str
    effective_ns: int
    rates: Rates

    def cost_of(self, usage: Usage) -> int:
        """Nano-dollars of one request."""
        return cost(usage, self.rates)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """`upstream`: where and how to call it; None, with the reason in `unusable`, when it cannot be called."""

    id: str
    name: str
    upstream_name: str
    provider: str
    upstream: Upstream | None
    unusable: str
    prices: tuple[PriceEntry, ...]  # newest first
    context_tokens: int
    max_output_tokens: int | None
    created: int  # Unix seconds
    policy: Policy = DIRECT

    def price_at(self, moment_ns: int) -> PriceEntry | None:
        return next((price for price in self.prices if price.effective_ns <= moment_ns), None)


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """The active version of a route. system_turn: its prompt as a ready JSON message, b"" for none.

    targets: the models of the policy's targets, in its order, with the time limits of the policy.
    """

    id: str
    name: str
    version: int
    policy: Policy
    targets: tuple[ModelEntry, ...]
    system_turn: bytes
    defaults: Mapping[str, Raw]
    created: int

    @property
    def model(self) -> ModelEntry:
        return self.targets[0]


@dataclass(frozen=True, slots=True)
class ProjectEntry:
    id: str
    slug: str
    routes: Mapping[str, RouteEntry]
    models: Mapping[str, ModelEntry]
    caching: ProjectCaching | None = None

    def names(self) -> list[str]:
        """Everything `model` may say, sorted; a route hides a model of the same name."""
        return sorted({*self.routes, *self.models})


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key by its rights and limits. usable_until_ns: 0 once revoked; models_allowed: None for all of the project."""

    id: str
    project: ProjectEntry
    may_call: bool
    models_allowed: frozenset[str] | None
    usable_until_ns: int
    revoked: bool
    rules: tuple[Rule, ...] = ()

    def allows(self, name: str) -> bool:
        return self.models_allowed is None or name in self.models_allowed

    def callable_names(self) -> list[str]:
        return [name for name in self.project.names() if self.allows(name)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The configuration of the whole installation as of ConfigVersion `number`; keys by the SHA-256 of their text."""

    number: int
    keys: Mapping[bytes, KeyEntry] = field(default_factory=dict)
    projects: Mapping[str, ProjectEntry] = field(default_factory=dict)
