"""What holds of every dialect."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.serving.dialects import BODY_OBSERVERS, DIALECTS, OBSERVERS, ToldError, UnreadableAnswer
from apps.serving.dialects.responses import Responses
from llmkit import sse
from tests.unit.serving.dialects.chats import STREAMS, chunk, completion, events_of, grouped, members, streamed

REQUESTS = {
    "chat": members(model="m", messages=[{"role": "user", "content": "hi"}], stream=True),
    "messages": members(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=True),
    "responses": members(model="m", input="hi", stream=True),
    "completions": members(model="m", prompt="hi", stream=True),
}
FIXED = {**DIALECTS, "responses": Responses(new_token=lambda: "abc")}
OTHERS = sorted(set(DIALECTS) - {"chat"})


def test_every_dialect_goes_by_its_own_name():
    assert {name: dialect.name for name, dialect in DIALECTS.items()} == {name: name for name in REQUESTS}
    assert set(OBSERVERS) == set(BODY_OBSERVERS) == set(OTHERS)


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(REQUESTS)), st.sampled_from(sorted(STREAMS)))
def test_any_grouping_of_the_chunks_gives_the_same_stream(data, name, chunks):
    stream = FIXED[name].stream(REQUESTS[name])
    groups = data.draw(grouped(STREAMS[chunks]))
    pieces = [*(stream.feed(group) for group in groups), stream.end()]
    assert b"".join(pieces) == streamed(FIXED[name].stream(REQUESTS[name]), STREAMS[chunks])


@pytest.mark.parametrize("chunks", STREAMS)
@pytest.mark.parametrize("name", OTHERS)
def test_observers_understand_what_the_dialects_write(name, chunks):
    observer = OBSERVERS[name]()
    written = streamed(FIXED[name].stream(REQUESTS[name]), STREAMS[chunks])
    contents = [observer.learn(event) for event in sse.Parser().feed(written)]
    assert (observer.done, observer.error, observer.unreadable, observer.model) == (True, None, False, "m-1")
    assert observer.usage is not None
    assert (observer.usage.prompt_tokens, observer.usage.completion_tokens) == (100, 7)
    assert (observer.usage.cached_tokens, observer.usage.cache_creation_tokens) == (90, 4)
    assert any(contents) or (name == "completions" and chunks in ("mixed up", "same index"))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("rubbish", [b"", b"[]", b"<html>", b'{"choices": 3}', b'{"choices": null}', b'"\xff"'])
def test_an_answer_that_is_no_chat_completion_is_said_to_be_none(name, rubbish):
    with pytest.raises(UnreadableAnswer):
        DIALECTS[name].answer(REQUESTS[name], rubbish)


@pytest.mark.parametrize("name", OTHERS)
def test_a_chunk_that_is_none_is_said_to_be_none(name):
    with pytest.raises(UnreadableAnswer):
        DIALECTS[name].stream(REQUESTS[name]).feed([b"{oops"])


@pytest.mark.parametrize("name", OTHERS)
def test_a_stream_without_content_still_has_an_end(name):
    observer = OBSERVERS[name]()
    contents = [observer.learn(event) for event in sse.Parser().feed(DIALECTS[name].stream(REQUESTS[name]).end())]
    assert observer.done
    assert not any(contents)


@pytest.mark.parametrize("name", OTHERS)
def test_after_a_failure_no_observer_takes_the_stream_for_done(name):
    stream = DIALECTS[name].stream(REQUESTS[name])
    out = stream.feed(STREAMS["talk"][:2]) + stream.fail(ToldError(status=503, message="Gone."))
    observer = OBSERVERS[name]()
    for event in sse.Parser().feed(out):
        observer.learn(event)
    assert observer.error is not None
    assert (observer.error.message, observer.done) == ("Gone.", False)


@pytest.mark.parametrize("name", OTHERS)
def test_line_ends_and_separators_stay_inside_of_their_strings(name):
    nasty = 'a\u2028b\r\n\n\x00"}\n\ndata: {"error":1}\n\n'
    out = streamed(FIXED[name].stream(REQUESTS[name]), [chunk({"content": nasty})])
    assert nasty in {text for event in events_of(out) for text in _texts(event)}
    assert nasty in set(_texts(json.loads(FIXED[name].answer(REQUESTS[name], completion({"content": nasty})))))


def _texts(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)
