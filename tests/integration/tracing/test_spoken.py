"""What was said in traces, for those who make examples of it."""

from uuid import UUID

import pytest

from apps.tracing.models import Span
from apps.tracing.queries import spoken_in, spoken_of_trace
from llmkit import telemetry as t
from llmkit.ids import uuid7
from tests.factories.accounts import make_project
from tests.factories.tracing import body, make_record, make_trace, store

pytestmark = pytest.mark.django_db

QUESTION = {"role": "user", "content": "Where is it?"}
CALL = {"function": {"name": "find", "arguments": '{"id": 7}'}}


@pytest.fixture
def project():
    return make_project()


def stored(project, *messages, answer="Here.", **fields):
    """A trace of one request with these messages; its span."""
    message = answer if isinstance(answer, dict) else {"role": "assistant", "content": answer}
    record = make_record(
        project,
        request=body({"messages": list(messages)}),
        response=body({"choices": [{"message": message}]}),
        **fields,
    )
    store(record)
    return Span.objects.get(trace_id=record.trace_id)


def test_what_was_asked_and_answered_comes_in_the_order_of_the_spans(project):
    first = make_trace(project, question="First?", answer="One.")
    second = make_trace(project, question="Second?", answer="Two.")
    make_trace(project, question="Third?")
    found = spoken_in(project, [second, first])
    assert [(each.span, each.messages[0]["content"], each.answer) for each in found] == [
        (second, "Second?", "Two."),
        (first, "First?", "One."),
    ]
    assert spoken_in(make_project(), [first]) == []
    assert spoken_in(project, []) == []


@pytest.mark.parametrize(
    ("messages", "fields"),
    [
        ([], {}),
        ([{"role": "system", "content": "Be kind."}], {}),
        ([QUESTION, {"role": "narrator", "content": "Meanwhile"}], {}),
        ([QUESTION], {"attributes": {t.PAYLOAD_TRUNCATED: True}}),
    ],
    ids=["nothing", "instructions alone", "an unknown role", "a body that was cut"],
)
def test_what_would_make_no_example_is_left_out(project, messages, fields):
    span = stored(project, *messages, **fields)
    assert spoken_in(project, [span]) == []
    assert spoken_of_trace(project, span.trace_id) is None


@pytest.mark.parametrize(
    ("answer", "shown"),
    [("", ""), (" \n", " \n"), ({"role": "assistant", "content": "I look", "tool_calls": [CALL]}, None)],
    ids=["nothing", "blanks", "a call of a tool"],
)
def test_an_answer_that_is_not_in_words_is_shown_and_no_example(project, answer, shown):
    span = stored(project, QUESTION, answer=answer)
    assert spoken_in(project, [span]) == []
    said = spoken_of_trace(project, span.trace_id)
    assert said.messages == [QUESTION]
    assert said.answer == ('I look\nfind {"id": 7}' if shown is None else shown)


def test_tools_that_were_called_on_the_way_are_told_in_words(project):
    span = stored(
        project,
        QUESTION,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": "Berth 7"},
    )
    assert [message["content"] for message in spoken_in(project, [span])[0].messages] == [
        "Where is it?",
        'find {"id": 7}',
        "Berth 7",
    ]


def test_a_trace_is_read_from_its_first_step_that_has_a_conversation(project):
    entry = make_record(project)
    step = make_record(
        project,
        trace_id=entry.trace_id,
        is_entry=False,
        request=body({"messages": [QUESTION]}),
        response=body({"choices": [{"message": {"role": "assistant", "content": "Here."}}]}),
    )
    store(entry, step)
    said = spoken_of_trace(project, UUID(entry.trace_id))
    assert (said.messages, said.answer, said.span.span_id) == ([QUESTION], "Here.", step.span_id)
    assert spoken_of_trace(make_project(), UUID(entry.trace_id)) is None
    assert spoken_of_trace(project, uuid7()) is None
