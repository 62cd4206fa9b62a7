"""Errors of providers, in all the shapes they come in, and without what nobody may see."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.providers import ADAPTERS, ProviderError
from apps.serving.providers.failures import error_in_body, read_error, redact

TOO_LONG = "context_length_exceeded"


def shape(error: ProviderError) -> tuple:
    return error.status, error.message, error.type, error.code, error.param


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            400,
            b'{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context"}}',
            (400, "too long", "invalid_request_error", "context", "messages"),
        ),
        (404, b'{"error":"model \'x\' not found"}', (404, "model 'x' not found", "not_found_error", None, None)),
        (
            422,
            b'{"detail":[{"loc":["body","n"],"msg":"bad"}]}',
            (422, '[{"loc":["body","n"],"msg":"bad"}]', "invalid_request_error", None, None),
        ),
        (
            400,
            b'{"object":"error","message":"no","type":"BadRequestError","code":400}',
            (400, "no", "BadRequestError", "400", None),
        ),
        (
            529,
            b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
            (503, "Overloaded", "overloaded_error", None, None),
        ),
        (429, b'[{"error":{"message":"quota"}}]', (429, "quota", "rate_limit_error", None, None)),
        (
            502,
            b"<html><body>nginx at 10.0.0.7</body></html>",
            (502, "The provider answered 502 (Bad Gateway).", "api_error", None, None),
        ),
        (500, b"", (500, "The provider answered 500 (Internal Server Error).", "api_error", None, None)),
        (599, b"null", (599, "The provider answered 599.", "api_error", None, None)),
        (
            400,
            b'{"message":"The model\'s maximum context length is 8 tokens.","type":"BadRequestError"}',
            (400, "The model's maximum context length is 8 tokens.", "BadRequestError", TOO_LONG, None),
        ),
        (
            400,
            b'{"error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}',
            (400, "prompt is too long: 9 tokens > 8 maximum", "invalid_request_error", TOO_LONG, None),
        ),
        (
            503,
            b'{"error":"<html><head><title>busy</title>"}',
            (503, "The provider answered 503 (Service Unavailable).", "overloaded_error", None, None),
        ),
        (400, b'{"error":{}}', (400, "The provider answered 400 (Bad Request).", "invalid_request_error", None, None)),
    ],
)
def test_every_shape_of_error_becomes_the_same_one(status, body, expected):
    assert shape(read_error(status, body)) == expected


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_told_in_our_words(status):
    body = b'{"error":{"message":"Incorrect API key provided: sk-proj-****abcd.","code":"invalid_api_key"}}'
    error = read_error(status, body, "sk-proj-1234abcd")
    assert error.message == "The provider refused the credential that is stored for it."
    assert (error.status, error.code) == (status, "invalid_api_key")


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)
@given(st.text("abcxyz0123-_.", min_size=12, max_size=40), st.text(max_size=20), st.sampled_from([400, 429, 500, 503]))
def test_no_error_of_any_adapter_repeats_the_credential(adapter, credential, around, status):
    for body in (
        {"error": {"message": f"{around}{credential}{around}"}},
        {"error": f"key {credential} is bad"},
        {"message": credential},
    ):
        error = adapter.error(status, json.dumps(body).encode(), credential)
        assert credential not in error.message
        assert credential.encode() not in error.body()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bad key sk-proj-abcdefgh1234", "bad key [credential]"),
        ("bad key sk-ab************wxyz!", "bad key [credential]!"),
        ("signed by AKIAIOSFODNN7EXAMPLE here", "signed by [credential] here"),
        ("sent Bearer abc.def-ghi to it", "sent Bearer [credential] to it"),
        ("task-based api_error and sky-blue keys stay", "task-based api_error and sky-blue keys stay"),
    ],
)
def test_what_looks_like_a_key_is_taken_out_and_the_rest_stays(text, shown):
    assert redact(text) == shown


def test_a_long_message_is_cut():
    assert len(redact("x" * 10_000)) == 2000


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "x", "code": 429}, 429),
        ({"message": "x", "code": "404"}, 404),
        ({"message": "x", "status": 503}, 503),
        ({"message": "x", "type": "rate_limit_error"}, 429),
        ({"message": "x", "code": "rate_limit_exceeded"}, 429),
        ({"message": "x", "type": "overloaded_error"}, 503),
        ({"message": "x", "type": "BadRequestError", "code": None}, 400),
        ({"message": "x", "code": 200}, 502),
        ({"message": "x", "code": 7}, 502),
        ("just words", 502),
        (["odd"], 502),
        (True, 502),
    ],
)
def test_an_error_inside_a_200_has_the_status_its_words_stand_for(error, status):
    assert error_in_body(error).status == status


def test_the_error_for_the_client_has_openais_shape():
    body = ProviderError(429, "slow down", "rate_limit_error", "rate").body()
    assert json.loads(body) == {
        "error": {"message": "slow down", "type": "rate_limit_error", "param": None, "code": "rate"}
    }
