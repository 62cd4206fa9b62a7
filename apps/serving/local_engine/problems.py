"""The one exception that becomes an answer to the client, shaped as OpenAI's clients expect it."""

from typing import Any


class RequestProblem(Exception):
    """A request that cannot be served: HTTP status, a message for the user, the field and a code for machines."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code
        self.kind, self.headers = kind, headers

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


def wrong_field(param: str, message: str, code: str | None = "invalid_value") -> RequestProblem:
    return RequestProblem(400, message, param=param, code=code)


def unknown_model(name: str, known: list[str], param: str = "model") -> RequestProblem:
    served = ", ".join(known) or "none"
    message = f"The model {name!r} is not served here. Served: {served}."
    return RequestProblem(404, message, param=param, code="model_not_found")


def unusable_adapter(message: str) -> RequestProblem:
    return RequestProblem(400, message, param="lora_path", code="adapter_unusable")


def context_exceeded(prompt_tokens: int, context: int) -> RequestProblem:
    message = (
        f"The messages take {prompt_tokens} tokens, but the model's context holds {context}, "
        "of which at least one must be left for the answer."
    )
    return wrong_field("messages", message, "context_length_exceeded")


def queue_full(name: str, places: int) -> RequestProblem:
    message = f"The model {name!r} is busy: all {places} places are taken. Try again shortly."
    return RequestProblem(429, message, code="queue_full", kind="rate_limit_error", headers=(("retry-after", "1"),))


def unavailable(message: str, code: str) -> RequestProblem:
    return RequestProblem(503, message, code=code, kind="server_error", headers=(("retry-after", "1"),))


def shutting_down() -> RequestProblem:
    return unavailable("The engine is shutting down.", "shutting_down")


def generation_failed() -> RequestProblem:
    return RequestProblem(
        500, "The model failed while it generated; the engine's log says why.", code="engine_error", kind="server_error"
    )
