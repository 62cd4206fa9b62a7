"""Which colour a status is told in."""

from typing import Final

NEUTRAL: Final = "neutral"

TONES: Final[dict[str, str]] = {
    **dict.fromkeys(("ok", "success", "succeeded", "completed", "done", "active", "healthy", "accepted"), "ok"),
    **dict.fromkeys(("error", "failed", "bad", "revoked", "unhealthy", "down", "blocked", "danger"), "bad"),
    **dict.fromkeys(("warning", "warn", "degraded", "cancelled", "expired", "incomplete", "withdrawn"), "warn"),
    **dict.fromkeys(("running", "pending", "streaming", "info", "debug", "waiting", "starting"), "info"),
}


def tone_of(status: str) -> str:
    """`ok`, `bad`, `warn`, `info`, or `neutral` for a word that isn't known."""
    return TONES.get(status.strip().lower().replace(" ", "_"), NEUTRAL)
