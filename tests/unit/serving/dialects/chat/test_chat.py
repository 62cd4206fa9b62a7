"""Chat completions as they are, and their errors."""

import json

from apps.serving.dialects import DIALECTS, ToldError
from tests.unit.serving.dialects.chats import TALK, events_of, members

CHAT = DIALECTS["chat"]
TOLD = ToldError(status=429, message="Slow down.", kind="rate_limit_error", code="rate_limit_exceeded", param="model")
SHAPE = {
    "error": {"message": "Slow down.", "type": "rate_limit_error", "param": "model", "code": "rate_limit_exceeded"}
}


def test_nothing_is_changed():
    request = members(model="m", messages=[], anything=1)
    assert CHAT.to_chat(request) is request
    assert CHAT.answer(request, b'{"as": "it is"}') == b'{"as": "it is"}'


def test_chunks_become_events_and_done_ends_them():
    stream = CHAT.stream(members())
    assert stream.feed(TALK) == b"".join(b"data: %b\n\n" % data for data in TALK)
    assert stream.feed([b'{\n"x":1}']) == b'data: {\ndata: "x":1}\n\n'
    assert stream.end() == b"data: [DONE]\n\n"


def test_an_error_is_the_last_event_and_no_done_follows():
    stream = CHAT.stream(members())
    assert events_of(stream.fail(TOLD)) == [SHAPE]
    assert json.loads(CHAT.error(TOLD)) == SHAPE


def test_a_keep_alive_is_a_comment():
    assert events_of(CHAT.stream(members()).keep_alive()) == []
    assert CHAT.stream(members()).keep_alive().startswith(b":")
