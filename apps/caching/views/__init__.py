"""The caches pages."""

from apps.caching.views.filters import add_correction, corrections, remove_correction, rules
from apps.caching.views.policies import cache, caches, calibration, check, edit, new, purge, remove, use_threshold

__all__ = [
    "add_correction",
    "cache",
    "caches",
    "calibration",
    "check",
    "corrections",
    "edit",
    "new",
    "purge",
    "remove",
    "remove_correction",
    "rules",
    "use_threshold",
]
