"""Providers' invoices as CSV: whatever their columns are called and however their cells are divided."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from apps.billing.domain import cells
from apps.billing.domain.cells import BadCell, RequestIds

MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 200_000
MOST_PROBLEMS = 10
HEADER_SEARCHED = 20

# What a column means -> names it goes by, the likeliest first; all in lower case, with _ for anything else.
COLUMNS: Final = {
    "day": (
        "date", "day", "usage_date", "usage_date_utc", "date_utc", "start_time_iso", "start_time", "usage_start_date",
        "bucket_start", "timestamp", "created_at", "created", "time", "period_start", "invoice_date",
    ),
    "model": ("model", "model_name", "model_id", "model_version", "deployment", "line_item", "sku", "meter"),
    "amount": (
        "amount", "cost", "total_cost", "amount_value", "charge", "charges", "net_amount", "billed_amount", "price",
        "total", "cost_total", "spend", "usd", "dollars", "cost_in_billing_currency", "unblended_cost",
    ),
    "currency": ("currency", "amount_currency", "billing_currency", "currency_code"),
    "trace": ("trace_id", "trace", "traceid"),
    "span": ("span_id", "span", "spanid"),
    "request": (
        "request_id", "response_id", "generation_id", "completion_id", "message_id", "id", "x_request_id", "call_id",
    ),
    "input": ("input_tokens", "prompt_tokens", "tokens_prompt", "tokens_in", "usage_input_tokens"),
    "output": ("output_tokens", "completion_tokens", "tokens_completion", "tokens_out", "usage_output_tokens"),
}  # fmt: skip
_TOTAL = re.compile(r"\W*((sub|grand)\W?)?total", re.IGNORECASE)
_NEEDED: Final = {"day": "the day", "amount": "the amount"}


class InvoiceLineRow(NamedTuple):
    """number: of the line in the file, the header counted."""

    number: int
    day: date
    model: str
    amount_nano: int
    ids: RequestIds
    input_tokens: int | None
    output_tokens: int | None


class ParsedInvoice(NamedTuple):
    """per_request: whether every line names its request."""

    per_request: bool
    rows: list[InvoiceLineRow]


class BadInvoice(ValueError):
    """What is wrong with a file, each sentence with its line and column."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def parse_invoice(data: bytes) -> ParsedInvoice:
    """The lines of a CSV file; BadInvoice when it is none, or when a cell makes no sense."""
    text = _text(data)
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter)
    number, columns = _header(lines)
    rows, problems = [], []
    for number, line in lines:
        if not any(cell.strip() for cell in line) or _is_total(line, columns):
            continue
        found = _row(number, line, columns, comma=delimiter == ";")
        if isinstance(found, str):
            problems.append(found)
        else:
            rows.append(found)
        if len(problems) == MOST_PROBLEMS or len(rows) > MOST_LINES:
            break
    return _checked(rows, problems)


def _checked(rows: list[InvoiceLineRow], problems: Sequence[str]) -> ParsedInvoice:
    if problems:
        raise BadInvoice(*problems)
    if not rows:
        raise BadInvoice("The file has no line below its header.")
    if len(rows) > MOST_LINES:
        raise BadInvoice(f"The file has more than {MOST_LINES:,} lines: divide it.")
    named = [row for row in rows if any(row.ids)]
    if named and len(named) < len(rows):
        missing = next(row for row in rows if not any(row.ids))
        raise BadInvoice(f"Line {missing.number}: the request has no id, and other lines have one.")
    return ParsedInvoice(bool(named), rows)


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise BadInvoice(f"The file is larger than {MOST_BYTES // 1024**2} MB: divide it.")
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise BadInvoice(f"Line {number}: this is no text in UTF-8. Is it a CSV file?") from None


def _delimiter(text: str) -> str:
    """What the first lines hold most of."""
    head = "\n".join(text.splitlines()[:HEADER_SEARCHED])
    return max(",;\t|", key=head.count)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        number = reader.line_num + 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInvoice(f"Line {number}: this is no CSV ({error}).") from None


def _header(lines: Iterator[tuple[int, list[str]]]) -> tuple[int, dict[str, tuple[int, str]]]:
    """The place and name of each column that is known; some files say other things before their header."""
    closest: dict[str, tuple[int, str]] = {}
    for number, line in lines:
        found = _columns(line)
        if _NEEDED.keys() <= found.keys():
            return number, found
        closest = max(closest, found, key=len)
        if number >= HEADER_SEARCHED:
            break
    missing = next(name for name in _NEEDED if name not in closest)
    names = ", ".join(COLUMNS[missing][:5])
    raise BadInvoice(f"No column of the header is {_NEEDED[missing]}: it may be called {names}, …")


def _columns(header: Sequence[str]) -> dict[str, tuple[int, str]]:
    names = [_plain(cell) for cell in header]
    found = {}
    for meaning, known in COLUMNS.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None:
            found[meaning] = (place, cells.label(header[place]))
    return found


def _plain(name: str) -> str:
    """`Cost (USD)` is `cost`."""
    plain = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
    return re.sub("_(in_)?(usd|us|dollars)$", "", plain) or plain


def _is_total(line: Sequence[str], columns: dict[str, tuple[int, str]]) -> bool:
    """The sum below the lines is none of them."""
    day = _cell(line, columns, "day").strip()
    return any(_TOTAL.match(cell) and day in {"", cell.strip()} for cell in line)


def _row(number: int, line: Sequence[str], columns: dict[str, tuple[int, str]], *, comma: bool) -> InvoiceLineRow | str:
    """The line, or what is wrong with it."""
    place = "amount"
    try:
        _check_currency(_cell(line, columns, place := "currency"))
        return InvoiceLineRow(
            number=number,
            day=cells.day(_cell(line, columns, place := "day")),
            model=_model(line, columns),
            amount_nano=cells.money(_cell(line, columns, place := "amount"), comma=comma),
            ids=_ids(line, columns),
            input_tokens=cells.count(_cell(line, columns, place := "input")),
            output_tokens=cells.count(_cell(line, columns, place := "output")),
        )
    except BadCell as error:
        return f'Line {number}, column "{columns[place][1]}": {error}'


def _check_currency(text: str) -> None:
    if text.strip() and text.strip().lower() not in {"usd", "us$", "$"}:
        raise BadCell(f"The ledger counts in USD, not in {cells.shown(text)}.")


def _model(line: Sequence[str], columns: dict[str, tuple[int, str]]) -> str:
    text = cells.label(_cell(line, columns, "model"))
    # OpenAI's cost exports say which tokens of a model a line is about: "gpt-4o-2024-08-06, input".
    return text.partition(", ")[0] if columns.get("model", (0, ""))[1].lower() == "line_item" else text


def _ids(line: Sequence[str], columns: dict[str, tuple[int, str]]) -> RequestIds:
    trace = cells.request_ids(_cell(line, columns, "trace"))
    span = cells.request_ids(_cell(line, columns, "span"))
    if trace.trace_id or span.span_id:
        return RequestIds(trace.trace_id, trace.span_id or span.span_id)
    return cells.request_ids(_cell(line, columns, "request"))


def _cell(line: Sequence[str], columns: dict[str, tuple[int, str]], meaning: str) -> str:
    place = columns.get(meaning, (len(line), ""))[0]
    return line[place] if place < len(line) else ""
