"""Whether a request would be cached, and why: what the page and people who debug want to know."""

from dataclasses import dataclass, field

import msgspec

from apps.caching.domain.assessing import EXPLANATIONS
from apps.caching.domain.canonical import NotCanonical, canonicalise
from apps.caching.domain.classifier import Contribution
from apps.caching.domain.control import UNSAID
from apps.caching.domain.conversation import last_said
from apps.caching.domain.policy import ProjectCaching
from apps.caching.domain.rules import read_rules
from apps.caching.domain.ticket import Asked, Ticket, open_ticket
from apps.caching.engine.filters import ensure_filter
from apps.caching.models import CachePolicy
from apps.serving.services import read_members

MOST_CONTRIBUTIONS = 8


class NotARequest(ValueError):
    """A text that is meant to be a request and is none."""


@dataclass(frozen=True)
class Explanation:
    """fingerprint, partition: hexadecimal, "" where nothing would be looked up; probability: of being volatile."""

    cached: bool
    reason: str
    sentence: str
    text: str
    rule: str = ""
    probability: float | None = None
    fingerprint: str = ""
    partition: str = ""
    contributions: list[Contribution] = field(default_factory=list)


def explain_request(*, policy: CachePolicy, body: str, user: str = "", session: str = "") -> Explanation:
    """`body`: the JSON of a chat request, or just what the user says. NotARequest for JSON that is none."""
    known_filter = ensure_filter(policy.project)
    known = ProjectCaching({policy.route: policy.compiled()}, read_rules(known_filter.rules), known_filter.classifier)
    members = _members(body)
    asked = Asked(policy.route, members, "as the page asks", key_id="the page", user=user, session=session)
    ticket = open_ticket(known, asked)
    text = _text(members)
    if ticket is None:
        return Explanation(False, "off", EXPLANATIONS["off"], text)
    return _explained(ticket, text, known)


def _explained(ticket: Ticket, text: str, known: ProjectCaching) -> Explanation:
    verdict = ticket.verdict
    probability = verdict.probability
    return Explanation(
        cached=ticket.writes and ticket.control == UNSAID,
        reason=verdict.reason,
        sentence=EXPLANATIONS[verdict.reason],
        text=text,
        rule=verdict.rule.text if verdict.rule else "",
        probability=known.classifier.probability(text) if probability is None and text else probability,
        fingerprint=ticket.key.hex(),
        partition=ticket.semantic.partition.hex() if ticket.semantic else "",
        contributions=known.classifier.contributions(text)[:MOST_CONTRIBUTIONS],
    )


def _members(body: str) -> dict[str, msgspec.Raw]:
    if not body.lstrip().startswith("{"):
        body = msgspec.json.encode({"messages": [{"role": "user", "content": body}]}).decode()
    try:
        members = read_members(body.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotARequest(f"This is not valid JSON: {error}.") from error
    if "messages" not in members:
        raise NotARequest("messages: this member is required.")
    return members


def _text(members: dict[str, msgspec.Raw]) -> str:
    try:
        return last_said(canonicalise(members))
    except NotCanonical as error:
        raise NotARequest(str(error)) from error
