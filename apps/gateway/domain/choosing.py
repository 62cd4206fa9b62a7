"""Which targets a request tries, in which order, and why."""

import hashlib
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.gateway.domain.describing import in_words
from apps.gateway.domain.health import Health
from apps.gateway.domain.policy import Condition, Policy, Target


@dataclass(slots=True)
class Facts:
    """What is known of a request. tokens: estimated for the input. prefix: how the conversation begins."""

    user: str = ""
    session: str = ""
    key: str = ""
    environment: str = ""
    dialect: str = "chat"
    streaming: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tokens: Callable[[], int] = lambda: 0
    prefix: Callable[[], bytes] = lambda: b""

    def value_of(self, name: str) -> Any:
        """None for what the request does not say."""
        if name.startswith("metadata."):
            return self.metadata.get(name.removeprefix("metadata."))
        return self.tokens() if name == "tokens" else getattr(self, name)


@dataclass(frozen=True, slots=True)
class Choice:
    """index: of the target in the policy. why: for the dry run. usable: it has not to be left alone just now."""

    index: int
    why: str
    usable: bool = True


FIRST = (Choice(0, "the only target"),)


def choose(
    policy: Policy, facts: Facts, healths: Sequence[Health], now: float, chance: random.Random
) -> Sequence[Choice]:
    """The targets in the order in which to try them; the last one that may be asked is never left out.

    healths: one for each target of the policy. Targets that should be left alone come last, soonest first.
    """
    if policy.is_plain:
        return FIRST
    fitting = [index for index, target in enumerate(policy.targets) if holds(target, facts)]
    away = {index: healths[index].left_alone(now) for index in fitting}
    ready = [index for index in fitting if not away[index]]
    chosen = _in_order(policy, facts, ready, healths, now, chance)
    waiting = sorted((index for index in fitting if away[index]), key=away.__getitem__)
    return chosen + [Choice(index, healths[index].why_left_alone(now), usable=False) for index in waiting]


def excluded(policy: Policy, facts: Facts) -> list[tuple[int, str]]:
    """The targets whose conditions do not hold, each with the first that does not, in words."""
    found = []
    for index, target in enumerate(policy.targets):
        broken = next((condition for condition in target.when if not _holds(condition, facts)), None)
        if broken is not None:
            found.append((index, f"{in_words(broken)} does not hold"))
    return found


def holds(target: Target, facts: Facts) -> bool:
    return all(_holds(condition, facts) for condition in target.when)


def _holds(condition: Condition, facts: Facts) -> bool:
    found, wanted, op = facts.value_of(condition.field), condition.value, condition.op
    if op == "equals":
        return bool(found == wanted)
    if op == "not":
        return bool(found != wanted)
    if op == "in":
        return isinstance(wanted, list) and found in wanted
    if op == "prefix":
        return isinstance(found, str) and isinstance(wanted, str) and found.startswith(wanted)
    if not isinstance(found, int | float) or not isinstance(wanted, int | float):
        return False
    return found >= wanted if op == "at_least" else found <= wanted


def _in_order(
    policy: Policy, facts: Facts, ready: list[int], healths: Sequence[Health], now: float, chance: random.Random
) -> list[Choice]:
    if policy.affinity != "none" and (key := _affinity_key(policy, facts)):
        return _sticky(policy, ready, key)
    if policy.strategy == "weighted":
        return _weighted(policy, ready, chance)
    if policy.strategy == "least_busy":
        by_load = sorted(ready, key=lambda index: (healths[index].in_flight, chance.random()))
        return [Choice(index, f"{healths[index].in_flight} requests under way") for index in by_load]
    if policy.strategy == "fastest":
        return _fastest(ready, healths, now, chance)
    return [Choice(index, f"number {place + 1} in order") for place, index in enumerate(ready)]


def _affinity_key(policy: Policy, facts: Facts) -> bytes:
    if policy.affinity == "prefix":
        return facts.prefix()
    return (facts.user if policy.affinity == "user" else facts.session).encode()


def _sticky(policy: Policy, ready: list[int], key: bytes) -> list[Choice]:
    """Weighted rendezvous hashing (Schindelhauer and Schomaker, 2005): a new target takes its own share, no more."""

    def score(index: int) -> float:
        target = policy.targets[index]
        digest = hashlib.blake2b(key, digest_size=8, person=b"target", salt=_salt(target.model)).digest()
        drawn = (int.from_bytes(digest) + 1) / (2**64 + 1)
        return max(target.weight, 1) / -math.log(drawn)

    ranked = sorted(ready, key=score, reverse=True)
    return [Choice(index, f"this {policy.affinity} is at home here, number {n + 1}") for n, index in enumerate(ranked)]


def _salt(model: str) -> bytes:
    return hashlib.blake2b(model.encode(), digest_size=16).digest()


def _weighted(policy: Policy, ready: list[int], chance: random.Random) -> list[Choice]:
    """Drawn without putting back; targets of weight 0 are there for when all others failed."""
    left = [index for index in ready if policy.targets[index].weight]
    spare = [index for index in ready if not policy.targets[index].weight]
    found = []
    while left:
        weights = [policy.targets[index].weight for index in left]
        (index,) = chance.choices(left, weights)
        found.append(Choice(index, f"drawn by weight {policy.targets[index].weight} of {sum(weights)}"))
        left.remove(index)
    return found + [Choice(index, "weight 0, for when the others fail") for index in spare]


def _fastest(ready: list[int], healths: Sequence[Health], now: float, chance: random.Random) -> list[Choice]:
    """The power of two choices (Mitzenmacher, 2001): the better of two by chance, so that nobody is overrun."""
    if len(ready) < 2:
        return [Choice(index, "the only one that is ready") for index in ready]
    loads = {index: healths[index].load(now) for index in ready}
    pair = sorted(chance.sample(ready, 2), key=loads.__getitem__)
    rest = sorted((index for index in ready if index not in pair), key=loads.__getitem__)
    return [Choice(index, f"expected load {loads[index]:.3f}") for index in [*pair, *rest]]
