"""The ASGI application: who may call, which handler answers, and how a refusal looks."""

import hmac
import logging
from collections.abc import Awaitable, Callable

from apps.serving.local_engine import web
from apps.serving.local_engine.adapter_calls import load_adapter, unload_adapter
from apps.serving.local_engine.chat import complete_chat
from apps.serving.local_engine.engine import Engine
from apps.serving.local_engine.lane import READY
from apps.serving.local_engine.problems import RequestProblem

log = logging.getLogger("flywheel.engine")

Handler = Callable[[Engine, web.Scope, web.Receive, web.Send], Awaitable[None]]


class EngineApp:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.expected = f"Bearer {engine.settings.token}".encode() if engine.settings.token else b""

    async def __call__(self, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"This application speaks HTTP, not {scope['type']}.")
        try:
            await self._answer(scope, receive, send)
        except RequestProblem as problem:
            await web.respond_problem(send, problem)
        except web.ClientGone:
            log.debug("A client left before its answer was complete.")

    async def _answer(self, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
        handlers = ROUTES.get(scope["path"])
        if handlers is None:
            raise RequestProblem(404, f"There is nothing at {scope['path']}.", code="unknown_url")
        if scope["path"].startswith("/v1/"):
            self._check_token(scope)
        handler = handlers.get(scope["method"])
        if handler is None:
            allowed = ", ".join(handlers)
            headers = (("allow", allowed),)
            raise RequestProblem(405, f"{scope['path']} takes {allowed}.", code="method_not_allowed", headers=headers)
        await handler(self.engine, scope, receive, send)

    def _check_token(self, scope: web.Scope) -> None:
        if self.expected and not hmac.compare_digest(web.header(scope, "authorization").encode(), self.expected):
            raise RequestProblem(
                401,
                "The bearer token is missing or wrong.",
                code="invalid_api_key",
                kind="authentication_error",
                headers=(("www-authenticate", "Bearer"),),
            )


async def show_health(engine: Engine, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
    health = engine.health()
    await web.respond_json(send, 200 if health["status"] == READY else 503, health)


async def list_models(engine: Engine, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
    await web.respond_json(send, 200, engine.catalogue())


async def show_metrics(engine: Engine, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
    await web.respond(send, 200, engine.metrics.render().encode(), "text/plain; version=0.0.4; charset=utf-8")


ROUTES: dict[str, dict[str, Handler]] = {
    "/v1/chat/completions": {"POST": complete_chat},
    "/v1/models": {"GET": list_models},
    "/v1/load_lora_adapter": {"POST": load_adapter},
    "/v1/unload_lora_adapter": {"POST": unload_adapter},
    "/health": {"GET": show_health},
    "/metrics": {"GET": show_metrics},
}
