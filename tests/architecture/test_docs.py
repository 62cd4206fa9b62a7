"""Docs that drift from the code are worse than none: what they name must exist."""

import importlib
import re
from pathlib import Path

import pytest

from tests.architecture.floors import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "apps").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
DOTTED = re.compile(r"`((?:apps|llmkit|flywheel)(?:\.[A-Za-z_]\w*)+)")
SETTING = re.compile(r"`((?:FLYWHEEL_[A-Z_]+|DATABASE_URL|REDIS_URL|CACHE_URL))`")
SOURCES = "".join(path.read_text() for folder in ("platform", "apps") for path in (ROOT / folder).rglob("*.py"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def exists(dotted: str) -> bool:
    """Whether it can be imported, as a module or as an attribute of one, or is the name of a span attribute."""
    if f'"{dotted}"' in SOURCES:
        return True
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        try:
            for part in parts[cut:]:
                found = getattr(found, part)
        except AttributeError:
            return False
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    targets = LINK.findall(page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_and_functions_that_are_named_exist(page):
    assert [dotted for dotted in DOTTED.findall(page.read_text()) if not exists(dotted)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_settings_that_are_named_are_read(page):
    unread = {
        setting for setting in SETTING.findall(page.read_text()) if f'"{setting.removesuffix("_FILE")}"' not in SOURCES
    }
    assert unread == set()


def test_every_setting_that_is_read_is_documented():
    read = set(re.findall(r'env\.\w+\("((?:FLYWHEEL|DATABASE|REDIS|CACHE)_[A-Z_]+)"', SOURCES))
    documented = (ROOT / "docs" / "configuration.md").read_text()
    assert {setting for setting in read if f"`{setting}`" not in documented} == set()
