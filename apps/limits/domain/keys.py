"""Names of keys in Redis. Whatever belongs to one organisation lies in one slot of a cluster."""

from hashlib import sha256
from typing import NamedTuple

from apps.limits.domain.rules import Rule

PROCESSES = "limits:processes"
LONGEST_USER = 200


class CounterKeys(NamedTuple):
    state: str
    leases: str
    listing: str


def subject_of(rule: Rule, user: str) -> str:
    """Names one counter among those of its limit: the key and the end user that it is about, as far as it is."""
    named = sha256(user.encode(errors="surrogatepass")).hexdigest()[:32] if rule.each_user else ""
    return f"{rule.counter.removeprefix(rule.limit)}/{named}"


def counter_keys(organisation: str, limit: str, subject: str) -> CounterKeys:
    base = f"limits:{{{organisation}}}:{limit}"
    return CounterKeys(f"{base}:{subject}", f"{base}:{subject}:leases", f"{base}:index")
