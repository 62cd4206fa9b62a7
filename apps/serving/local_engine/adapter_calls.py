"""POST /v1/load_lora_adapter and /v1/unload_lora_adapter, as vLLM has them."""

import logging
from typing import TypeVar

import msgspec

from apps.serving.local_engine import web
from apps.serving.local_engine.engine import Engine
from apps.serving.local_engine.problems import RequestProblem

log = logging.getLogger("flywheel.engine")

TEXT = "text/plain; charset=utf-8"


class LoadRequest(msgspec.Struct):
    lora_name: str
    lora_path: str
    base_model_name: str | None = None


class UnloadRequest(msgspec.Struct):
    lora_name: str


Asked = TypeVar("Asked", LoadRequest, UnloadRequest)


async def load_adapter(engine: Engine, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
    asked = _parsed(await web.read_body(scope, receive), LoadRequest)
    lane = await engine.adapters.load(asked.lora_name, asked.lora_path, asked.base_model_name)
    text = f"Success: LoRA adapter '{lane.name}' added successfully."
    await web.respond(send, 200, text.encode(), TEXT)


async def unload_adapter(engine: Engine, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
    asked = _parsed(await web.read_body(scope, receive), UnloadRequest)
    engine.adapters.unload(asked.lora_name)
    text = f"Success: LoRA adapter '{asked.lora_name}' removed successfully."
    await web.respond(send, 200, text.encode(), TEXT)


def _parsed(body: bytes, kind: type[Asked]) -> Asked:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestProblem(400, f"The body cannot be read: {error}", code="invalid_json") from error
