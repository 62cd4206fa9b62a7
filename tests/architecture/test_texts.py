"""What must not stand in the project's files: addresses of registries, and scripts or styles inside pages."""

import re

import pytest

from tests.architecture.floors import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|javascript:", re.IGNORECASE
)


def test_lock_files_carry_hashes_and_no_addresses() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert "://" not in text, lock.name
        if lock.name != "torch.txt":
            assert "--hash=sha256:" in text, lock.name


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_pages_hold_no_inline_scripts_or_styles(template) -> None:
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.DOTALL)
    assert INLINE.findall(text) == []


def test_pages_load_nothing_from_elsewhere() -> None:
    loads = re.compile(r"""(?:src|href)=["']https?://""")
    assert [str(path) for path in TEMPLATES if loads.search(path.read_text())] == []


def test_browser_tests_wait_in_a_way_that_the_content_policy_allows() -> None:
    tests = [path for path in (ROOT / "tests" / "browser").rglob("*.py") if path.name != "conftest.py"]
    assert [str(path) for path in tests if ".wait_for_function(" in path.read_text()] == [], "use `until`"
