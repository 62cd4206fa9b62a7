"""Filters of the feedback page, as they stand in its URL."""

import uuid
from dataclasses import dataclass

from django.http import QueryDict

KINDS = {"": "All", "good": "Good", "bad": "Bad", "comment": "With comment"}


@dataclass(frozen=True)
class FeedbackFilter:
    kind: str
    cursor: str


def feedback_filter(query: QueryDict) -> FeedbackFilter:
    """Unknown values mean no filter, so that an old or mistyped link still shows the page."""
    kind, cursor = query.get("kind", ""), query.get("cursor", "")
    return FeedbackFilter(kind=kind if kind in KINDS else "", cursor=cursor if is_uuid(cursor) else "")


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
