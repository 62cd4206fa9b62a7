"""What other apps ask of caching: the caches of a gateway process, policies, and what is never cached."""

from apps.caching.domain.answers import StoredAnswer
from apps.caching.domain.flights import Flight, Flights
from apps.caching.domain.policy import ProjectCaching, RoutePolicy
from apps.caching.domain.replay import as_chunks, as_stream
from apps.caching.domain.ticket import Asked
from apps.caching.engine.caches import Caches, Hit, Visit
from apps.caching.engine.embedders import EmbedderOf
from apps.caching.engine.idempotency import (
    AnswerNotKept,
    Claim,
    IdempotencyAway,
    IdempotencyConflict,
    IdempotencyStore,
    KeptResponse,
    StillRunning,
    body_fingerprint,
)
from apps.caching.engine.purging import CacheAway
from apps.caching.services.calibrating import Calibration, CannotCalibrate, Source, calibrate
from apps.caching.services.explaining import Explanation, NotARequest, explain_request
from apps.caching.services.filters import correct, filter_of, set_rules, strongest_grams, withdraw_correction
from apps.caching.services.policies import (
    CacheChoice,
    purge_cache,
    remove_cache_policy,
    set_cache_policy,
    set_threshold,
)

__all__ = [
    "AnswerNotKept",
    "Asked",
    "CacheAway",
    "CacheChoice",
    "Caches",
    "Calibration",
    "CannotCalibrate",
    "Claim",
    "EmbedderOf",
    "Explanation",
    "Flight",
    "Flights",
    "Hit",
    "IdempotencyAway",
    "IdempotencyConflict",
    "IdempotencyStore",
    "KeptResponse",
    "NotARequest",
    "ProjectCaching",
    "RoutePolicy",
    "Source",
    "StillRunning",
    "StoredAnswer",
    "Visit",
    "as_chunks",
    "as_stream",
    "body_fingerprint",
    "calibrate",
    "correct",
    "explain_request",
    "filter_of",
    "purge_cache",
    "remove_cache_policy",
    "set_cache_policy",
    "set_rules",
    "set_threshold",
    "strongest_grams",
    "withdraw_correction",
]
