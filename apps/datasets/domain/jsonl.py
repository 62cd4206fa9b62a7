"""Datasets as JSON Lines: one row a line, errors that name the line and the field."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

from apps.datasets.domain.checks import Wrong, check_messages, check_source, check_split, check_tags
from apps.datasets.domain.rows import Row, canonical

MOST_ROWS: Final = 100_000
MOST_LINE_BYTES: Final = 1_000_000
MOST_PROBLEMS: Final = 10
KNOWN: Final = {"messages", "prompt", "completion", "tags", "trace_id", "split", "source"}
# In canonical JSON: half a surrogate pair, or NUL (and not a backslash before the letters u0000).
UNSTORABLE: Final = re.compile(r"[\ud800-\udfff]|(?<!\\)(?:\\\\)*\\u0000")


class Problem(NamedTuple):
    """`line` counts from 1, 0 when the whole is meant. `field` is "" for the line itself."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}" if self.line else self.message


class ImportProblem(ValueError):
    """A file with lines that are no rows. `problems`: the first MOST_PROBLEMS; line and field are the first one's."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(str(problems[0]))
        self.problems = list(problems)
        self.line, self.field, _ = problems[0]


def parse_jsonl(text: str | bytes) -> list[Row]:
    """The rows of a file; ImportProblem with the first lines that are none, and for a file without rows."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, line in _lines(text):
        try:
            rows.append(row_of(_object(_text(line))))
        except Wrong as wrong:
            problems.append(Problem(number, wrong.field, str(wrong)))
        if len(rows) > MOST_ROWS:
            problems.append(Problem(number, "", f"At most {MOST_ROWS:,} rows at once."))
            break
        if len(problems) == MOST_PROBLEMS:
            break
    if problems:
        raise ImportProblem(*problems)
    if not rows:
        raise ImportProblem(Problem(0, "", "There is no row in it: each line is a JSON object with `messages`."))
    return rows


def to_jsonl(rows: Iterable[Row]) -> Iterator[bytes]:
    """One line a row, which `parse_jsonl` reads back to the same row."""
    for row in rows:
        line: dict[str, Any] = {"messages": row.messages}
        line |= {"tags": row.tags} if row.tags else {}
        line |= {"trace_id": row.trace_id.hex} if row.trace_id else {}
        line |= {"split": row.split} if row.split else {}
        line |= {"source": row.source} if row.source else {}
        yield canonical(line).encode() + b"\n"


def _lines(text: str | bytes) -> Iterator[tuple[int, bytes]]:
    """Numbered from 1, without blank ones. Only a newline ends a line: texts may hold other separators."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if stripped := line.strip():
            yield number, stripped


def _text(line: bytes) -> str:
    if len(line) > MOST_LINE_BYTES:
        raise Wrong("", f"At most {MOST_LINE_BYTES:,} bytes a line.")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Wrong("", f"This is no UTF-8 (byte {error.start + 1}).") from error


def row_of(value: dict[str, Any]) -> Row:
    if unknown := sorted(set(value) - KNOWN):
        raise Wrong(unknown[0], f"{unknown[0]} is not a field of a row; there are {', '.join(sorted(KNOWN))}.")
    return Row(
        messages=_messages(value),
        tags=check_tags(value.get("tags") or []),
        trace_id=_trace_id(value),
        source=check_source(value.get("source") or {"kind": "import"}),
        split=check_split(value.get("split") or ""),
    )


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise Wrong("", "This is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise Wrong("", f"This is no JSON ({error.msg} at column {error.colno}).{_hint(error)}") from error
    except ValueError as error:
        raise error if isinstance(error, Wrong) else Wrong("", "It holds a number of too many digits.") from None
    if not isinstance(value, dict):
        raise Wrong("", "A row is a JSON object.")
    try:
        if UNSTORABLE.search(canonical(value)):
            raise Wrong("", "It holds a NUL or half a surrogate pair, which cannot be stored.")
    except (RecursionError, ValueError) as error:
        raise error if isinstance(error, Wrong) else Wrong("", "It holds what cannot be stored.") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Wrong(twice, f"{twice} stands twice in one object.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise Wrong("", f"{name} is no JSON.")


def _hint(error: json.JSONDecodeError) -> str:
    """What probably happened: curl's --data takes the line ends away, and pretty printing adds some."""
    if error.msg == "Extra data":
        return " Write one row a line; with curl, use --data-binary."
    return " Write each row on one line." if error.doc.strip() in {"{", "["} else ""


def _messages(value: dict[str, Any]) -> list[dict[str, Any]]:
    if "messages" in value:
        if other := sorted({"prompt", "completion"} & value.keys()):
            raise Wrong(other[0], f"{other[0]} stands beside messages; give one of the two forms.")
        return check_messages(value["messages"])
    for name in ("prompt", "completion"):
        if name in value and not isinstance(value[name], str):
            raise Wrong(name, f"{name} is a text.")
    if not {"prompt", "completion"} <= value.keys():
        raise Wrong("messages", "messages is missing (or prompt and completion, both texts).")
    pair = (("user", value["prompt"]), ("assistant", value["completion"]))
    return check_messages([{"role": role, "content": content} for role, content in pair])


def _trace_id(value: dict[str, Any]) -> UUID | None:
    text = value.get("trace_id")
    if text is None:
        return None
    if not isinstance(text, str) or not re.fullmatch("[0-9a-fA-F]{32}", text.replace("-", "")):
        raise Wrong("trace_id", "A trace id has 32 hexadecimal digits.")
    return UUID(text)
