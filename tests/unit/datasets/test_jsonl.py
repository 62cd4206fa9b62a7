"""JSON Lines in and out: what is written reads back the same, what is wrong is named."""

import json
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.datasets.domain.jsonl import ImportProblem, parse_jsonl, to_jsonl
from apps.datasets.domain.rows import SPLITS, Row

PAIR = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}'
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
rows = st.builds(
    Row,
    messages=st.builds(
        lambda asked, answer: [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}],
        texts,
        texts.filter(str.strip),
    ),
    tags=st.lists(st.text(string.ascii_letters, min_size=1, max_size=10), max_size=3),
    trace_id=st.none() | st.uuids(),
    source=st.just({"kind": "import"}),
    split=st.sampled_from(["", *SPLITS]),
)


@given(st.lists(rows, min_size=1, max_size=8))
def test_what_is_written_reads_back_the_same(written):
    assert parse_jsonl(b"".join(to_jsonl(written))) == written


def test_prompt_and_completion_are_a_question_and_its_answer():
    (row,) = parse_jsonl('{"prompt": "Open today?", "completion": "Until six."}')
    assert [message["role"] for message in row.messages] == ["user", "assistant"]
    assert row.answer == "Until six."


def test_a_byte_order_mark_empty_lines_and_windows_line_ends_do_no_harm():
    assert len(parse_jsonl(b"\xef\xbb\xbf" + PAIR.encode() + b"\r\n\r\n" + PAIR.encode() + b"\r\n")) == 2


def test_a_backslash_before_u0000_is_a_text_like_any_other():
    (row,) = parse_jsonl(PAIR.replace('"q"', '"\\\\u0000"'))
    assert row.messages[0]["content"] == "\\u0000"


def test_separators_of_lines_that_json_allows_inside_texts_end_no_line():
    (row,) = parse_jsonl(PAIR.replace('"q"', '"a\u2028b\x85c"'))
    assert row.messages[0]["content"] == "a\u2028b\x85c"


def test_the_tools_that_an_answer_calls_are_kept():
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    messages = [
        {"role": "system", "content": "Find orders."},
        {"role": "user", "content": "Where is it?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    (row,) = parse_jsonl(json.dumps({"messages": messages}))
    assert row.messages == messages


def test_the_first_errors_are_told_together():
    with pytest.raises(ImportProblem) as caught:
        parse_jsonl("\n".join([PAIR, "{", PAIR, "[1]"] + ["{}"] * 50))
    assert [problem.line for problem in caught.value.problems] == [2, 4, *range(5, 13)]
    assert str(caught.value) == str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ([1], "source"),
        ({"kind": "magic"}, "source.kind"),
        ({"kind": "annotation", "item_id": "7"}, "source.item_id"),
        ({"kind": "annotation", "annotators": ["ann"]}, "source.annotators"),
        ({"kind": "import", "weight": 1}, "source.weight"),
    ],
)
def test_a_source_that_lineage_could_not_follow_is_refused(source, field):
    with pytest.raises(ImportProblem) as caught:
        parse_jsonl(PAIR[:-1] + f', "source": {json.dumps(source)}}}')
    assert caught.value.field == field


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr("apps.datasets.domain.jsonl.MOST_ROWS", 2)
    with pytest.raises(ImportProblem, match="At most 2 rows"):
        parse_jsonl(f"{PAIR}\n" * 5)


def test_the_trace_of_a_row_is_kept():
    (row,) = parse_jsonl(PAIR[:-1] + ', "trace_id": "0af7651916cd43dd8448eb211c80319c"}')
    assert row.trace_id == UUID("0af7651916cd43dd8448eb211c80319c")


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("{", "", "no JSON"),
        ("[1]", "", "JSON object"),
        ("{}", "messages", "missing"),
        ('{"messages": "hi"}', "messages", "list"),
        ('{"messages": [{"role": "user", "content": "q"}]}', "messages", "question and its answer"),
        ('{"messages": [{"role": "user", "content": "q"}, "a"]}', "messages[1]", "object"),
        ('{"messages": [{"role": "pirate", "content": "q"}, {}]}', "messages[0].role", "one of"),
        ('{"messages": [{"role": "user", "content": 1}, {}]}', "messages[0].content", "text"),
        (PAIR.replace('"assistant"', '"user"'), "messages[1].role", "assistant"),
        (PAIR[:-1] + ', "labels": 1}', "labels", "not a field"),
        (PAIR[:-1] + ', "tags": "new"}', "tags", "list of texts"),
        (PAIR[:-1] + ', "split": "dev"}', "split", "one of"),
        (PAIR[:-1] + ', "trace_id": "12"}', "trace_id", "32"),
        (PAIR[:-1] + ', "tags": ["a"], "tags": ["b"]}', "tags", "twice"),
        (PAIR[:-1] + ', "source": {"weight": NaN}}', "", "NaN"),
        (PAIR.replace('"q"', '"\\u0000"'), "", "NUL"),
        (PAIR.replace('"q"', '"\\ud800"'), "", "surrogate"),
        ('{"a":' * 100_000, "", "nested"),
        (f'{PAIR[:-1]}, "split": {"[" * 100_000}', "", "nested"),
        ('{"a": ' + "1" * 5_000 + "}", "", "digits"),
        (PAIR[:-1] + ', "tags": [1e999]}', "", "stored"),
        (PAIR + PAIR, "", "--data-binary"),
        (PAIR[:-1] + ', "prompt": "q"}', "prompt", "beside messages"),
        ('{"prompt": "q"}', "messages", "completion"),
        ('{"prompt": "q", "completion": 7}', "completion", "text"),
        ('{"prompt": "q", "completion": " "}', "messages[1].content", "empty"),
        ('{"messages": [{"role": "system", "content": "s"}, {"role": "assistant", "content": "a"}]}', "messages", "no"),
        (PAIR.replace('"q"', '"q", "weight": 1'), "messages[0].weight", "only"),
        (PAIR.replace('"q"', '[{"type": "text", "text": "q"}]'), "messages[0].content", "text"),
        (PAIR.replace('"q"', '"q", "tool_calls": [{"id": 1}]'), "messages[0].tool_calls[0]", "function"),
        (PAIR[:-1] + f', "tags": {json.dumps(["x" * 201])}}}', "tags", "1 to 200"),
        (PAIR.replace("q", "q" * 1_000_001), "", "bytes a line"),
    ],
)
def test_a_line_that_is_no_row_is_named_with_its_field(line, field, words):
    with pytest.raises(ImportProblem, match="Line 2") as caught:
        parse_jsonl(f"{PAIR}\n{line}")
    assert (caught.value.line, caught.value.field) == (2, field)
    assert words in str(caught.value)


def test_bytes_that_are_no_utf8_are_named():
    with pytest.raises(ImportProblem, match="Line 1: This is no UTF-8 \\(byte 3\\)"):
        parse_jsonl(b'{"\xff')


def test_a_file_without_rows_is_refused():
    with pytest.raises(ImportProblem, match="no row"):
        parse_jsonl("\n \n")
