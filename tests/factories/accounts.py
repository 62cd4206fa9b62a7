"""Organisations, projects, people and keys for tests."""

import itertools

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Organisation, Project, User
from apps.accounts.services import Actor, IssuedKey, create_public_key, create_secret_key

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


def make_project(*, name: str = "Harbor", organisation: Organisation | None = None) -> Project:
    number = next(_numbers)
    owner = organisation or Organisation.objects.create(name=f"Org {number}", slug=f"org-{number}")
    return Project.objects.create(organisation=owner, name=name, slug=f"{name.lower()}-{number}")


def make_user(*, email: str | None = None, name: str = "") -> User:
    return User.objects.create_user(email or f"user{next(_numbers)}@example.com", PASSWORD, name=name)


def make_member(project: Project, role: Role = Role.ENGINEER, *, user: User | None = None) -> User:
    user = user or make_user()
    Membership.objects.create(organisation=project.organisation, user=user, role=role)
    return user


def make_secret_key(project: Project, **fields: object) -> IssuedKey:
    return create_secret_key(actor=Actor(), project=project, name="test key", **fields)


def make_public_key(project: Project, *origins: str) -> IssuedKey:
    return create_public_key(actor=Actor(), project=project, name="widget", origins=origins)
