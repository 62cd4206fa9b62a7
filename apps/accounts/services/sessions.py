"""The browsers in which a user is signed in."""

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import Project, User, UserSession
from apps.accounts.services.audit import actor_of, ip_of, record_for_user
from llmkit import clock

# Seconds between two notes of the same session, so that reading pages doesn't write.
NOTE_EVERY_S = 300
SEEN_AT, LAST_PROJECT = "seen_at", "last_project"


def note_session_started(request: HttpRequest, user: User) -> None:
    """A fresh sign-in: a row for the sessions page."""
    request.session[SEEN_AT] = int(clock.now().timestamp())
    _write_row(request, user)


def note_session_used(request: HttpRequest, *, project: Project | None = None) -> None:
    """Writes at most every five minutes, and when the project changes; the moment itself is kept in the session,
    which has been read anyway."""
    if project and request.session.get(LAST_PROJECT) != project.slug:
        request.session[LAST_PROJECT] = project.slug
    now = int(clock.now().timestamp())
    if now - request.session.get(SEEN_AT, 0) >= NOTE_EVERY_S and isinstance(request.user, User):
        request.session[SEEN_AT] = now
        _write_row(request, request.user)


def _write_row(request: HttpRequest, user: User) -> None:
    if request.session.session_key is None:  # somebody signed in over somebody else, whose session is gone
        request.session.create()
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "ip": ip_of(request),
            "user_agent": request.headers.get("User-Agent", "")[:300],
            "last_seen_at": clock.now(),
        },
    )


def note_session_ended(session_key: str | None) -> None:
    UserSession.objects.filter(session_key=session_key).delete()


@transaction.atomic
def end_session(request: HttpRequest, *, session: UserSession) -> None:
    """Sign one of the user's own browsers out."""
    Session.objects.filter(session_key=session.session_key).delete()
    session.delete()
    record_for_user(actor=actor_of(request), user=session.user, action="session.ended", detail={"on": session.device})


@transaction.atomic
def end_other_sessions(request: HttpRequest) -> int:
    """Sign all the user's browsers out but this one; how many these were."""
    user = request.user
    if not isinstance(user, User):
        return 0
    ended = drop_sessions(user, keep=request.session.session_key)
    if ended:
        record_for_user(actor=actor_of(request), user=user, action="session.ended", detail={"sessions": ended})
    return ended


def drop_sessions(user: User, *, keep: str | None = None) -> int:
    """Delete the user's sessions, except the one with the key `keep`; the number of rows of the sessions page."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=keep)
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    return rows.delete()[0]
