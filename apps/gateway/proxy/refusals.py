"""Every answer that is an error, in the shape that OpenAI's clients understand."""

import msgspec

from apps.gateway.proxy.asgi_types import Headers


class Refusal(Exception):
    """Why a request is not answered: HTTP status, a sentence for people, a code for machines, the field at fault.

    `error_type` is what the span records; `provider_fault` marks errors that came from behind the gateway.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        headers: Headers = (),
        kind: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = headers
        self.kind = kind or _kind(status)

    def body(self) -> bytes:
        return error_body(self.message, kind=self.kind, param=self.param, code=self.code)


def error_body(message: str, *, kind: str, param: str | None, code: str | None) -> bytes:
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def _kind(status: int) -> str:
    if status == 429:
        return "rate_limit_error"
    return "invalid_request_error" if status < 500 else "server_error"


def shutting_down() -> Refusal:
    return Refusal(
        503,
        "This gateway process is shutting down; send the request again.",
        code="shutting_down",
        headers=((b"retry-after", b"1"), (b"connection", b"close")),
    )


def overloaded() -> Refusal:
    return Refusal(
        503,
        "This gateway process has as many requests open as it may; try again shortly.",
        code="overloaded",
        headers=((b"retry-after", b"1"),),
    )


def no_snapshot() -> Refusal:
    return Refusal(
        503,
        "The gateway has not been able to read its configuration from the database yet; try again shortly.",
        code="not_ready",
        headers=((b"retry-after", b"1"),),
    )


def not_durable() -> Refusal:
    return Refusal(
        503,
        "The gateway cannot store the record of this request on its disk, so it does not answer it.",
        code="record_not_durable",
        headers=((b"retry-after", b"1"),),
    )


def no_such_path(path: str) -> Refusal:
    return Refusal(404, f"There is nothing at {path[:200]}.", code="unknown_url")


def wrong_method(method: str, allowed: str) -> Refusal:
    return Refusal(
        405,
        f"{method[:20]} is not allowed here, only {allowed}.",
        code="method_not_allowed",
        headers=((b"allow", allowed.encode()),),
    )


def too_large(limit: int) -> Refusal:
    return Refusal(
        413,
        f"The request body is larger than the {limit} bytes that this gateway accepts.",
        code="body_too_large",
        headers=((b"connection", b"close"),),
    )


def unexpected() -> Refusal:
    return Refusal(500, "The gateway failed while it handled this request; its log says why.", code="internal_error")
