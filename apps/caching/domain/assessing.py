"""Whether the answer to a request may be kept, and why not."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Raw

from apps.caching.domain.conversation import last_said
from apps.caching.domain.policy import ProjectCaching, RoutePolicy
from apps.caching.domain.rules import Rule, first_match

# Members whose answer stands on something outside of the request, or that ask for more than an answer.
ELSEWHERE: Final = ("audio", "conversation", "prediction", "previous_response_id", "web_search_options")
SEARCHED_CHARACTERS: Final = 1_000


class Verdict(NamedTuple):
    """reason: "" if the answer may be kept, else one of the words that `x-flywheel-cache` gives.

    rule: the one that matched; probability: the classifier's, None where it was not asked.
    """

    reason: str = ""
    rule: Rule | None = None
    probability: float | None = None


EXPLANATIONS: Final[Mapping[str, str]] = {
    "": "The answer may be kept.",
    "audio": "It asks for sound.",
    "elsewhere": "Its answer depends on something outside of the request.",
    "n": "It asks for more than one answer.",
    "no-owner": "The route shares answers within a session, and the request names none.",
    "no-store": "It says cache-control: no-store.",
    "off": "No cache is switched on for this route.",
    "personal": "It is about the person who asks.",
    "sampling": "It asks for a temperature above 0.",
    "store": "It asks the provider to store the conversation.",
    "time": "Its answer is soon out of date.",
    "tools": "It offers tools.",
    "unreadable": "It can't be told apart from another request for sure.",
    "volatile": "The classifier takes it for personal or soon out of date.",
}


def assess(
    members: Mapping[str, Raw], canonical: dict[str, Any], policy: RoutePolicy, known: ProjectCaching
) -> Verdict:
    """The cheap questions first; `members` are those of the request, `canonical` what `canonicalise` made of them."""
    if reason := _by_members(members, canonical, policy):
        return Verdict(reason)
    text = _searched(last_said(canonical))
    if rule := first_match(known.rules, text):
        return Verdict(str(rule.reason), rule)
    probability = known.classifier.probability(text)
    return Verdict("volatile" if probability > policy.volatile_above else "", None, probability)


def _by_members(members: Mapping[str, Raw], canonical: dict[str, Any], policy: RoutePolicy) -> str:
    if bytes(members.get("store", b"")).strip() == b"true":
        return "store"
    if "n" in canonical:
        return "n"
    if any(name in canonical for name in ELSEWHERE):
        return "elsewhere"
    if "audio" in (canonical.get("modalities") or ()):
        return "audio"
    if not policy.allow_tools and ("tools" in canonical or "functions" in canonical):
        return "tools"
    return "sampling" if not policy.allow_sampling and _is_hot(canonical.get("temperature")) else ""


def _is_hot(temperature: Any) -> bool:
    """A request that says nothing leaves it to the route, and has not asked for variety."""
    return temperature is not None and temperature != 0


def _searched(text: str) -> str:
    if len(text) <= 2 * SEARCHED_CHARACTERS:
        return text
    return f"{text[:SEARCHED_CHARACTERS]}\n{text[-SEARCHED_CHARACTERS:]}"
