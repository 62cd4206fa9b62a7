"""Changing a password, and links for those who forgot theirs (the installation sends no mail)."""

from datetime import datetime

from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.domain.keys import digest_of
from apps.accounts.domain.links import RESET_LIFETIME, new_token
from apps.accounts.models import PasswordReset, User
from apps.accounts.queries import authority_of
from apps.accounts.services.audit import Actor, actor_of, record_for_user
from apps.accounts.services.authority import MemberRefused
from apps.accounts.services.invitations import LinkRefused
from apps.accounts.services.sessions import drop_sessions, note_session_started
from llmkit import clock


@transaction.atomic
def change_password(request: HttpRequest, *, user: User, password: str) -> None:
    """Set the signed-in user's password: this browser stays signed in under a new session key, all others end."""
    user.set_password(password)
    user.save(update_fields=["password"])
    drop_sessions(user)
    auth.update_session_auth_hash(request, user)
    note_session_started(request, user)
    withdraw_resets(user, clock.now())
    record_for_user(actor=actor_of(request), user=user, action="user.password_changed")


@transaction.atomic
def make_reset_link(*, actor: Actor, person: User) -> str:
    """The token of a link, good for 24 hours and one use, that lets `person` choose a new password.

    Earlier links of theirs end. MemberRefused unless the actor may manage every membership of that person.
    """
    if not may_reset_password(actor.user, person):
        raise MemberRefused(
            f"You cannot make a new password link for {person}: they hold a role that you cannot manage, here or in "
            "another organisation. An owner can, or the operator of this installation with "
            f"'manage.py create_owner --email {person.email} --set-password'."
        )
    token, now = new_token(), clock.now()
    withdraw_resets(person, now)
    PasswordReset.objects.create(
        user=person, token_digest=token.digest, made_by=actor.user, expires_at=now + RESET_LIFETIME
    )
    record_for_user(actor=actor, user=person, action="reset_link.created")
    return token.text


def open_reset(token: str, *, lock: bool = False) -> PasswordReset:
    """The reset behind a link while it can be used; LinkRefused says why it can't. `lock` needs a transaction."""
    rows = PasswordReset.objects.select_related("user", "made_by")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    reset = rows.filter(token_digest=digest_of(token)).first()
    if reset is None:
        raise LinkRefused("There is no such link. Check that it is complete, or ask an admin for a new one.")
    if reset.used_at is not None:
        raise LinkRefused("This link has been used already. Sign in with your new password.")
    if not reset.is_open(clock.now()):
        raise LinkRefused("This link has expired or was replaced by a newer one. Ask an admin for a new one.")
    # Roles may have changed since: an admin must not come into the account of someone who is owner by now.
    if not may_reset_password(reset.made_by, reset.user):
        raise LinkRefused("Whoever made this link may not do so any more. Ask an owner for a new one.")
    return reset


@transaction.atomic
def reset_password(*, token: str, password: str, ip: str | None) -> User:
    """Set the password that a link is for and end all sessions of that user; LinkRefused for a link used up."""
    reset = open_reset(token, lock=True)
    user = reset.user
    user.set_password(password)
    user.save(update_fields=["password"])
    reset.mark_used(clock.now())
    drop_sessions(user)
    record_for_user(actor=Actor(user=user, ip=ip), user=user, action="user.password_reset")
    return user


def may_reset_password(user: User | None, person: User) -> bool:
    return authority_of(user).may_reset_password(person, person.memberships.select_related("organisation", "project"))


def withdraw_resets(user: User, at: datetime) -> None:
    PasswordReset.objects.filter(user=user, used_at=None, withdrawn_at=None).update(withdrawn_at=at)
