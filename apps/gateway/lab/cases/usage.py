"""Token counts (5, 6, 32)."""

from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import joined, message_of, whole_chat_stream
from apps.gateway.lab.checks import Failed, equal, expect, shortened
from apps.gateway.lab.client import Answer
from apps.gateway.lab.trial import Trial

group = Group("Usage")
case = group.case

COUNTED = {"fresh": 20, "cached": 100, "written": 7, "output": 11}
ASKS = {"include_usage": True}


@case("usage-last-chunk", 5, "Asked for, usage comes in a last chunk without choices", "It comes in the finishing one.")
async def last_chunk(trial: Trial) -> None:
    answer = await trial.good(trial.chat("good", COUNTED, stream=True, stream_options=ASKS))
    *before, last = answer.data
    equal(last.get("choices"), [], "the last chunk's choices")
    equal(_counts(last), (127, 11, 138), "the usage")
    expect(all(chunk.get("usage") is None for chunk in before), "usage in a chunk before the last")
    expect(all(chunk.get("choices") for chunk in before), "a chunk without choices before the last")


@case("usage-stripped", 5, "Not asked for, usage does not come, although the gateway asks for it itself")
async def stripped(trial: Trial) -> None:
    answer = await trial.good(trial.chat(stream=True))
    whole_chat_stream(answer, trial.words)
    expect(all(chunk.get("choices") for chunk in answer.data), "a chunk without choices that nobody asked for")
    expect(not any(chunk.get("usage") for chunk in answer.data), "usage that nobody asked for")


@case("usage-injected", 5, "The provider is asked for usage in any case", "Streams are billed at zero.")
async def injected(trial: Trial) -> None:
    await trial.good(trial.chat(stream=True))
    body = trial.seen[0].asked.body
    asks = b'"include_usage":true' in body.replace(b" ", b"")
    expect(asks, f"the provider was not asked for usage: {shortened(body.decode())}")


@case("usage-plain", 5, "A whole answer carries its usage unchanged")
async def plain(trial: Trial) -> None:
    answer = await trial.good(trial.chat("good", COUNTED))
    equal(_counts(answer.json), (127, 11, 138), "the usage")


@case("usage-missing", 6, "A provider that tells no usage breaks nothing", "A missing member becomes a 500.")
async def missing(trial: Trial) -> None:
    answer = await trial.good(trial.chat("good", {"usage": "none"}))
    equal(message_of(answer).get("content"), trial.words, "the text")


@case("usage-missing-stream", 6, "A stream without the usage that was asked for ends well")
async def missing_in_stream(trial: Trial) -> None:
    answer = await trial.good(trial.chat("good", {"usage": "none"}, stream=True, stream_options=ASKS))
    whole_chat_stream(answer, trial.words)


@case("usage-nonsense", 6, "Counts that are no counts don't cost the answer", "Arithmetic on them fails the request.")
async def nonsense(trial: Trial) -> None:
    answer = await trial.good(trial.chat("bad-usage"))
    equal(message_of(answer).get("content"), trial.words, "the text")


@case("usage-nonsense-stream", 6, "The same in a stream")
async def nonsense_in_stream(trial: Trial) -> None:
    answer = await trial.good(trial.chat("bad-usage", stream=True, stream_options=ASKS))
    equal(joined(answer), trial.words, "the streamed text")
    equal(answer.dones, 1, "the number of [DONE]s")


@case("usage-anthropic-as-openai", 32, "OpenAI's prompt_tokens include what Anthropic counts beside its input")
async def anthropic_as_openai(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    answer = await trial.good(trial.chat("good", COUNTED, model=model))
    equal(_counts(answer.json), (127, 11, 138), "the usage")
    details = answer.json["usage"].get("prompt_tokens_details") or {}
    equal(details.get("cached_tokens"), 100, "the cached tokens")


@case("usage-anthropic-stream-as-openai", 32, "The same in a stream")
async def anthropic_stream_as_openai(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    answer = await trial.good(trial.chat("good", COUNTED, model=model, stream=True, stream_options=ASKS))
    equal(_counts(answer.data[-1]), (127, 11, 138), "the usage of the last chunk")


@case("usage-openai-as-anthropic", 32, "Anthropic's input_tokens leave out what was cached")
async def openai_as_anthropic(trial: Trial) -> None:
    options = {"fresh": 20, "cached": 100, "output": 11}
    answer = await trial.good(trial.message("good", options, model=trial.target.model))
    equal(_anthropic_counts(answer), (20, 100, 11), "input, cache-read and output tokens")


def _usage(found: dict[str, Any]) -> dict[str, Any]:
    usage = found.get("usage")
    if not isinstance(usage, dict):
        raise Failed(f"no usage in {shortened(str(found))}")
    return usage


def _counts(found: dict[str, Any]) -> tuple[Any, ...]:
    usage = _usage(found)
    return tuple(usage.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))


def _anthropic_counts(answer: Answer) -> tuple[Any, ...]:
    usage = _usage(answer.json)
    return tuple(usage.get(name) for name in ("input_tokens", "cache_read_input_tokens", "output_tokens"))
