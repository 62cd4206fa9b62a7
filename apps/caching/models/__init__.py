from apps.caching.models.entries import SemanticEntry, SemanticEntryQuerySet
from apps.caching.models.figures import CacheHour, CacheHourQuerySet
from apps.caching.models.filters import CacheCorrection, CacheCorrectionQuerySet, CacheFilter
from apps.caching.models.policies import CachePolicy, CachePolicyQuerySet
from apps.caching.models.samples import CacheSample, CacheSampleQuerySet

__all__ = [
    "CacheCorrection",
    "CacheCorrectionQuerySet",
    "CacheFilter",
    "CacheHour",
    "CacheHourQuerySet",
    "CachePolicy",
    "CachePolicyQuerySet",
    "CacheSample",
    "CacheSampleQuerySet",
    "SemanticEntry",
    "SemanticEntryQuerySet",
]
