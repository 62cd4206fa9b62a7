"""Saying in three words which browser a User-Agent header belongs to."""

# The first mark found names it, so the more specific come first: Edge and Opera call themselves Chrome too,
# Chrome calls itself Safari, and iPads ask as Macs only when they say neither.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "FxiOS/": "Firefox",
    "Firefox/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
    "python": "Python",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def describe_device(user_agent: str) -> str:
    """`Firefox on Linux`, as far as the header tells."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"


def _first(marks: dict[str, str], text: str) -> str:
    return next((name for mark, name in marks.items() if mark in text), "")
