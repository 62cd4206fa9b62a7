"""A request at the counter of the cache: what it may have, under which name, and why not."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from msgspec import Raw

from apps.caching.domain.assessing import Verdict, assess
from apps.caching.domain.canonical import NotCanonical, canonical_bytes, canonicalise
from apps.caching.domain.control import CacheControl, read_cache_control
from apps.caching.domain.conversation import question_of
from apps.caching.domain.fingerprint import FORM, Owner, fingerprint, owner_of
from apps.caching.domain.language import language_of
from apps.caching.domain.policy import ProjectCaching, RoutePolicy


class Asked(NamedTuple):
    """A request as the cache needs it. members: of the chat-completions form, with what the route added.

    answers_as: whatever else decides the answer, such as the route's version and the model behind it.
    control: the request's cache-control header.
    """

    route: str
    members: Mapping[str, Raw]
    answers_as: str
    key_id: str
    user: str = ""
    session: str = ""
    control: bytes | None = None


class SemanticQuery(NamedTuple):
    """text: the question; partition: 32 bytes that everything else about the request has to agree in.

    scope: who may have the answer, for people to read and to forget by.
    """

    text: str
    partition: bytes
    scope: str


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """key: the exact answer's name, b"" while `verdict.reason` says why nothing is looked up or kept."""

    policy: RoutePolicy
    verdict: Verdict
    control: CacheControl
    key: bytes = b""
    semantic: SemanticQuery | None = None

    @property
    def reads(self) -> bool:
        return bool(self.key) and self.control.reads

    @property
    def writes(self) -> bool:
        return bool(self.key) and self.control.writes

    def accepts(self, age: float) -> bool:
        """Whether an answer of this age in seconds is fresh enough for the caller and the policy."""
        most = self.control.max_age
        return age < self.policy.ttl_s and (most is None or age <= most)


def open_ticket(known: ProjectCaching | None, asked: Asked) -> Ticket | None:
    """None where the route has no cache at all: such a request costs nothing here."""
    policy = known.policies.get(asked.route) if known else None
    if policy is None or known is None or not (policy.exact or policy.semantic):
        return None
    control = read_cache_control(asked.control)
    owner = owner_of(
        policy.scope, project_id=policy.project_id, user=asked.user, session=asked.session, key_id=asked.key_id
    )
    if owner is None or not (control.reads or control.writes):
        return Ticket(policy=policy, verdict=Verdict("no-store" if owner else "no-owner"), control=control)
    try:
        canonical = canonicalise(asked.members)
    except NotCanonical:
        return Ticket(policy=policy, verdict=Verdict("unreadable"), control=control)
    verdict = assess(asked.members, canonical, policy, known)
    if verdict.reason:
        return Ticket(policy=policy, verdict=verdict, control=control)
    return Ticket(
        policy=policy,
        verdict=verdict,
        control=control,
        key=fingerprint(canonical, owner=owner, route=asked.route, answers_as=asked.answers_as),
        semantic=_semantic(policy, canonical, owner, asked) if policy.semantic else None,
    )


def _semantic(policy: RoutePolicy, canonical: dict[str, object], owner: Owner, asked: Asked) -> SemanticQuery | None:
    """Similar questions share answers only among callers who said who they are: a key may speak for many people."""
    question = question_of(canonical) if owner.named else None
    if question is None:
        return None
    language = policy.language or language_of(question.text)
    place = [FORM, *owner, asked.route, asked.answers_as, policy.embedder, language]
    partition = blake2b(canonical_bytes([place, question.rest]), digest_size=32).digest()
    return SemanticQuery(question.text, partition, owner.label)
