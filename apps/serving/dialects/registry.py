"""Which dialect goes by which name, and who reads along where a provider speaks it itself."""

from collections.abc import Callable

from apps.serving.dialects.base import Dialect
from apps.serving.dialects.chat import Chat
from apps.serving.dialects.completions import Completions, CompletionsObserver, observe_completions_body
from apps.serving.dialects.messages import Messages, MessagesObserver, observe_messages_body
from apps.serving.dialects.observing import DialectObserver
from apps.serving.dialects.responses import Responses, ResponsesObserver, observe_responses_body
from apps.serving.providers.observe import Observed

RESPONSES = Responses()  # by itself too: only here does to_chat take a conversation's history
_DIALECTS: tuple[Dialect, ...] = (Chat(), Messages(), RESPONSES, Completions())
DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in _DIALECTS}

OBSERVERS: dict[str, Callable[[], DialectObserver]] = {
    "messages": MessagesObserver,
    "responses": ResponsesObserver,
    "completions": CompletionsObserver,
}
BODY_OBSERVERS: dict[str, Callable[[bytes], Observed]] = {
    "messages": observe_messages_body,
    "responses": observe_responses_body,
    "completions": observe_completions_body,
}
