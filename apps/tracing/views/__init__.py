from apps.tracing.views.people import session, sessions, user, users
from apps.tracing.views.traces import arrivals, trace, traces

__all__ = ["arrivals", "session", "sessions", "trace", "traces", "user", "users"]
