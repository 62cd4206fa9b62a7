"""The cells of an invoice file: money, days, counts and ids, in the forms in which they come."""

import re
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation, localcontext
from typing import NamedTuple

from llmkit.money import NANO

MOST_DOLLARS = Decimal(10) ** 9
LONGEST_CELL = 200
_DAY_FORMS = ("%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d %B %Y")
_UNIX = re.compile(r"\d{10}(\d{3})?")
_TRACE_ID, _SPAN_ID = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}")


class BadCell(ValueError):
    """What a cell should hold; the text is a sentence."""


class RequestIds(NamedTuple):
    """How a line names its request: by ids of the trace, or by the provider's own id."""

    trace_id: uuid.UUID | None = None
    span_id: str = ""
    response_id: str = ""


def money(text: str, *, comma: bool = False) -> int:
    """Nano-dollars, rounded. comma: it divides the decimals, as where semicolons divide the cells."""
    plain = re.sub(r"(?i)us\$|usd|[$\s\u00a0]", "", text)
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    if comma or (re.fullmatch(r"-?[\d.]+,\d+", plain) and "." in plain):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", "")
    try:
        dollars = Decimal(plain)
    except InvalidOperation:
        raise BadCell(f"This has to be an amount in US dollars, not {shown(text)}.") from None
    if not dollars.is_finite() or abs(dollars.adjusted()) > 40 or abs(dollars) > MOST_DOLLARS:
        raise BadCell(f"This has to be an amount of at most a billion US dollars, not {shown(text)}.")
    with localcontext(prec=60):
        return int((dollars * NANO).to_integral_value())


def day(text: str) -> date:
    """A day in UTC, from a date, a time, or seconds or milliseconds since 1970."""
    text = text.strip()
    try:
        if _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(text[:10]), UTC).date()
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        pass
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise BadCell(f"This has to be a day such as 2026-01-31, not {shown(text)}.")


def count(text: str) -> int | None:
    """A number of tokens; None for an empty cell."""
    plain = re.sub(r"[\s,_\u00a0]", "", text).removesuffix(".0")
    if not plain:
        return None
    if not re.fullmatch("[0-9]{1,12}", plain):
        raise BadCell(f"This has to be a number of tokens, not {shown(text)}.")
    return int(plain)


def request_ids(text: str) -> RequestIds:
    """Told apart by their form: 32 hex digits of a trace, 16 of a span, both with a colon between, or anything else."""
    text = label(text)
    trace, _, span = text.lower().replace("-", "").replace("/", ":").partition(":")
    if _TRACE_ID.fullmatch(trace) and (not span or _SPAN_ID.fullmatch(span)):
        return RequestIds(uuid.UUID(trace), span)
    if _SPAN_ID.fullmatch(text.lower()):
        return RequestIds(span_id=text.lower())
    return RequestIds(response_id=text)


def label(text: str) -> str:
    """A name, cut to length and freed of what Postgres can't hold."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "", text).strip()[:LONGEST_CELL]


def shown(text: str) -> str:
    """A cell as an error repeats it."""
    text = label(text)
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"' if text else "an empty cell"
