"""A route's policy: which targets it has, in what order they are tried, and what happens when one fails.

Times in a policy are milliseconds unless their name says otherwise.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

MOST_TARGETS = 20
MOST_CONDITIONS = 20

Strategy = Literal["ordered", "weighted", "least_busy", "fastest"]
Affinity = Literal["none", "user", "session", "prefix"]
FailureKind = Literal[
    "connect", "timeout", "closed", "busy", "rate_limited", "overloaded", "server_error", "protocol", "credential",
    "not_found", "context_length", "content_filter", "unsupported",
]  # fmt: skip
Operator = Literal["equals", "not", "in", "prefix", "at_least", "at_most"]
Milliseconds = Annotated[int, Meta(ge=1, le=3_600_000)]

# Nothing came back, or something that another try may well do without.
TRANSIENT: tuple[FailureKind, ...] = (
    "connect", "timeout", "closed", "busy", "rate_limited", "overloaded", "server_error", "protocol",
)  # fmt: skip
# Another target may know the model, have a valid key, take a longer conversation, or do what this one can't.
ELSEWHERE: tuple[FailureKind, ...] = (*TRANSIENT, "credential", "not_found", "context_length", "unsupported")

FIELDS = ("user", "session", "key", "environment", "dialect", "streaming", "tokens")


class PolicyInvalid(ValueError):
    """`errors`: the place in the policy, and a sentence about it."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = errors
        super().__init__(" ".join(f"{place}: {sentence}" if place else sentence for place, sentence in errors))


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """field: one of FIELDS, or metadata.NAME. tokens are an estimate of the input's."""

    field: Annotated[str, Meta(max_length=120)]
    op: Operator
    value: str | int | float | bool | list[str | int | float]


class Target(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """model: a catalogue model's name. when: all of these have to hold. max_concurrency: per gateway process."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    weight: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    when: tuple[Condition, ...] = ()
    max_concurrency: Annotated[int, Meta(ge=1, le=100_000)] | None = None


class Retries(Struct, frozen=True, forbid_unknown_fields=True):
    """attempts: further tries of a target after the first. max_retry_after_ms: longer waits are left to the caller."""

    attempts: Annotated[int, Meta(ge=0, le=10)] = 2
    base_ms: Milliseconds = 200
    max_ms: Milliseconds = 5_000
    max_retry_after_ms: Milliseconds = 10_000


class TimeLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """first_token_ms: until the first content. idle_ms: between two events. total_ms: all attempts together."""

    connect_ms: Milliseconds | None = None
    first_token_ms: Milliseconds | None = None
    idle_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None


class Hedge(Struct, frozen=True, forbid_unknown_fields=True):
    """A second target is asked once the first took longer than it usually does; the first good answer is taken."""

    after_percentile: Annotated[int, Meta(ge=50, le=99)] = 95
    min_ms: Milliseconds = 100
    max_ms: Milliseconds = 5_000
    max_share: Annotated[float, Meta(gt=0, le=0.5)] = 0.05


class Breaker(Struct, frozen=True, forbid_unknown_fields=True):
    """A target that fails too often is left alone for a while; then one request tries whether it is back."""

    failure_rate: Annotated[float, Meta(gt=0, le=1)] = 0.5
    minimum: Annotated[int, Meta(ge=1, le=10_000)] = 10
    window_s: Annotated[int, Meta(ge=1, le=3600)] = 30
    cooldown_s: Annotated[int, Meta(ge=1, le=3600)] = 15


class Queue(Struct, frozen=True, forbid_unknown_fields=True):
    """Who waits while a target has as many requests as it may have at once."""

    size: Annotated[int, Meta(ge=0, le=100_000)] = 100
    timeout_ms: Milliseconds = 2_000


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=MOST_TARGETS)]
    strategy: Strategy = "ordered"
    affinity: Affinity = "none"
    retries: Retries = Retries()
    timeouts: TimeLimits = TimeLimits()
    fallback_on: tuple[FailureKind, ...] = ELSEWHERE
    hedge: Hedge | None = None
    breaker: Breaker = Breaker()
    queue: Queue = Queue()

    @property
    def is_plain(self) -> bool:
        """One target, whatever is asked: there is nothing to choose."""
        return len(self.targets) == 1 and not self.targets[0].when


def default_policy(model: str) -> Policy:
    return Policy(targets=(Target(model=model),))


def parse_policy(given: Mapping[str, Any], model: str) -> Policy:
    """The policy that this JSON object is; without targets it has `model` alone. PolicyInvalid saying what is wrong."""
    if not isinstance(given, Mapping):
        raise PolicyInvalid([("", "A policy is a JSON object.")])
    try:
        policy = msgspec.convert({"targets": [{"model": model}], **given}, Policy)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PolicyInvalid([_placed(error)]) from None
    if errors := list(_complaints(policy)):
        raise PolicyInvalid(errors)
    return policy


def to_json(policy: Policy) -> dict[str, Any]:
    """What parse_policy reads, without what is as it would be anyway."""
    full = _plain(policy)
    usual = _plain(Policy(targets=policy.targets))
    return {name: value for name, value in full.items() if name == "targets" or value != usual[name]}


def with_first_target(policy: Mapping[str, Any], model: str) -> dict[str, Any]:
    """The same policy for another model of the route; where that one was a target already, it is so once."""
    if "targets" not in policy:
        return dict(policy)
    first, *others = policy["targets"]
    targets = [{**first, "model": model}, *(each for each in others if each["model"] != model)]
    kept = {name: value for name, value in policy.items() if name != "hedge" or len(targets) > 1}
    return {**kept, "targets": targets}


def _plain(policy: Policy) -> dict[str, Any]:
    return msgspec.json.decode(msgspec.json.encode(policy), type=dict[str, Any])


def _complaints(policy: Policy) -> Iterator[tuple[str, str]]:
    for position, target in enumerate(policy.targets):
        yield from _about_conditions(target, f"targets[{position}].when")
    unconditional = [target for target in policy.targets if not target.when]
    if not unconditional:
        yield "targets", "At least one target has to take every request: leave out its 'when'."
    if policy.strategy == "weighted" and not any(target.weight for target in unconditional):
        yield "targets", "At least one target without conditions needs a weight above 0."
    if policy.retries.base_ms > policy.retries.max_ms:
        yield "retries.base_ms", "The first wait can't be longer than the longest one (max_ms)."
    if policy.hedge is not None and policy.hedge.min_ms > policy.hedge.max_ms:
        yield "hedge.min_ms", "This can't be more than max_ms."
    if policy.hedge is not None and len(policy.targets) < 2:
        yield "hedge", "A second target is needed to ask it."


def _about_conditions(target: Target, place: str) -> Iterator[tuple[str, str]]:
    if len(target.when) > MOST_CONDITIONS:
        yield place, f"{MOST_CONDITIONS} conditions are the most."
    for number, condition in enumerate(target.when):
        where = f"{place}[{number}]"
        known = condition.field in FIELDS or condition.field.startswith("metadata.")
        if not known:
            yield f"{where}.field", f"It is one of {', '.join(FIELDS)}, or metadata.NAME."
        if (condition.op == "in") != isinstance(condition.value, list):
            yield f"{where}.value", "'in' takes a list, every other operator a single value."
        elif condition.op in {"at_least", "at_most"} and not _is_number(condition.value):
            yield f"{where}.value", "Only numbers can be compared."
        elif condition.op == "prefix" and not isinstance(condition.value, str):
            yield f"{where}.value", "A prefix is a text."


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _placed(error: Exception) -> tuple[str, str]:
    """msgspec's complaint, with its place in front."""
    text = str(error) or "It is nested too deeply."
    what, _, place = text.partition(" - at `$")
    sentence = what.replace("`", "'").rstrip(".") + "."
    return place.rstrip("`").lstrip("."), sentence
