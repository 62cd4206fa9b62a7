"""What workers do for accounts."""

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from apps.accounts.models import UserSession


def forget_ended_sessions() -> int:
    """Delete expired sessions, and the rows of the sessions page whose session is gone; the number of the latter."""
    SessionStore.clear_expired()
    living = Session.objects.values("session_key")
    return UserSession.objects.exclude(session_key__in=living).delete()[0]
