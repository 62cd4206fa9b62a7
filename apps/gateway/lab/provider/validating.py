"""What a real provider would refuse, so that a gateway may leave the judgement to it."""

from typing import Any

from apps.gateway.lab.provider.dialects.content import members_of
from apps.gateway.lab.provider.reading import Asked

# What every dialect has to have.
REQUIRED: dict[str, dict[str, Any]] = {
    "chat": {"model": str, "messages": list},
    "completions": {"model": str, "prompt": (str, list)},
    "embeddings": {"model": str, "input": (str, list)},
    "messages": {"model": str, "messages": list, "max_tokens": int},
    "responses": {"model": str, "input": (str, list)},
}
OPTIONAL: dict[str, Any] = {
    "stream": bool,
    "temperature": (int, float),
    "max_tokens": int,
    "tools": list,
    "system": (str, list),
}


def complaint(dialect: str, asked: Asked) -> tuple[str, str] | None:
    """The member at fault and a sentence that names it; "" as member where the body is no JSON object."""
    members = members_of(asked)
    if not members:
        return "", "The body is not a JSON object with members."
    for name, kinds in REQUIRED[dialect].items():
        if not _is(members.get(name), kinds) or members[name] in ("", []):
            return name, f"{name}: this member is required, and has another type."
    for name, kinds in OPTIONAL.items():
        if members.get(name) is not None and not _is(members[name], kinds):
            return name, f"{name}: this member has the wrong type."
    return None


def _is(value: Any, kinds: Any) -> bool:
    """Of one of these types; True and False are no numbers."""
    return isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
