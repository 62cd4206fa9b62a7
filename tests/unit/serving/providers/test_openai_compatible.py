"""OpenAI-compatible providers: what isn't ours to change goes through byte for byte."""

import json
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import Access, UnsupportedRequest, adapter_for, read_members
from apps.serving.providers.openai_compatible import UsageStripper
from llmkit import sse
from tests.unit.serving.providers.calls import NO_ACCESS, call, chat, embed

ADAPTER = adapter_for("openai_compatible")
ODD = (
    b'{ "temperature": 1.0, "seed": 12345678901234567890, "big": 1e400,\n "model":"m",'
    b' "x_unknown": {"a" : [1.10, null]}, "messages": [{"role":"user","content":"caf\\u00e9 \xe6\xbc\xa2"}] }'
)


def test_a_request_that_needs_no_change_is_the_same_bytes():
    request = ADAPTER.request(call(ODD), Access("sk-secret"))
    assert request.body == ODD
    assert (request.method, request.path, request.dropped) == ("POST", "/chat/completions", ())


def test_another_model_name_changes_that_member_and_no_other_in_any_digit():
    body = ADAPTER.request(call(ODD, upstream_model="vendor/m-2"), NO_ACCESS).body
    before, after = read_members(ODD), read_members(body)
    assert list(before) == list(after)
    assert {name for name in before if bytes(before[name]) != bytes(after[name])} == {"model"}
    assert bytes(after["model"]) == b'"vendor/m-2"'
    assert bytes(after["seed"]) == b"12345678901234567890"
    assert bytes(after["big"]) == b"1e400"


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"expensive","messages":[],"model":"m"}',
        b'{"mod\\u0065l":"expensive","messages":[],"model":"m"}',
        b'{"model":"m","messages":[],"\\u006dodel":"m"}',
    ],
)
def test_a_model_that_is_named_twice_is_sent_once(body):
    sent = ADAPTER.request(call(body), NO_ACCESS).body
    assert json.loads(sent, object_pairs_hook=list) == [("model", "m"), ("messages", [])]


def test_a_system_prompt_goes_before_all_messages_which_stay_as_they_are():
    raw = b'{"model":"m","messages":[{"role":"system","content":"mine"}, {"role":"user","n":1.0}]}'
    body = ADAPTER.request(call(raw, system_prompt='Be "brief".'), NO_ACCESS).body
    assert body == (
        b'{"model":"m","messages":[{"role":"system","content":"Be \\"brief\\"."},'
        b'{"role":"system","content":"mine"},{"role":"user","n":1.0}]}'
    )


@pytest.mark.parametrize(
    ("given_options", "sent"),
    [
        ("", b'{"include_usage":true}'),
        (',"stream_options":null', b'{"include_usage":true}'),
        (',"stream_options":{"include_usage":false,"other":1.0}', b'{"include_usage":true,"other":1.0}'),
    ],
)
def test_usage_is_asked_for_in_a_stream_whose_client_did_not(given_options, sent):
    raw = f'{{"model":"m","messages":[],"stream":true{given_options}}}'.encode()
    assert bytes(read_members(ADAPTER.request(call(raw, stream=True), NO_ACCESS).body)["stream_options"]) == sent
    assert ADAPTER.request(call(raw, stream=True, ask_usage=False), NO_ACCESS).body == raw
    assert ADAPTER.request(call(raw, stream=True, include_usage=True), NO_ACCESS).body == raw
    assert ADAPTER.request(call(raw, stream=False), NO_ACCESS).body == raw


def test_changed_members_without_their_bytes_are_encoded():
    changed = msgspec.structs.replace(call(chat(temperature=0.5)), body=None)
    assert json.loads(ADAPTER.request(changed, NO_ACCESS).body) == chat(temperature=0.5)


def test_a_credential_is_sent_as_a_bearer_and_none_when_there_is_none():
    assert (b"authorization", b"Bearer sk-1") in ADAPTER.request(call(ODD), Access("sk-1")).headers
    assert ADAPTER.request(call(ODD), NO_ACCESS).headers == ((b"content-type", b"application/json"),)
    models = ADAPTER.models_request(Access("sk-1"))
    assert (models.method, models.path, models.body) == ("GET", "/models", b"")


def test_a_base_url_without_a_path_gets_the_version():
    assert [ADAPTER.base_path(path) for path in ("", "/v1", "/api/openai")] == ["/v1", "/v1", "/api/openai"]


def test_answers_go_through_unchanged():
    assert ADAPTER.plain(b'{"anything": 1}') == b'{"anything": 1}'
    stream = ADAPTER.stream(call(ODD, stream=True, include_usage=True))
    assert (stream.feed(b"data: {par"), stream.end()) == (b"data: {par", b"")


def test_embeddings_go_through_but_for_the_models_name():
    same = embed({"input": [[1, 2]], "encoding_format": "base64", "dimensions": 3, "odd": 1.0})
    request = ADAPTER.embeddings_request(same, Access("sk-1"))
    assert (request.path, request.body) == ("/embeddings", same.body)
    other = ADAPTER.embeddings_request(embed({"input": "x"}, model="e-2"), NO_ACCESS)
    assert json.loads(other.body) == {"model": "e-2", "input": "x"}
    assert ADAPTER.embeddings_answer(same, b'{"data": []}') == b'{"data": []}'


@pytest.mark.parametrize(
    ("access", "dialects"),
    [
        (Access(authority="api.openai.com"), {"responses", "completions"}),
        (Access(authority="api.acme.example"), {"completions"}),
        (Access(authority="api.acme.example", options={"responses": "yes"}), {"responses", "completions"}),
    ],
)
def test_the_responses_api_is_spoken_by_openai_and_whoever_is_said_to(access, dialects):
    known = ("messages", "messages/count_tokens", "responses", "completions")
    assert {dialect for dialect in known if ADAPTER.speaks(dialect, access)} == dialects
    raw = b'{"model":"m", "input":"hi"}'
    for dialect in known:
        if dialect in dialects:
            request = ADAPTER.native_request(dialect, call(raw).members, raw, "m", access)
            assert (request.path, request.body) == (f"/{dialect}", raw)
        else:
            with pytest.raises(UnsupportedRequest):
                ADAPTER.native_request(dialect, call(raw).members, raw, "m", access)


def test_the_local_engine_speaks_chat_completions_only():
    assert not adapter_for("local").speaks("completions", NO_ACCESS)
    assert adapter_for("local").request(call(ODD), NO_ACCESS).body == ODD


# --- the usage nobody asked for -----------------------------------------------------------------------------------

CONTENT = {"id": "c", "choices": [{"index": 0, "delta": {"content": 'a "choices":[] b'}}], "usage": None}
LAST = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
FILTERS = {"id": "c", "choices": [], "prompt_filter_results": [{}]}
CHUNKS = [FILTERS, CONTENT, CONTENT, LAST, USAGE]


def stripped(*pieces: bytes) -> bytes:
    stripper = UsageStripper()
    return b"".join([*(stripper.feed(piece) for piece in pieces), stripper.end()])


def written(chunks, spaced: bool, end: bytes) -> bytes:
    separators = (", ", ": ") if spaced else (",", ":")
    events = [json.dumps(chunk, separators=separators).encode() for chunk in chunks]
    return b"".join(b"data: " + event + end + end for event in [*events, b"[DONE]"])


@given(st.data(), st.booleans(), st.sampled_from([b"\n", b"\r\n"]))
def test_only_the_usage_chunk_is_taken_out_however_the_stream_is_cut(data, spaced, end):
    stream = written(CHUNKS, spaced, end)
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8))), len(stream)]
    pieces = [stream[start:stop] for start, stop in pairwise(cuts)]
    assert stripped(*pieces) == written(CHUNKS[:-1], spaced, end)


def test_whole_events_are_let_go_as_they_come():
    stripper = UsageStripper()
    event = sse.encode(json.dumps(CONTENT))
    assert stripper.feed(event) == event
    assert stripper.feed(event + event[:10]) == event
    assert stripper.feed(event[10:]) == event


def test_usage_beside_a_choice_stays():
    both = written([{**LAST, "usage": {"prompt_tokens": 1}}], False, b"\n")
    assert stripped(both) == both


def test_a_stream_that_ends_in_the_middle_of_an_event_loses_nothing():
    assert stripped(b'data: {"choices": [{"del') == b'data: {"choices": [{"del'
    assert stripped(sse.encode(json.dumps(USAGE))[:-1]) == b""


def test_an_event_that_never_ends_is_let_go_and_does_not_fill_the_memory():
    stripper = UsageStripper()
    piece = b"x" * 1_000_000
    assert sum(len(stripper.feed(piece)) for _ in range(20)) >= 18 * len(piece)


def test_what_is_not_json_is_passed_on():
    odd = b'data: {"choices":[] oops\n\n'
    assert stripped(odd) == odd
