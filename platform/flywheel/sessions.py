"""Django's sessions in the database, which look for nothing that can't be there."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore


class SessionStore(DatabaseSessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        """A cookie can hold anything, even a NUL, with which Postgres refuses the question."""
        return key is not None and len(key) >= 8 and key.isascii() and key.isalnum()
