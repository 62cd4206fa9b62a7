"""What the frame of the pages reads: rooms of the rail, and projects to switch to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.urls import NoReverseMatch, reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import Project, User
from apps.accounts.services import projects_of
from apps.console.domain.rooms import SECTIONS, Room

DOCK_PLACES = 4


@dataclass(frozen=True)
class RailItem:
    label: str
    url: str
    icon: str
    goto: str
    active: bool = False


@dataclass(frozen=True)
class RailSection:
    label: str
    items: list[RailItem]


class ProjectChoice(NamedTuple):
    name: str
    organisation: str
    url: str
    active: bool


def address(name: str, *args: str) -> str:
    """The URL of a page, or nothing while no app serves it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def rail_sections(*, project: Project, role: Role, path: str) -> list[RailSection]:
    """Rooms of `project` that exist and that `role` may enter; the one that `path` lies in is active."""
    sections = [RailSection(section.label, list(open_rooms(section.rooms, project, role))) for section in SECTIONS]
    here = max((item.url for s in sections for item in s.items if lies_in(path, item, project)), key=len, default="")
    return [
        replace(section, items=[replace(item, active=item.url == here) for item in section.items])
        for section in sections
        if section.items
    ]


def lies_in(path: str, item: RailItem, project: Project) -> bool:
    """Every page of a project lies below its home, which is a room only by itself."""
    return path == item.url or (path.startswith(item.url) and item.url != address("console:home", project.slug))


def open_rooms(rooms: tuple[Room, ...], project: Project, role: Role) -> Iterator[RailItem]:
    for room in rooms:
        if role >= room.at_least and (url := address(room.address, project.slug)):
            yield RailItem(room.label, url, room.icon, room.goto)


def dock_items(sections: list[RailSection]) -> list[RailItem]:
    """The rooms that a phone shows at the bottom; the others are in its drawer."""
    return [item for section in sections for item in section.items][:DOCK_PLACES]


def project_choices(*, user: User, current: Project | None) -> list[ProjectChoice]:
    return [
        ProjectChoice(
            name=project.name,
            organisation=project.organisation.name,
            url=address("console:home", project.slug),
            active=current is not None and project.pk == current.pk,
        )
        for project in projects_of(user)
    ]
