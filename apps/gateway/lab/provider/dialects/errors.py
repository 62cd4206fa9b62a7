"""Errors in the words of the provider's dialects."""

from typing import Any

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
TROUBLE = "The lab's provider is in trouble."


def error_body(dialect: str, status: int) -> dict[str, Any]:
    kind = KINDS.get(status, "server_error")
    if dialect == "messages":
        kind = KINDS.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": TROUBLE}, "request_id": "req_lab"}
    return {"error": {"message": TROUBLE, "type": kind, "param": None, "code": f"lab_{status}"}}
