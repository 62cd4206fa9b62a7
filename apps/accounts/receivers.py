"""Django's news about sign-ins, passed on to the sessions page."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services.sessions import note_session_ended, note_session_started


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **extra: Any) -> None:
    note_session_started(request, user)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, **extra: Any) -> None:
    note_session_ended(request.session.session_key)
