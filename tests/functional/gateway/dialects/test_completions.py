"""Applications that still speak the legacy completions API."""

from openai import OpenAI

from tests.helpers.calling import Caller
from tests.helpers.mock_provider import Asked, MockProvider, close_stream, event, fails, open_stream
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of

PATH = "/v1/completions"
HEAD = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "acme-large"}
USAGE = {"prompt_tokens": 6, "completion_tokens": 2, "total_tokens": 8}


async def base_model(asked: Asked, writer) -> None:
    if not asked.body.get("stream"):
        choice = {"text": " there", "index": 0, "logprobs": None, "finish_reason": "length"}
        return await fails(200, HEAD | {"choices": [choice], "usage": USAGE})(asked, writer)
    await open_stream(writer)
    for text, reason in ((" the", None), ("re", "length")):
        choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": reason}
        await event(writer, HEAD | {"choices": [choice]})
    if asked.body.get("stream_options", {}).get("include_usage"):
        await event(writer, HEAD | {"choices": [], "usage": USAGE})
    await event(writer, "[DONE]")
    return await close_stream(writer)


def test_a_model_that_completes_texts_is_asked_to(openai: OpenAI, provider: MockProvider) -> None:
    provider.behave("acme-large", base_model)
    answer = openai.completions.create(model="helper", prompt="Ahoy", suffix="!", max_tokens=2)
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == (" there", "length")
    (asked,) = provider.asked
    assert (asked.path, asked.body["suffix"]) == (PATH, "!")


def test_usage_is_learnt_and_shown_only_to_those_who_asked(
    openai: OpenAI, caller: Caller, provider: MockProvider, gateway_process: ServerProcess
) -> None:
    provider.behave("acme-large", base_model)
    answer = caller.post({"model": "helper", "prompt": "Ahoy", "stream": True}, path=PATH)
    assert "".join(chunk["choices"][0]["text"] for chunk in answer.events[:-1]) == " there"
    assert answer.events[-1] == "[DONE]"
    labels = entry_of(gateway_process.spool, answer.trace_id).attributes
    assert (labels["gen_ai.usage.input_tokens"], labels["gen_ai.operation.name"]) == (6, "text_completion")
    options = {"include_usage": True}
    *_, last = openai.completions.create(model="helper", prompt="Ahoy", stream=True, stream_options=options)
    assert last.usage.total_tokens == 8


def test_a_chat_model_completes_by_answering(openai: OpenAI, provider: MockProvider) -> None:
    whole = openai.completions.create(model="support", prompt="Ahoy")
    pieces = openai.completions.create(model="support", prompt="Ahoy", stream=True)
    assert whole.choices[0].text == "".join(piece.choices[0].text for piece in pieces) == "Ahoy there."
    assert (whole.object, whole.usage.total_tokens) == ("text_completion", 34)
    assert provider.asked[0].path == "/v1/chat/completions"
