"""The protocols that callers speak, and their translation into chat completions and back."""

from apps.serving.dialects.base import Dialect, DialectStream, Invalid, ToldError, UnreadableAnswer
from apps.serving.dialects.messages import estimate_messages_tokens
from apps.serving.dialects.observing import DialectObserver
from apps.serving.dialects.registry import BODY_OBSERVERS, DIALECTS, OBSERVERS, RESPONSES
from apps.serving.dialects.responses import items_of

__all__ = [
    "BODY_OBSERVERS",
    "DIALECTS",
    "OBSERVERS",
    "RESPONSES",
    "Dialect",
    "DialectObserver",
    "DialectStream",
    "Invalid",
    "ToldError",
    "UnreadableAnswer",
    "estimate_messages_tokens",
    "items_of",
]
