"""Signing in and out, with a limit on guessing."""

from django.contrib import auth
from django.http import HttpRequest

from apps.accounts.domain.addresses import network_of
from apps.accounts.models import User
from apps.accounts.services.audit import Actor, actor_of, ip_of, record_for_user
from apps.accounts.services.limits import Limit, count_attempt, take_back
from llmkit import clock

PER_ACCOUNT = Limit("sign-in-account", most=5, window_s=300)
PER_ADDRESS = Limit("sign-in-address", most=50, window_s=900)


class WrongCredentials(Exception):
    """Unknown user, wrong password or inactive user: nobody is told which."""


def sign_in(request: HttpRequest, *, email: str, password: str) -> User:
    """Signs the request's browser in; TooManyAttempts or WrongCredentials when it may not be.

    Attempts are counted before the password is looked at, so that parallel guesses count too. An unknown user
    costs the same one password hash as a known one (Django's ModelBackend sees to that).
    """
    now, network = clock.now(), network_of(ip_of(request))
    account = f"{email.strip().lower()} {network}"
    counted = count_attempt(PER_ADDRESS, network, at=now) and count_attempt(PER_ACCOUNT, account, at=now)
    user = auth.authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        raise WrongCredentials
    if counted:
        take_back(PER_ADDRESS, network, at=now)
        take_back(PER_ACCOUNT, account, at=now)
    enter(request, user)
    return user


def enter(request: HttpRequest, user: User) -> None:
    """Signs in a user whose identity is established; the session gets a new key."""
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    record_for_user(actor=actor_of(request), user=user, action="user.signed_in")


def sign_out(request: HttpRequest) -> None:
    if isinstance(request.user, User):
        record_for_user(actor=actor_of(request), user=request.user, action="user.signed_out")
    auth.logout(request)


def record_failed_sign_in(*, email: str, ip: str | None) -> None:
    """For users that exist. Call it after the answer has left: it takes longer for them than for unknown ones."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user:
        record_for_user(actor=Actor(ip=ip), user=user, action="user.sign_in_failed")
