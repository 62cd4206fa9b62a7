"""Attributes as values of typed columns: what does not fit is cut or left out, and remembered by name."""

import math
import uuid
from typing import Any, TypeVar

from apps.tracing.domain.sanitise import shorten

T = TypeVar("T")
MAX_INTEGER = 2**31 - 1
MAX_BIGINT = 2**63 - 1


class Columns:
    """Reads attributes. `changed` names those that no column could take as they were sent."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        self.attributes = attributes
        self.changed: list[str] = []

    def cut(self, name: str, text: str, limit: int) -> str:
        if len(text) > limit:
            self.changed.append(name)
        return shorten(text, limit)

    def text(self, name: str, limit: int) -> str:
        """A text of at most `limit` characters; "" when absent. Numbers are written out; of a list the first counts."""
        value = self.attributes.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            return ""
        if isinstance(value, dict | list):
            return self._drop(name, "")
        return self.cut(name, str(value), limit)

    def integer(self, name: str, *, low: int = 0, high: int = MAX_INTEGER) -> int | None:
        """A whole number between the bounds, which may have been sent as text or as 3.0."""
        value = self.attributes.get(name)
        if value is None or value == "":
            return None
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            return self._drop(name, None)
        return number if low <= number <= high else self._drop(name, None)

    def microseconds(self, name: str) -> int | None:
        """A duration that was sent in seconds."""
        value = self.attributes.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and math.isfinite(value) and 0 <= value < MAX_BIGINT / 1e6:
            return round(value * 1e6)
        return self._drop(name, None)

    def uuid(self, name: str) -> uuid.UUID | None:
        value = self.attributes.get(name)
        if value is None or value == "":
            return None
        try:
            return uuid.UUID(str(value))
        except ValueError:
            return self._drop(name, None)

    def _drop(self, name: str, instead: T) -> T:
        self.changed.append(name)
        return instead
