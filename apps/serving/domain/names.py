"""What routes, models and providers may be called: names that fit in a URL, a header and a line of code."""

import re

MOST = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*\Z")
# An adapter's name in the engine is also the name of its folder.
_ADAPTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\Z")


def complaint_about(name: str) -> str:
    """Why this is no name, as a sentence; "" when it is one."""
    if not name:
        return "Enter a name."
    if len(name) > MOST:
        return f"At most {MOST} characters."
    return "" if _NAME.match(name) else "Letters, digits and . _ : / @ + - only, beginning with a letter or digit."


def is_adapter_name(name: str) -> bool:
    """Whether the local engine takes an adapter under this name."""
    return _ADAPTER.match(name) is not None


def adapter_name(project_slug: str, name: str) -> str:
    """What the engine, which all projects share, calls an adapter that its project calls `name`."""
    return f"{project_slug}.{re.sub(r'[^A-Za-z0-9._-]', '-', name)}"
