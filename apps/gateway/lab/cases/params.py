"""What a request says reaches the provider, or the caller is told that it doesn't (26, 37)."""

import base64
import json
from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import openai_error
from apps.gateway.lab.checks import equal, expect, shortened
from apps.gateway.lab.texts import UNKNOWN
from apps.gateway.lab.trial import Trial

group = Group("Parameters and media")
case = group.case

PIXELS = base64.b64encode(bytes(range(256)) * 4096).decode()  # 1 MB
SCHEMA = {"type": "json_schema", "json_schema": {"name": "lab", "schema": {"type": "object"}, "strict": True}}
TOOL = {"type": "function", "function": {"name": "lab_tool", "parameters": {"type": "object", "properties": {}}}}


def _sent(trial: Trial) -> dict[str, Any]:
    """The body as the provider got it."""
    found = json.loads(trial.seen[-1].asked.body)
    return found if isinstance(found, dict) else {}


@case("max-tokens", 26, "max_tokens and max_completion_tokens reach the provider as they are")
async def max_tokens(trial: Trial) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        asked: dict[str, Any] = {name: 17}
        await trial.good(trial.chat(**asked))
        equal(
            {key: value for key, value in _sent(trial).items() if key.startswith("max_")}, {name: 17}, "what was sent"
        )


@case("max-tokens-translated", 26, "Both become Anthropic's max_tokens")
async def max_tokens_translated(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    for name in ("max_tokens", "max_completion_tokens"):
        asked: dict[str, Any] = {name: 17}
        await trial.good(trial.chat(model=model, **asked))
        equal(_sent(trial).get("max_tokens"), 17, f"max_tokens, made of {name}")


@case("unsupported", 26, "What a provider can't do is refused, or the answer says what was dropped", "It is dropped.")
async def unsupported(trial: Trial) -> None:
    answer = await trial.ask(trial.chat(model=trial.told("anthropic_model"), logprobs=True, n=2))
    if answer.status == 200:
        told = [name for name, value in answer.headers if "logprobs" in value]
        expect(told, "logprobs and n were dropped without a word")
    else:
        openai_error(answer, 400, 422)


@case("members-through", 26, "Known and unknown members reach the provider unchanged", "Unknown ones are dropped.")
async def members(trial: Trial) -> None:
    wanted: dict[str, Any] = {
        "seed": 7, "stop": ["a", "b"], "temperature": 0.25, "response_format": SCHEMA, "tools": [TOOL],
        "tool_choice": "auto", "parallel_tool_calls": False, "reasoning_effort": "low", **UNKNOWN,
    }  # fmt: skip
    await trial.good(trial.chat(**wanted))
    sent = _sent(trial)
    for name, value in wanted.items():
        equal(sent.get(name), value, name)


@case("numbers-through", 26, "Numbers keep their value", "1e-7 and large integers pass through a float.")
async def numbers(trial: Trial) -> None:
    await trial.good(trial.chat(seed=9_007_199_254_740_993, lab_small=1e-7))
    equal(_sent(trial).get("seed"), 9_007_199_254_740_993, "seed")
    equal(_sent(trial).get("lab_small"), 1e-7, "a small number")


@case("text-through", 26, "Text keeps every character", "Emoji or NUL are lost, or become a 500.")
async def text(trial: Trial) -> None:
    strange = "\u0000 \u2028 é 🛟 \U0001f468\u200d\U0001f469 \u200f\u05e2\u05d1"
    turns = [{"role": "system", "content": strange}, {"role": "user", "content": trial.marker()}]
    await trial.good(trial.chat(messages=turns))
    equal(_sent(trial)["messages"][0]["content"], strange, "the text at the provider")


@case("cache-control", 26, "Prompt-cache markers stay where they are", "cache_control is dropped, and paid for.")
async def cache_control(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    part = {"type": "text", "text": trial.marker(), "cache_control": {"type": "ephemeral"}}
    await trial.good(trial.chat(model=model, messages=[{"role": "user", "content": [part]}]))
    content = _sent(trial)["messages"][-1]["content"]
    equal(content[-1].get("cache_control"), {"type": "ephemeral"}, "the marker at the provider")


@case("image", 37, "An image of a megabyte arrives byte by byte as it was")
async def image(trial: Trial) -> None:
    url = f"data:image/png;base64,{PIXELS}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": trial.marker()}]
    await trial.good(trial.chat(messages=[{"role": "user", "content": parts}]))
    content = _sent(trial)["messages"][0]["content"]
    expect(content == parts, f"the parts at the provider: {shortened(str(content))}")


@case("image-translated", 37, "Anthropic gets the same image in its own shape")
async def image_translated(trial: Trial) -> None:
    url = f"data:image/png;base64,{PIXELS}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": trial.marker()}]
    model = trial.told("anthropic_model")
    await trial.good(trial.chat(model=model, messages=[{"role": "user", "content": parts}]))
    source = _sent(trial)["messages"][0]["content"][0].get("source") or {}
    equal((source.get("media_type"), source.get("data") == PIXELS), ("image/png", True), "media type and equal bytes")


@case("audio", 37, "An audio part arrives as it was")
async def audio(trial: Trial) -> None:
    part = {"type": "input_audio", "input_audio": {"data": PIXELS[:1000], "format": "wav"}}
    parts = [part, {"type": "text", "text": trial.marker()}]
    await trial.good(trial.chat(messages=[{"role": "user", "content": parts}]))
    equal(_sent(trial)["messages"][0]["content"][0], part, "the part at the provider")
