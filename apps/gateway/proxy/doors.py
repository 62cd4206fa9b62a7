"""The paths at which models are asked, each with its dialect and with what is asked there."""

from dataclasses import dataclass

from apps.gateway.proxy.refusals import Refusal
from apps.serving.services import DIALECTS, Dialect, ToldError

# gen_ai.operation.name
CHAT, COMPLETION, EMBEDDINGS, COUNT = "chat", "text_completion", "embeddings", "count_tokens"


@dataclass(frozen=True, slots=True)
class Door:
    """`dialect`: what callers speak here. `native`: what a provider has to speak to get it as it came; "" for none."""

    operation: str
    dialect: Dialect
    native: str = ""

    @property
    def is_translated(self) -> bool:
        return bool(self.native) and self.operation != COUNT

    @property
    def needs_memory(self) -> bool:
        """Requests can go on from an earlier answer, which only its id stands for."""
        return self.native == "responses"

    @property
    def is_hub(self) -> bool:
        """Nothing needs translating: the gateway itself speaks this."""
        return not self.native

    def refusal(self, refusal: Refusal) -> bytes:
        return self.dialect.error(told(refusal))


def told(refusal: Refusal) -> ToldError:
    return ToldError(
        status=refusal.status, message=refusal.message, kind=refusal.kind, code=refusal.code, param=refusal.param
    )


CHAT_DOOR = Door(CHAT, DIALECTS["chat"])
EMBEDDINGS_DOOR = Door(EMBEDDINGS, DIALECTS["chat"])
DOORS = {
    "/v1/chat/completions": CHAT_DOOR,
    "/v1/completions": Door(COMPLETION, DIALECTS["completions"], "completions"),
    "/v1/responses": Door(CHAT, DIALECTS["responses"], "responses"),
    "/v1/messages": Door(CHAT, DIALECTS["messages"], "messages"),
    "/v1/messages/count_tokens": Door(COUNT, DIALECTS["messages"], "messages/count_tokens"),
    "/v1/embeddings": EMBEDDINGS_DOOR,
}
