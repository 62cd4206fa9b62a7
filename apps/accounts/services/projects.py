"""Organisations and projects: the first ones, further ones, and their names."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.text import slugify

from apps.accounts.domain.roles import Role
from apps.accounts.models import Membership, Organisation, Project, User
from apps.accounts.queries import authority_of
from apps.accounts.services.audit import Actor, publish_config, record_change
from apps.accounts.services.authority import MemberRefused

# Any number that nothing else in this database locks.
SETUP_LOCK = 7_300_001


class AlreadySetUp(Exception):
    """The first start is over: there are users."""


@dataclass(frozen=True)
class Installation:
    organisation: Organisation
    project: Project
    owner: User


@transaction.atomic
def set_up(
    *, organisation: str, project: str, email: str, password: str, name: str = "", ip: str | None = None
) -> Installation:
    """The first organisation with its first project and owner; AlreadySetUp when there is any user.

    Of two who try at once one waits for the other, and is refused.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
    if User.objects.exists():
        raise AlreadySetUp
    owner = User.objects.create_user(email, password, name=name)
    return found_organisation(organisation=organisation, project=project, owner=owner, ip=ip)


@transaction.atomic
def found_organisation(*, organisation: str, project: str, owner: User, ip: str | None = None) -> Installation:
    """Another organisation with its first project, owned by an existing user."""
    actor = Actor(user=owner, ip=ip)
    house = Organisation.objects.create(name=organisation, slug=_free_slug(Organisation, organisation))
    Membership.objects.create(organisation=house, user=owner, role=Role.OWNER)
    record_change(actor=actor, action="organisation.created", target=house.name, organisation=house)
    return Installation(organisation=house, project=_add_project(actor, house, project), owner=owner)


@transaction.atomic
def create_project(*, actor: Actor, organisation: Organisation, name: str) -> Project:
    """MemberRefused unless the actor is an admin of the whole organisation."""
    say = authority_of(actor.user).over(organisation, None)
    if say is None or say < Role.ADMIN:
        raise MemberRefused(f"Only admins and owners of all of {organisation} can add projects to it.")
    return _add_project(actor, organisation, name)


@transaction.atomic
def rename_project(*, actor: Actor, project: Project, name: str) -> None:
    """The name in pages; the slug in URLs stays, so that links and bookmarks do."""
    before = project.name
    if name == before:
        return
    project.rename(name)
    record_change(
        actor=actor, action="project.renamed", target=name, project=project, detail={"from": before, "to": name}
    )
    publish_config()


def _add_project(actor: Actor, organisation: Organisation, name: str) -> Project:
    project = Project.objects.create(organisation=organisation, name=name, slug=_free_slug(Project, name))
    record_change(actor=actor, action="project.created", target=name, project=project)
    publish_config()
    return project


def _free_slug(model: type[Organisation] | type[Project], name: str) -> str:
    """`name`, `name-2`, `name-3` …; the table is locked against another who would find the same one free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK + 1])
    base = slugify(name)[:50].strip("-") or model.__name__.lower()
    taken = set(model._default_manager.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug
