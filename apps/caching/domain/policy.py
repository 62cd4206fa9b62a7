"""What a route's cache may do, as the gateway holds it in memory: compiled once, never changed."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from apps.caching.domain.classifier import Classifier
from apps.caching.domain.rules import Rule

# Numbers in a vector, whoever embeds; and the name of the embedder that needs no model and knows spelling only.
DIMENSIONS = 384
LEXICAL = "hash384-1"
# What stands before the name of a catalogue model that embeds.
MODEL_PREFIX = "model:"


class Scope(StrEnum):
    """Who shares an answer. Nothing is ever shared across projects."""

    USER = "user"
    SESSION = "session"
    PROJECT = "project"


class Eviction(StrEnum):
    """What goes first when a route's budget is full."""

    LRU = "lru"
    LFU = "lfu"
    FIFO = "fifo"


class RoutePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """ttl_s: seconds; budget_bytes: of the route's exact answers, and again of its semantic ones.

    allow_sampling: cache answers at a temperature above 0; allow_tools: of requests that offer tools;
    allow_truncated: that ended at the token limit. embedder: a built-in's name, or `model:` and a catalogue model's.
    language: a code such as "en", or "" to tell it from the text. sample_share: of semantic hits, 0 to 1.
    """

    project_id: str
    route: str
    exact: bool
    semantic: bool = False
    ttl_s: int = 3600
    scope: Scope = Scope.USER
    eviction: Eviction = Eviction.LRU
    budget_bytes: int = 16 * 1024 * 1024
    allow_sampling: bool = False
    allow_tools: bool = False
    allow_truncated: bool = False
    volatile_above: float = 0.5
    threshold: float = 0.88
    embedder: str = LEXICAL
    language: str = ""
    sample_share: float = 0.0

    @property
    def lexical(self) -> bool:
        """Whether the vectors know spelling only, so that the guard has to look at every word."""
        return self.embedder == LEXICAL


class ProjectCaching(msgspec.Struct, frozen=True):
    """A project's policies by route, and what it never caches."""

    policies: Mapping[str, RoutePolicy]
    rules: tuple[Rule, ...]
    classifier: Classifier
