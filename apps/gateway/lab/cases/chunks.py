"""What chunks and messages carry (7 to 10)."""

from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import choices_of, deltas_of, joined, message_of, whole_chat_stream
from apps.gateway.lab.checks import Failed, equal, expect
from apps.gateway.lab.client import Answer
from apps.gateway.lab.texts import REASONING, REFUSAL, UNKNOWN, arguments_of
from apps.gateway.lab.trial import Trial

group = Group("Chunks and messages")
case = group.case

TWO_TOOLS = {"tools": 2}


@case("chunk-role", 7, "The first delta carries the role, and only the first")
async def role(trial: Trial) -> None:
    first, *rest = deltas_of(await trial.good(trial.chat(stream=True)))
    equal(first.get("role"), "assistant", "the role in the first delta")
    expect(not any(delta.get("role") for delta in rest), "a role in a later delta")


@case("chunk-role-translated", 7, "The same where the provider speaks Anthropic's dialect")
async def role_translated(trial: Trial) -> None:
    first, *rest = deltas_of(await trial.good(trial.chat(stream=True, model=trial.told("anthropic_model"))))
    equal(first.get("role"), "assistant", "the role in the first delta")
    expect(not any(delta.get("role") for delta in rest), "a role in a later delta")


@case("chunk-stable", 7, "id, created and model stay the same in all chunks", "Each chunk gets an id of its own.")
async def stable(trial: Trial) -> None:
    _stable(await trial.good(trial.chat(stream=True)))


@case("chunk-stable-translated", 7, "The same where the provider speaks Anthropic's dialect")
async def stable_translated(trial: Trial) -> None:
    answer = await trial.good(trial.chat(stream=True, model=trial.told("anthropic_model")))
    _stable(answer)
    whole_chat_stream(answer, trial.words)


@case("tools-plain", 8, "Tool calls arrive whole, their arguments as the text that the model wrote")
async def tools_plain(trial: Trial) -> None:
    calls = message_of(await trial.good(trial.chat("good", TWO_TOOLS))).get("tool_calls") or []
    equal([(call["id"], call["function"]) for call in calls], _wanted(trial), "the tool calls")


@case("tools-interleaved", 8, "Fragments of two calls at a time stay apart", "All come with index 0, or most get lost.")
async def tools_interleaved(trial: Trial) -> None:
    _right_tools(trial, await trial.good(trial.chat("good", TWO_TOOLS, stream=True)))


@case("tools-translated", 8, "The same where the provider speaks Anthropic's dialect")
async def tools_translated(trial: Trial) -> None:
    answer = await trial.good(trial.chat("good", TWO_TOOLS, stream=True, model=trial.told("anthropic_model")))
    _right_tools(trial, answer)


@case("tools-no-index", 8, "A provider that numbers no calls loses none of their fragments")
async def tools_without_index(trial: Trial) -> None:
    options = {**TWO_TOOLS, "index": "missing", "order": "serial"}
    _nothing_lost(trial, await trial.good(trial.chat("good", options, stream=True)))


@case("tools-index-zero", 8, "Nor does one that gives all of them the number 0")
async def tools_all_zero(trial: Trial) -> None:
    options = {**TWO_TOOLS, "index": "zero", "order": "serial"}
    _nothing_lost(trial, await trial.good(trial.chat("good", options, stream=True)))


@case("finish-tool-calls", 9, "finish_reason is tool_calls, streamed or not", "`stop` ends the agent's loop.")
async def finish_reason(trial: Trial) -> None:
    plain = await trial.good(trial.chat("good", TWO_TOOLS))
    equal(plain.json["choices"][0].get("finish_reason"), "tool_calls", "the finish_reason of the whole answer")
    equal(_finishes(await trial.good(trial.chat("good", TWO_TOOLS, stream=True))), ["tool_calls"], "the stream's")


@case("finish-translated", 9, "The same where the provider speaks Anthropic's dialect")
async def finish_translated(trial: Trial) -> None:
    model = trial.told("anthropic_model")
    answer = await trial.good(trial.chat("good", TWO_TOOLS, stream=True, model=model))
    equal(_finishes(answer), ["tool_calls"], "the finish_reason")


@case("choices", 10, "Two choices stay two, streamed or not")
async def two_choices(trial: Trial) -> None:
    plain = await trial.good(trial.chat(n=2))
    equal([message_of(plain, at).get("content") for at in (0, 1)], [trial.words] * 2, "the texts")
    streamed = await trial.good(trial.chat(n=2, stream=True))
    equal([joined(streamed, index=at) for at in (0, 1)], [trial.words] * 2, "the streamed texts")


@case("logprobs", 10, "Log probabilities come through, streamed or not")
async def logprobs(trial: Trial) -> None:
    plain = await trial.good(trial.chat(logprobs=True))
    equal(_tokens(plain.json["choices"]), trial.words, "the tokens with log probabilities")
    streamed = await trial.good(trial.chat(logprobs=True, stream=True))
    equal(_tokens(choices_of(streamed)), trial.words, "the streamed tokens with log probabilities")


@case("refusal", 10, "A refusal comes through, streamed or not")
async def refusal(trial: Trial) -> None:
    plain = await trial.good(trial.chat("good", {"refusal": 1}))
    equal(message_of(plain).get("refusal"), REFUSAL, "the refusal")
    streamed = await trial.good(trial.chat("good", {"refusal": 1}, stream=True))
    equal(joined(streamed, "refusal"), REFUSAL, "the streamed refusal")


@case("reasoning", 10, "Reasoning comes through, streamed or not")
async def reasoning(trial: Trial) -> None:
    wanted = "".join(REASONING)
    plain = await trial.good(trial.chat("good", {"reasoning": 1}))
    equal(message_of(plain).get("reasoning_content"), wanted, "the reasoning")
    streamed = await trial.good(trial.chat("good", {"reasoning": 1}, stream=True))
    equal(joined(streamed, "reasoning_content"), wanted, "the streamed reasoning")


@case("unknown-members", 10, "Members that nobody knows yet come through in answers", "Typed models drop them.")
async def unknown_members(trial: Trial) -> None:
    plain = await trial.good(trial.chat("good", {"extra": 1}))
    equal(message_of(plain).get("lab_extra"), UNKNOWN["lab_extra"], "the unknown member of the message")
    streamed = await trial.good(trial.chat("good", {"extra": 1}, stream=True))
    found = [delta for delta in deltas_of(streamed) if "lab_extra" in delta]
    expect(found, "the unknown member of the deltas is lost")


@case("whole-answer", 10, "A whole answer says what the provider said")
async def whole(trial: Trial) -> None:
    answer = await trial.good(trial.chat())
    equal(message_of(answer).get("content"), trial.words, "the text")
    equal(answer.json.get("object"), "chat.completion", "the object")


def _stable(answer: Answer) -> None:
    seen = {(chunk.get("id"), chunk.get("created"), chunk.get("model")) for chunk in answer.data}
    expect(len(seen) == 1, f"{len(seen)} different combinations of id, created and model")
    expect(all(seen.pop()), "an empty id, created or model")


def _wanted(trial: Trial) -> list[tuple[str, dict[str, str]]]:
    names = range(2)
    return [(f"call_{trial.nonce}_{at}", {"name": f"lab_tool_{at}", "arguments": arguments_of(at)}) for at in names]


def _fragments(answer: Answer) -> list[dict[str, Any]]:
    return [part for delta in deltas_of(answer) for part in delta.get("tool_calls") or ()]


def _right_tools(trial: Trial, answer: Answer) -> None:
    calls: dict[int, tuple[str, dict[str, str]]] = {}
    for part in _fragments(answer):
        function = part.get("function") or {}
        if part.get("index") is None:
            raise Failed("a fragment of a tool call without an index")
        if part["index"] not in calls:
            calls[part["index"]] = (part.get("id") or "", {"name": function.get("name") or "", "arguments": ""})
        else:
            expect(not part.get("id") and not function.get("name"), "id or name of a call again in a later fragment")
        calls[part["index"]][1]["arguments"] += function.get("arguments") or ""
    equal(sorted(calls), [0, 1], "the indexes")
    equal([calls[0], calls[1]], _wanted(trial), "the tool calls")


def _nothing_lost(trial: Trial, answer: Answer) -> None:
    parts = _fragments(answer)
    equal([part["id"] for part in parts if part.get("id")], [call for call, _ in _wanted(trial)], "the ids, in order")
    text = "".join((part.get("function") or {}).get("arguments") or "" for part in parts)
    equal(text, arguments_of(0) + arguments_of(1), "all arguments, in order")
    equal(answer.dones, 1, "the number of [DONE]s")


def _finishes(answer: Answer) -> list[str]:
    return [choice["finish_reason"] for choice in choices_of(answer) if choice.get("finish_reason")]


def _tokens(choices: list[dict[str, Any]]) -> str:
    listed = [(choice.get("logprobs") or {}).get("content") or [] for choice in choices]
    return "".join(one["token"] for tokens in listed for one in tokens)
