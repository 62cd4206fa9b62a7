"""What whoever runs the installation may do, who needs no role for it."""

from django.db import transaction

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Organisation, User
from apps.accounts.services.audit import Actor, record_change, record_for_user
from apps.accounts.services.passwords import withdraw_resets
from apps.accounts.services.projects import found_organisation
from apps.accounts.services.sessions import drop_sessions
from llmkit import clock


class OwnerRefused(Exception):
    """What is missing from an operator's request."""


@transaction.atomic
def make_owner(*, email: str, name: str, password: str | None, organisation: str, project: str) -> Organisation:
    """Make a user owner of the named organisation, or of the only one; make what is missing.

    `password`: of a new user, or a new one for an existing user, whose sessions then end. OwnerRefused when a new
    user has none, or when it isn't clear which organisation is meant.
    """
    house = _find_organisation(organisation)
    user = User.objects.filter(email=email).first()
    if user is None and password is None:
        raise OwnerRefused("A new user needs a password.")
    if user is None:
        user = User.objects.create_user(email, password, name=name)
    elif password is not None:
        _set_password(user, password)
    if house is None:
        return found_organisation(organisation=organisation or "Main", project=project, owner=user).organisation
    _raise_to_owner(user, house)
    return house


def _find_organisation(name: str) -> Organisation | None:
    """The named one or the only one; None where it has to be made."""
    houses = list(Organisation.objects.filter(name=name) if name else Organisation.objects.all())
    if len(houses) > 1:
        names = ", ".join(sorted(house.name for house in houses))
        raise OwnerRefused(f"There are several organisations: {names}. Say which one with --organisation.")
    return houses[0] if houses else None


def _set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    drop_sessions(user)
    withdraw_resets(user, clock.now())
    record_for_user(actor=Actor(), user=user, action="user.password_reset", detail={"by": "operator"})


def _raise_to_owner(user: User, house: Organisation) -> None:
    membership, new = Membership.objects.get_or_create(
        organisation=house, project=None, user=user, defaults={"role": Role.OWNER}
    )
    if not new and membership.rank is Role.OWNER:
        return
    membership.change_role(Role.OWNER)
    record_change(
        actor=Actor(), action="member.role_changed", target=user.email, organisation=house, detail={"to": "Owner"}
    )
