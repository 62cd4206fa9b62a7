"""Organisations, projects, people and keys for tests."""

import itertools
import secrets
from typing import Any

from django.test import Client

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Organisation, Project, User
from apps.accounts.services import Actor, IssuedKey, create_public_key, create_secret_key
from apps.accounts.services.invitations import IssuedInvitation, invite

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


def make_project(*, name: str = "Harbor", organisation: Organisation | None = None) -> Project:
    number = next(_numbers)
    owner = organisation or Organisation.objects.create(name=f"Org {number}", slug=f"org-{number}")
    return Project.objects.create(organisation=owner, name=name, slug=f"{name.lower()}-{number}")


def make_user(*, email: str | None = None, name: str = "") -> User:
    return User.objects.create_user(email or f"user{next(_numbers)}@example.com", PASSWORD, name=name)


def make_member(
    project: Project, role: Role = Role.ENGINEER, *, user: User | None = None, this_project_only: bool = False
) -> User:
    user = user or make_user()
    place = project if this_project_only else None
    Membership.objects.create(organisation=project.organisation, project=place, user=user, role=role)
    return user


def membership_of(user: User) -> Membership:
    return Membership.objects.select_related("user", "organisation", "project").get(user=user)


def make_invitation(
    project: Project, role: Role = Role.ENGINEER, *, by: User | None = None, **options: Any
) -> IssuedInvitation:
    """An open invitation by an owner of the project's organisation."""
    return invite(actor=Actor(user=by or make_member(project, Role.OWNER)), project=project, role=role, **options)


def fresh_ip() -> str:
    """An address that no other test has used up."""
    return f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


def browser(user: User | None = None, **options: Any) -> Client:
    """A browser on a machine of its own, signed in as `user`."""
    client = Client(**{"REMOTE_ADDR": fresh_ip(), **options})
    if user is not None:
        client.force_login(user)
    return client


def make_secret_key(project: Project, **fields: object) -> IssuedKey:
    return create_secret_key(actor=Actor(), project=project, name="test key", **fields)


def make_public_key(project: Project, *origins: str) -> IssuedKey:
    return create_public_key(actor=Actor(), project=project, name="widget", origins=origins)
