"""Icons that templates and rooms name are there to be drawn."""

import re

from apps.console.domain.rooms import SECTIONS
from tests.architecture.floors import ROOT

SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))
NAMED = re.compile(r'(?:{% icon |icon_name=|{% badge \S+ "\w+" )"([\w-]+)"')


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    templates = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    named = {name for text in templates for name in NAMED.findall(text)}
    assert named - SPRITE == set()


def test_every_room_has_an_icon_and_a_key_of_its_own() -> None:
    rooms = [room for section in SECTIONS for room in section.rooms]
    assert {room.icon for room in rooms} - SPRITE == set()
    assert len({room.goto for room in rooms}) == len(rooms)


def test_the_design_page_shows_every_icon() -> None:
    page = (ROOT / "templates/components/_gallery_figures.html").read_text()
    listed = re.search(r'for name in "([^"]+)"\|words', page)
    assert listed is not None
    assert set(listed[1].split()) == SPRITE
