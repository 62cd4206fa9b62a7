"""Reading what a page says."""

from typing import Any


def said(answer: Any) -> str:
    """The messages of a page that was reached by following redirects."""
    return " ".join(str(message) for message in answer.context["messages"])
