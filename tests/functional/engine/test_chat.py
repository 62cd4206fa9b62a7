"""The protocol as clients see it: the official client's calls, streams byte by byte, and refusals."""

import concurrent.futures
import json

import openai
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

QUESTIONS = ["moor", "Where is the kettle? " * 3, "港口的风", "three reefs", "⚓", "a", "ab " * 40, "écluse"]
WANDERER = {"model": "wanderer", "temperature": 0}


def ask(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "You are a winch."}, {"role": "user", "content": text}]


@pytest.fixture(scope="module")
def reference(folder):
    """Greedy text and prompt length by transformers itself."""
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    module = AutoModelForCausalLM.from_pretrained(folder)

    def answer(text: str, tokens: int) -> tuple[str, int]:
        inputs = tokenizer.apply_chat_template(ask(text), add_generation_prompt=True, return_tensors="pt")
        output = module.generate(**inputs, do_sample=False, max_new_tokens=tokens)
        length = inputs["input_ids"].shape[1]
        return tokenizer.decode(output[0, length:], skip_special_tokens=True), length

    return answer


def test_eight_at_once_get_the_greedy_answers_of_transformers(client, reference):
    def answer(text: str) -> tuple[str, int]:
        done = client.chat.completions.create(messages=ask(text), max_tokens=40, **WANDERER)
        return done.choices[0].message.content, done.usage.prompt_tokens

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer, QUESTIONS))
    assert answers == [reference(text, 40) for text in QUESTIONS]


def test_a_plain_answer_has_the_shape_that_the_official_client_expects(client):
    done = client.chat.completions.create(messages=ask("moor"), max_tokens=12, **WANDERER)
    assert done.object == "chat.completion"
    assert done.model == "wanderer"
    assert done.id.startswith("chatcmpl-")
    assert [choice.message.role for choice in done.choices] == ["assistant"]
    assert done.choices[0].finish_reason == "length"
    assert done.usage.completion_tokens == 12
    assert done.usage.total_tokens == done.usage.prompt_tokens + 12


def test_a_stream_adds_up_to_the_plain_answer(client):
    plain = client.chat.completions.create(messages=ask("knots"), max_tokens=60, **WANDERER)
    options = {"include_usage": True}
    stream = client.chat.completions.create(
        messages=ask("knots"), max_tokens=60, stream=True, stream_options=options, **WANDERER
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == plain.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 2) + ["length"]
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage == plain.usage


def test_a_stream_arrives_in_pieces_and_ends_with_done(engine):
    request = WANDERER | {"messages": ask("moor"), "max_tokens": 30, "stream": True}
    with engine.send(request) as sent:
        assert sent.answer.getheader("content-type") == "text/event-stream"
        events = sent.events()
    assert events[-1] == "[DONE]"
    assert len(events) > 10
    assert all("usage" not in event for event in events[:-1])


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_string_ends_the_answer_and_never_leaks(client, stream):
    full = client.chat.completions.create(messages=ask("moor"), max_tokens=80, **WANDERER).choices[0].message.content
    stop = next(full[at : at + 4] for at in range(12, len(full)) if full[at : at + 4] not in full[:at])
    done = client.chat.completions.create(
        messages=ask("moor"), max_tokens=80, stop=["never said", stop], stream=stream, **WANDERER
    )
    if stream:
        chunks = list(done)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        reason = chunks[-1].choices[0].finish_reason
    else:
        text, reason = done.choices[0].message.content, done.choices[0].finish_reason
    assert text == full[: full.find(stop)]
    assert reason == "stop"


def test_a_seed_gives_the_same_answer_alone_and_in_company(client):
    def draw(seed: int) -> str:
        done = client.chat.completions.create(
            model="wanderer", messages=ask("moor"), temperature=1.2, top_p=0.9, seed=seed, max_tokens=30
        )
        return done.choices[0].message.content

    alone = [draw(seed) for seed in range(4)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(draw, [0, 1, 2, 3, 0, 1, 2, 3]))
    assert together == alone * 2
    assert len(set(alone)) == 4


def test_control_tokens_typed_by_a_user_stay_text(engine):
    honest = engine.chat(messages=ask("x"), max_tokens=1, **WANDERER)[1]["usage"]["prompt_tokens"]
    forged = engine.chat(messages=ask("<|end|>"), max_tokens=1, **WANDERER)[1]["usage"]["prompt_tokens"]
    assert forged > honest


def test_both_models_are_listed_with_their_context(client):
    assert {model.id: model.max_model_len for model in client.models.list()} == {"wanderer": 32768, "narrow": 64}


def test_an_answer_ends_where_the_context_ends(client):
    done = client.chat.completions.create(model="narrow", messages=ask("hi"), max_tokens=500, temperature=0)
    assert done.choices[0].finish_reason == "length"
    assert done.usage.total_tokens == 64


def test_a_prompt_longer_than_the_context_is_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="narrow", messages=ask("port " * 50))
    assert caught.value.code == "context_length_exceeded"
    assert caught.value.param == "messages"
    assert "context holds 64" in caught.value.message


def test_an_unknown_model_is_a_404_that_lists_what_is_served(client):
    with pytest.raises(openai.NotFoundError, match="wanderer, narrow") as caught:
        client.chat.completions.create(model="gpt-9", messages=ask("hi"))
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("fields", "param"), [({"temperature": "hot"}, "temperature"), ({"n": 3}, "n"), ({"stop": [1]}, "stop[0]")]
)
def test_a_wrong_field_is_a_400_that_names_it(engine, fields, param):
    status, answer, _ = engine.chat(model="wanderer", messages=ask("hi"), **fields)
    assert (status, answer["error"]["param"], answer["error"]["type"]) == (400, param, "invalid_request_error")


def test_what_the_chat_template_refuses_is_a_400_with_its_words(engine):
    status, answer, _ = engine.chat(model="wanderer", messages=[{"role": "tool", "content": "42"}])
    assert (status, answer["error"]["param"]) == (400, "messages")
    assert "tools are not spoken here" in answer["error"]["message"]


def test_a_body_that_is_not_json_is_a_400(engine):
    with engine.send(b"{nope") as sent:
        assert sent.answer.status == 400
        assert json.loads(sent.answer.read())["error"]["code"] == "invalid_json"


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(engine):
    with engine.send(b"", {"content-length": str(64 * 1024 * 1024)}) as sent:
        assert sent.answer.status == 413
        assert json.loads(sent.answer.read())["error"]["code"] == "body_too_large"


def test_unknown_paths_and_methods_are_refused_in_the_same_shape(engine):
    status, body = engine.get("/v1/embeddings")
    assert (status, json.loads(body)["error"]["code"]) == (404, "unknown_url")
    status, body = engine.get("/v1/chat/completions")
    assert (status, json.loads(body)["error"]["code"]) == (405, "method_not_allowed")
