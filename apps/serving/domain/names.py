"""What routes, models and providers may be called: names that fit in a URL, a header and a line of code."""

import re

MOST = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*\Z")


def complaint_about(name: str) -> str:
    """Why this is no name, as a sentence; "" when it is one."""
    if not name:
        return "Enter a name."
    if len(name) > MOST:
        return f"At most {MOST} characters."
    return "" if _NAME.match(name) else "Letters, digits and . _ : / @ + - only, beginning with a letter or digit."
