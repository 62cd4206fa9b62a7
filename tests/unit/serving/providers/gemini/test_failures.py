"""Google's errors."""

import json

import pytest

from apps.serving.providers import adapter_for

ADAPTER = adapter_for("gemini")
BAD_KEY = {
    "code": 400,
    "message": "API key not valid. Please pass a valid API key.",
    "status": "INVALID_ARGUMENT",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
}
TOO_LONG = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, BAD_KEY, (401, "authentication_error", "invalid_argument")),
        (
            403,
            {"code": 403, "message": "no", "status": "PERMISSION_DENIED"},
            (403, "permission_error", "permission_denied"),
        ),
        (404, {"code": 404, "message": "no", "status": "NOT_FOUND"}, (404, "not_found_error", "not_found")),
        (
            429,
            {"code": 429, "message": "q", "status": "RESOURCE_EXHAUSTED"},
            (429, "rate_limit_error", "resource_exhausted"),
        ),
        (503, {"code": 503, "message": "busy", "status": "UNAVAILABLE"}, (503, "overloaded_error", "unavailable")),
        (
            400,
            {"code": 400, "message": TOO_LONG, "status": "INVALID_ARGUMENT"},
            (400, "invalid_request_error", "context_length_exceeded"),
        ),
        (500, None, (500, "api_error", None)),
    ],
)
def test_every_status_has_its_type_and_code(status, error, expected):
    found = ADAPTER.error(status, json.dumps({"error": error}).encode())
    assert (found.status, found.type, found.code) == expected


def test_neither_key_nor_page_is_repeated():
    key = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"
    assert "Sy01" not in ADAPTER.error(400, json.dumps({"error": {"message": f"bad {key}"}}).encode()).message
    page = json.dumps({"error": {"message": "<!DOCTYPE html><title>Error</title>"}}).encode()
    assert ADAPTER.error(502, page).message == "The provider answered 502 (Bad Gateway)."
