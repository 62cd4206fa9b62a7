"""The edge semantics of a gateway as cases that can be run, group by group."""

from apps.gateway.lab.cases import (
    chunks,
    embeddings,
    failures_after,
    failures_before,
    flow,
    idempotency,
    leaving,
    limits,
    malformed,
    messages,
    operating,
    others,
    params,
    proxying,
    responses,
    sse,
    usage,
)
from apps.gateway.lab.cases.group import Case, Group

# The last group may end with a gateway that was told to stop.
GROUPS: tuple[Group, ...] = (
    sse.group,
    usage.group,
    chunks.group,
    failures_before.group,
    failures_after.group,
    limits.group,
    idempotency.group,
    leaving.group,
    flow.group,
    malformed.group,
    params.group,
    embeddings.group,
    others.group,
    responses.group,
    messages.group,
    proxying.group,
    operating.group,
)
CASES: tuple[Case, ...] = tuple(case for group in GROUPS for case in group.cases)

__all__ = ["CASES", "GROUPS", "Case", "Group"]
