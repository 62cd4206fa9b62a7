"""Gemini's answers as chat completions."""

import json

import pytest

from apps.serving.providers import ProviderError, Usage, observe_body
from apps.serving.providers.gemini import Gemini
from tests.unit.serving.providers.calls import call, chat, numbers

ADAPTER = Gemini(now=lambda: 1_770_000_000.9)
CALL = call(chat(), upstream_model="gemini-x")


def candidate(*parts, finish="STOP", index=0, **more):
    return {"index": index, "content": {"role": "model", "parts": list(parts)}, "finishReason": finish, **more}


def answer(*candidates, **more):
    return {
        "candidates": list(candidates),
        "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
        "modelVersion": "gemini-x-001",
        "responseId": "r-1",
        **more,
    }


def translated(body):
    return json.loads(ADAPTER.plain(json.dumps(body).encode(), CALL))


def test_a_text_answer_is_a_chat_completion():
    assert translated(answer(candidate({"text": "Hel"}, {"text": "lo é"}))) == {
        "id": "r-1",
        "object": "chat.completion",
        "created": 1_770_000_000,
        "model": "gemini-x-001",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello é", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "total_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            "provider_usage": {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7},
        },
    }


def test_thoughts_calls_and_images_have_their_places():
    parts = [
        {"text": "hm", "thought": True},
        {"functionCall": {"name": "find", "args": {"q": "a"}, "id": "f1"}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "now"}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
    ]
    (choice,) = translated(answer(candidate(*parts)))["choices"]
    message = choice["message"]
    assert choice["finish_reason"] == "tool_calls"
    assert (message["content"], message["reasoning_content"]) == (None, "hm")
    first, second = message["tool_calls"]
    assert first == {
        "id": "f1",
        "type": "function",
        "function": {"name": "find", "arguments": '{"q": "a"}'},
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }
    assert second["id"].startswith("call_")
    assert second["function"] == {"name": "now", "arguments": "{}"}
    assert message["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}]


def test_several_candidates_are_several_choices():
    found = translated(answer(candidate({"text": "a"}), candidate({"text": "b"}, index=1, finish="MAX_TOKENS")))
    shown = [(choice["index"], choice["message"]["content"], choice["finish_reason"]) for choice in found["choices"]]
    assert shown == [(0, "a", "stop"), (1, "b", "length")]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"), ("SPII", "content_filter"), ("BLOCKLIST", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"), ("OTHER", "stop"), ("MALFORMED_FUNCTION_CALL", "stop"),
    ],
)  # fmt: skip
def test_every_finish_reason_has_its_counterpart(reason, finish):
    body = answer({"finishReason": reason})
    (choice,) = translated(body)["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == (finish, "")


def test_probabilities_have_openais_shape():
    result = {
        "chosenCandidates": [{"token": "Hé", "tokenId": 1, "logProbability": -0.5}],
        "topCandidates": [
            {"candidates": [{"token": "Hé", "logProbability": -0.5}, {"token": "Ha", "logProbability": -2}]}
        ],
    }
    (choice,) = translated(answer(candidate({"text": "Hé"}, logprobsResult=result)))["choices"]
    hé = {"token": "Hé", "logprob": -0.5, "bytes": [72, 195, 169]}
    ha = {"token": "Ha", "logprob": -2.0, "bytes": [72, 97]}
    assert choice["logprobs"] == {"content": [{**hé, "top_logprobs": [hé, ha]}], "refusal": None}


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        (  # thoughts stand beside the candidates, and the total holds both
            {"promptTokenCount": 34, "candidatesTokenCount": 418, "thoughtsTokenCount": 438, "totalTokenCount": 890},
            Usage(prompt_tokens=34, completion_tokens=856, reasoning_tokens=438),
        ),
        (  # cached tokens are a part of the prompt's
            {
                "promptTokenCount": 9660,
                "candidatesTokenCount": 7,
                "totalTokenCount": 9667,
                "cachedContentTokenCount": 9651,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 9402},
                    {"modality": "IMAGE", "tokenCount": 258},
                ],
            },
            Usage(prompt_tokens=9660, completion_tokens=7, cached_tokens=9651, image_prompt_tokens=258),
        ),
        (  # what tools brought in is counted on its own
            {
                "promptTokenCount": 1000,
                "candidatesTokenCount": 120,
                "thoughtsTokenCount": 75,
                "toolUsePromptTokenCount": 5,
                "totalTokenCount": 1200,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 900}],
                "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
            },
            Usage(
                prompt_tokens=1005,
                completion_tokens=195,
                audio_prompt_tokens=900,
                reasoning_tokens=75,
                audio_completion_tokens=20,
            ),
        ),
    ],
)
def test_the_usage_holds_everything_and_adds_up_to_geminis_total(counted, expected):
    body = ADAPTER.plain(json.dumps(answer(candidate({"text": "a"}), usageMetadata=counted)).encode(), CALL)
    usage = observe_body(body).usage
    assert numbers(usage) == expected
    assert usage.raw == counted
    assert json.loads(body)["usage"]["total_tokens"] == counted["totalTokenCount"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}', 400, "content_filter"),
        (b'{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}', 429, "resource_exhausted"),
        (b"{}", 502, None),
        (b"<html>", 502, None),
        (b"[" * 100_000, 502, None),
        (b'{"candidates": 7}', 502, None),
    ],
    ids=["blocked", "error", "empty", "html", "deep", "odd"],
)
def test_a_blocked_prompt_an_error_and_what_can_not_be_read_are_errors(body, status, code):
    with pytest.raises(ProviderError) as failure:
        ADAPTER.plain(body, CALL)
    assert (failure.value.status, failure.value.code) == (status, code)


def test_without_names_of_its_own_an_answer_has_the_callers_model_and_a_new_id():
    found = translated({"candidates": [candidate({"text": "a"})]})
    assert found["model"] == "gemini-x"
    assert found["id"].startswith("chatcmpl-")
    assert found["usage"] is None
