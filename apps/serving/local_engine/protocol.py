"""The chat-completions request: what is understood, what is refused, and with which words."""

import re
from typing import Annotated, Any, Literal

import msgspec

from apps.serving.local_engine.problems import RequestProblem, wrong_field

MAX_STOPS = 4
MAX_STOP_LENGTH = 1000

Temperature = Annotated[float, msgspec.Meta(ge=0, le=2)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
TokenCount = Annotated[int, msgspec.Meta(ge=1)]


class TextPart(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class Message(msgspec.Struct):
    """One turn. Fields that other models' answers carry along (refusal, annotations, ...) are passed over."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[Any] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChatRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields of OpenAI's API, and three that vLLM adds: top_k, repetition_penalty and ignore_eos."""

    model: str
    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    top_k: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    seed: int | None = None
    max_tokens: TokenCount | None = None
    max_completion_tokens: TokenCount | None = None
    stop: str | list[str] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0, le=10)] | None = None
    ignore_eos: bool | None = None
    # Understood only at the value that asks for nothing.
    n: int | None = None
    response_format: Any = None
    tools: Any = None
    tool_choice: Any = None
    parallel_tool_calls: Any = None
    functions: Any = None
    function_call: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    logit_bias: Any = None
    modalities: Any = None
    audio: Any = None
    prediction: Any = None
    # Say nothing about the answer: taken and passed over.
    user: Any = None
    metadata: Any = None
    store: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None
    reasoning_effort: Any = None
    verbosity: Any = None

    @property
    def token_limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def turns(self) -> list[dict[str, str]]:
        """The messages as a chat template takes them; `developer` is the newer name of `system`."""
        roles = {"developer": "system"}
        return [{"role": roles.get(turn.role, turn.role), "content": turn.text()} for turn in self.messages]


# Field -> values that ask for nothing this engine lacks.
HARMLESS: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "response_format": ({"type": "text"},),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
}

_decoder = msgspec.json.Decoder(ChatRequest)
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD = re.compile(r"field `([^`]+)`")


def parse_chat_request(body: bytes) -> ChatRequest:
    """The request in `body`; RequestProblem (400) names the field that is wrong."""
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _described(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestProblem(400, f"The body is not valid JSON: {error}", code="invalid_json") from error
    _refuse_what_is_missing(request)
    _check_stops(request.stops)
    return request


def _described(complaint: str) -> RequestProblem:
    place = _PLACE.search(complaint)
    field = _FIELD.search(complaint)
    param = ".".join(part for part in (place and place[1], field and field[1]) if part)
    reason = _PLACE.sub("", complaint)
    message = f"{param}: {reason}." if param else f"The body is not a chat request: {reason}."
    return RequestProblem(400, message, param=param or None, code="invalid_type")


def _refuse_what_is_missing(request: ChatRequest) -> None:
    for field, harmless in HARMLESS.items():
        value = getattr(request, field)
        if value is not None and value not in harmless:
            raise wrong_field(field, f"{field}: this engine cannot do that{_only(harmless)}.", "unsupported_value")
    for position, turn in enumerate(request.messages):
        if turn.tool_calls:
            param = f"messages[{position}].tool_calls"
            raise wrong_field(param, f"{param}: this engine knows no tool calls.", "unsupported_value")


def _only(harmless: tuple[Any, ...]) -> str:
    if not harmless:
        return ""
    return "; it takes only " + " or ".join(msgspec.json.encode(value).decode() for value in harmless)


def _check_stops(stops: tuple[str, ...]) -> None:
    if len(stops) > MAX_STOPS:
        raise wrong_field("stop", f"stop: at most {MAX_STOPS} strings, got {len(stops)}.")
    for stop in stops:
        if not 0 < len(stop) <= MAX_STOP_LENGTH:
            raise wrong_field("stop", f"stop: each string must have 1 to {MAX_STOP_LENGTH} characters.")
