"""Anthropic's Messages API (31)."""

import json
from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import anthropic_error
from apps.gateway.lab.checks import equal, expect
from apps.gateway.lab.client import Answer
from apps.gateway.lab.texts import REASONING, SIGNATURE, arguments_of
from apps.gateway.lab.trial import Trial

group = Group("Messages API")
case = group.case

EPHEMERAL = {"type": "ephemeral"}
TOOL = {"name": "lab_tool_0", "description": "A tool.", "input_schema": {"type": "object"}, "cache_control": EPHEMERAL}
THINKING = {"type": "thinking", "thinking": "First the tide.", "signature": SIGNATURE}


@case("messages", 31, "/v1/messages takes x-api-key and answers with a message")
async def plain(trial: Trial) -> None:
    answer = await trial.good(trial.message())
    equal((answer.json.get("type"), answer.json.get("role")), ("message", "assistant"), "type and role")
    equal(_text(answer.json), trial.words, "the text")
    equal(answer.json.get("stop_reason"), "end_turn", "the stop_reason")


@case("messages-bearer", 31, "It takes a bearer key as well")
async def bearer(trial: Trial) -> None:
    request = trial.message().with_headers(x_api_key="", authorization=f"Bearer {trial.target.key}")
    await trial.good(request)


@case("messages-events", 31, "A stream has Anthropic's events in their order", "No ping; blocks without a stop.")
async def events(trial: Trial) -> None:
    answer = await trial.good(trial.message(stream=True))
    names = [event.event for event in answer.events if event.event != "ping"]
    equal(names[:2], ["message_start", "content_block_start"], "the first events")
    equal(names[-3:], ["content_block_stop", "message_delta", "message_stop"], "the last events")
    equal([event.event for event in answer.events], [event["type"] for event in answer.data], "event lines and types")
    equal(_streamed(answer, "text"), trial.words, "the streamed text")
    equal(answer.dones, 0, "the number of [DONE]s, which this API does not have")


@case("messages-usage", 31, "message_start and message_delta carry the usage")
async def usage(trial: Trial) -> None:
    answer = await trial.good(trial.message("good", {"fresh": 21, "output": 11}, stream=True))
    by_name = {event["type"]: event for event in answer.data}
    told = {**(by_name["message_start"]["message"].get("usage") or {}), **(by_name["message_delta"].get("usage") or {})}
    equal((told.get("input_tokens"), told.get("output_tokens")), (21, 11), "the usage")


@case("messages-version", 31, "anthropic-version and anthropic-beta reach the provider; the caller's key does not")
async def version(trial: Trial) -> None:
    trial.told("anthropic_model")
    await trial.good(trial.message().with_headers(anthropic_beta="lab-beta-1"))
    headers = dict(trial.seen[0].asked.headers)
    equal(headers.get("anthropic-version"), "2023-06-01", "anthropic-version")
    equal(headers.get("anthropic-beta"), "lab-beta-1", "anthropic-beta")
    expect(headers.get("x-api-key") != trial.target.key, "the caller's key reaches the provider")


@case("messages-thinking", 31, "Signed thinking goes there and comes back unchanged", "The signature is lost.")
async def thinking(trial: Trial) -> None:
    trial.told("anthropic_model")
    turns = [
        {"role": "user", "content": "Ahoy"},
        {"role": "assistant", "content": [THINKING, {"type": "text", "text": "Aye"}]},
        {"role": "user", "content": trial.marker("good", {"reasoning": 1})},
    ]
    answer = await trial.good(trial.message(messages=turns))
    equal(_sent(trial)["messages"][1]["content"][0], THINKING, "the thinking at the provider")
    block = {"type": "thinking", "thinking": "".join(REASONING), "signature": SIGNATURE}
    equal(answer.json["content"][0], block, "the thinking in the answer")


@case("messages-thinking-stream", 31, "So it does in a stream")
async def thinking_stream(trial: Trial) -> None:
    trial.told("anthropic_model")
    answer = await trial.good(trial.message("good", {"reasoning": 1}, stream=True))
    equal(_streamed(answer, "thinking"), "".join(REASONING), "the streamed thinking")
    equal(_streamed(answer, "signature"), SIGNATURE, "the streamed signature")


@case("messages-cache-control", 31, "cache_control stays on tools and blocks", "Tools lose it, and are paid in full.")
async def cache_control(trial: Trial) -> None:
    trial.told("anthropic_model")
    block = {"type": "text", "text": trial.marker(), "cache_control": EPHEMERAL}
    await trial.good(trial.message(messages=[{"role": "user", "content": [block]}], tools=[TOOL]))
    equal(_sent(trial)["tools"], [TOOL], "the tools at the provider")
    equal(_sent(trial)["messages"][0]["content"], [block], "the blocks at the provider")


@case("messages-tools", 31, "Tool calls come as tool_use blocks", "Their input is a string, or empty.")
async def tools(trial: Trial) -> None:
    answer = await trial.good(trial.message("good", {"tools": 2}))
    calls = [block for block in answer.json["content"] if block["type"] == "tool_use"]
    equal([call["input"] for call in calls], [json.loads(arguments_of(at)) for at in range(2)], "the inputs")
    equal(answer.json.get("stop_reason"), "tool_use", "the stop_reason")


@case("messages-translated", 31, "The same API in front of a provider that speaks OpenAI's dialect")
async def translated(trial: Trial) -> None:
    answer = await trial.good(trial.message(model=trial.target.model, stream=True))
    equal(_streamed(answer, "text"), trial.words, "the streamed text")
    equal([event.event for event in answer.events][-1:], ["message_stop"], "the last event")


@case("messages-tools-translated", 31, "Interleaved tool calls of OpenAI's dialect become blocks one after another")
async def tools_translated(trial: Trial) -> None:
    answer = await trial.good(trial.message("good", {"tools": 2}, model=trial.target.model, stream=True))
    inputs: dict[int, str] = {}
    for event in answer.data:
        if event["type"] == "content_block_delta" and event["delta"]["type"] == "input_json_delta":
            inputs[event["index"]] = inputs.get(event["index"], "") + event["delta"]["partial_json"]
    wanted = [json.loads(arguments_of(at)) for at in range(2)]
    equal([json.loads(text) for _, text in sorted(inputs.items())], wanted, "the inputs of the blocks")


@case("messages-count-tokens", 31, "/v1/messages/count_tokens counts")
async def count_tokens(trial: Trial) -> None:
    trial.told("anthropic_model")
    request = trial.message()
    body = {name: value for name, value in json.loads(request.body).items() if name != "max_tokens"}
    counting = trial.post("messages/count_tokens", body).with_headers(
        **{"authorization": "", **{name: value for name, value in request.headers.items() if name != "content-length"}}
    )
    answer = await trial.good(counting)
    expect(isinstance(answer.json.get("input_tokens"), int), f"no input_tokens in {answer}")


@case("messages-error", 31, "Errors have Anthropic's shape", "OpenAI's shape, which its SDK can't read.")
async def error(trial: Trial) -> None:
    anthropic_error(await trial.ask(trial.message("status", {"code": 400})), 400)
    anthropic_error(await trial.ask(trial.message().with_headers(x_api_key="sk-nobody")), 401)
    anthropic_error(await trial.ask(trial.message(max_tokens="many")), 400)


@case("messages-error-first", 31, "An error as the first event has its real status")
async def error_first(trial: Trial) -> None:
    answer = await trial.ask(trial.message("error-first", {"code": 529}, stream=True))
    anthropic_error(answer, 429, 500, 502, 503, 529)


def _sent(trial: Trial) -> dict[str, Any]:
    found = json.loads(trial.seen[-1].asked.body)
    return found if isinstance(found, dict) else {}


def _text(message: dict[str, Any]) -> str:
    return "".join(block.get("text") or "" for block in message.get("content") or () if block.get("type") == "text")


def _streamed(answer: Answer, member: str) -> str:
    deltas = [event["delta"] for event in answer.data if event.get("type") == "content_block_delta"]
    return "".join(delta.get(member) or "" for delta in deltas)
