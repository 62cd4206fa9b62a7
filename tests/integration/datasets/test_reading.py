"""Reading rows: out and in again, found by their words and tags."""

import pytest

from apps.datasets.domain.rows import Row
from apps.datasets.queries import page_of, tags_in
from apps.datasets.services import export_jsonl, parse_jsonl
from llmkit.ids import uuid7
from tests.factories.accounts import make_project
from tests.factories.datasets import make_dataset, make_row, make_version_of

pytestmark = pytest.mark.django_db

IMPORT = {"kind": "import"}


# --- Out and in again


def test_what_was_exported_is_imported_to_the_same_version(dataset):
    rows = [
        make_row(
            "Grüße — 'quoted' \"twice\" \\u0000 \u2028 🙂?",
            "Line\none\ttwo",
            tags=["ä=ö"],
            trace_id=uuid7(),
            source=IMPORT,
        ),
        make_row("Fixed?", split="test", source={"kind": "annotation", "annotators": [str(uuid7())]}),
        Row(
            messages=[
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Weather?"},
                {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "sky", "arguments": "{}"}}]},
                {"role": "tool", "content": "blue", "tool_call_id": "1"},
                {"role": "assistant", "content": "Fine."},
            ],
            source=IMPORT,
        ),
    ]
    version = make_version_of(dataset, *rows)
    exported = b"".join(export_jsonl(version))
    elsewhere = make_version_of(make_dataset(make_project()), *parse_jsonl(exported))
    assert elsewhere.content_hash == version.content_hash
    assert b"".join(export_jsonl(elsewhere)) == exported
    assert b"".join(export_jsonl(version, "test")) in exported


# --- Finding rows


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("REFUND", ["I want a refund"]),
        ("grüße", ['Grüße, "Ann"\\Bob']),
        ('"Ann"\\B', ['Grüße, "Ann"\\Bob']),
        ("user", []),
        ("content", []),
        ("100%", []),
    ],
)
def test_a_search_finds_words_of_messages_and_nothing_of_their_form(dataset, text, found):
    version = make_version_of(dataset, make_row("I want a refund"), make_row('Grüße, "Ann"\\Bob'), make_row("100 %?"))
    assert [member.example.messages[0]["content"] for member in page_of(version, text=text).rows] == found


def test_tags_are_those_of_this_version_each_once(dataset):
    first = make_version_of(dataset, make_row("1?", tags=["b", "a"]), make_row("2?", tags=["a"]), make_row("3?"))
    make_version_of(dataset, make_row("4?", tags=["new"]), base=first)
    assert tags_in(first) == ["a", "b"]
