import json

from hypothesis import given
from hypothesis import strategies as st

from apps.tracing.domain.conversation import answered
from apps.tracing.domain.streams import assemble

TYPES = [
    "message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "error",
    "response.created", "response.output_item.done", "response.completed",
]  # fmt: skip


def sse(*chunks, done=True):
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")


def chunk(delta=None, *, finish=None, index=0, **more):
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": [choice], **more}


def test_the_pieces_of_an_answer_make_the_answer():
    response = assemble(
        sse(
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Two "}),
            chunk({"content": "ropes."}),
            chunk(finish="stop"),
            {"id": "c-1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        )
    )
    assert response == {
        "id": "c-1",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Two ropes."}}],
    }


@given(st.lists(st.text(st.characters()), max_size=20))
def test_no_cut_loses_a_character(pieces):
    whole = "".join(pieces)
    content = assemble(sse(chunk({"role": "assistant"}), *({**chunk({"content": p})} for p in pieces)))["choices"][0]
    assert (content["message"]["content"] or "") == whole


def test_tool_calls_come_together_by_index():
    response = assemble(
        sse(
            chunk(
                {
                    "tool_calls": [
                        {"index": 0, "id": "a", "type": "function", "function": {"name": "find", "arguments": ""}}
                    ]
                }
            ),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"order"'}}]}),
            chunk({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "ship", "arguments": "{}"}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": ": 7}"}}]}),
            chunk(finish="tool_calls"),
        )
    )
    calls = response["choices"][0]["message"]["tool_calls"]
    assert [(call["id"], call["function"]) for call in calls] == [
        ("a", {"name": "find", "arguments": '{"order": 7}'}),
        ("b", {"name": "ship", "arguments": "{}"}),
    ]


def test_several_choices_stay_apart_and_in_order():
    response = assemble(
        sse(chunk({"content": "b"}, index=1), chunk({"content": "a"}), chunk({"content": "B"}, index=1))
    )
    assert [choice["message"]["content"] for choice in response["choices"]] == ["a", "bB"]


def test_a_stream_that_broke_off_gives_what_came():
    response = assemble(sse(chunk({"content": "half an ans"}), done=False) + 'data: {"choices": [{"del')
    assert response["choices"][0] == {
        "index": 0,
        "finish_reason": None,
        "message": {"role": "assistant", "content": "half an ans"},
    }
    assert response["unparsed"] == ['{"choices": [{"del']


def test_an_error_event_stands_beside_what_came_before():
    response = assemble(sse(chunk({"content": "a"}), {"error": {"message": "overloaded"}}))
    assert response["error"] == {"message": "overloaded"}
    assert response["choices"][0]["message"]["content"] == "a"


def test_the_older_completions_api_is_put_together_too():
    chunks = [{"object": "text_completion", "choices": [{"index": 0, "text": text}]} for text in ("one ", "two")]
    assert assemble(sse(*chunks))["choices"][0]["text"] == "one two"


def test_a_character_that_was_cut_in_half_is_whole_again():
    response = assemble(sse(chunk({"content": "\ud83d"}), chunk({"content": "\ude00"})))
    assert response["choices"][0]["message"]["content"] == "\ud83d\ude00"


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda x: (
                st.lists(x)
                | st.dictionaries(
                    st.sampled_from(
                        ["choices", "delta", "content", "tool_calls", "index", "function", "message", "object"]
                    ),
                    x,
                )
                | st.fixed_dictionaries(
                    {"type": st.sampled_from(TYPES)},
                    optional=dict.fromkeys(("delta", "message", "response", "item", "content_block", "usage"), x),
                )
            ),
            max_leaves=8,
        ),
        max_size=5,
    )
)
def test_no_json_whatsoever_breaks_it(chunks):
    assert isinstance(assemble(sse(*chunks)), dict)


@given(st.text())
def test_no_text_whatsoever_breaks_it(text):
    assert isinstance(assemble(text), dict)


def typed(*events: dict) -> str:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


def test_a_messages_stream_becomes_its_message():
    stream = typed(
        {"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Let me "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "look."}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "name": "tide", "input": {}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"port":'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '"Oslo"}'}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"},
    )
    message = assemble(stream)
    assert (message["id"], message["stop_reason"]) == ("msg_1", "tool_use")
    assert message["usage"] == {"input_tokens": 9, "output_tokens": 4}
    assert [block.get("text", block.get("input")) for block in message["content"]] == [
        "Let me look.",
        '{"port":"Oslo"}',
    ]
    (said,) = answered(message)
    assert (said.text, said.tool_calls[0].name) == ("Let me look.", "tide")


def test_a_responses_stream_becomes_its_response_even_when_it_broke_off():
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Ahoy."}]}
    begun = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}}
    done = {"type": "response.output_item.done", "item": item}
    assert assemble(typed(begun, done)) == {"id": "resp_1", "status": "in_progress", "output": [item]}
    whole = {"id": "resp_1", "status": "completed", "output": [item]}
    assert assemble(typed(begun, done, {"type": "response.completed", "response": whole})) == whole


def test_an_error_event_of_a_typed_stream_is_the_error():
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Too many ships."}}
    assert assemble(typed(overloaded)) == {"error": overloaded["error"]}
