"""What a case works with: a way to ask, and a view of what the provider saw of it."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from apps.gateway.lab.checks import Failed, NotApplicable
from apps.gateway.lab.client import PATIENCE, Answer, Exchange, Request, open_exchange
from apps.gateway.lab.marker import GOOD, Marker
from apps.gateway.lab.provider.ledger import Seen
from apps.gateway.lab.provider.server import Provider
from apps.gateway.lab.target import Operator, Target
from apps.gateway.lab.texts import answer_of

POLL_SECONDS = 0.02
ANTHROPIC_VERSION = "2023-06-01"
T = TypeVar("T")
Options = Mapping[str, object]


class Trial:
    """One case's own nonce, under which the provider counts its requests."""

    def __init__(self, target: Target, provider: Provider) -> None:
        self.target, self.provider = target, provider
        self.nonce = secrets.token_hex(6)

    def another(self) -> "Trial":
        return Trial(self.target, self.provider)

    # What to ask.

    def marker(self, fault: str = GOOD, options: Options | None = None) -> str:
        told = {"n": self.nonce, **{name: str(value) for name, value in (options or {}).items()}}
        return str(Marker(fault, told))

    def chat(self, fault: str = GOOD, options: Options | None = None, **members: Any) -> Request:
        told = [{"role": "user", "content": self.marker(fault, options)}]
        return self.post("chat/completions", {"model": self.target.model, "messages": told, **members})

    def completion(self, fault: str = GOOD, options: Options | None = None, **members: Any) -> Request:
        asked = {"model": self.target.model, "prompt": self.marker(fault, options), **members}
        return self.post("completions", asked)

    def response(self, fault: str = GOOD, options: Options | None = None, **members: Any) -> Request:
        asked = {"model": self.target.model, "input": self.marker(fault, options), **members}
        return self.post("responses", asked)

    def embedding(self, inputs: Any, **members: Any) -> Request:
        return self.post("embeddings", {"model": self.target.model, "input": inputs, **members})

    def message(self, fault: str = GOOD, options: Options | None = None, **members: Any) -> Request:
        """In Anthropic's dialect, and to its provider where there is one."""
        told = [{"role": "user", "content": self.marker(fault, options)}]
        model = self.target.anthropic_model or self.target.model
        asked = self.post("messages", {"model": model, "max_tokens": 64, "messages": told, **members})
        return asked.with_headers(authorization="", x_api_key=self.target.key, anthropic_version=ANTHROPIC_VERSION)

    def post(self, path: str, members: Any) -> Request:
        return Request.json(self.path(path), members, self.authorised())

    def get(self, path: str) -> Request:
        return Request("GET", self.path(path), self.authorised())

    def path(self, path: str) -> str:
        return f"{self.target.address.prefix}/v1/{path}"

    def authorised(self) -> dict[str, str]:
        return {**self.target.headers, "authorization": f"Bearer {self.target.key}"}

    # Asking.

    @contextlib.asynccontextmanager
    async def opening(self, request: Request, *, receive_buffer: int = 0) -> AsyncIterator[Exchange]:
        async with open_exchange(self.target.address, receive_buffer=receive_buffer) as exchange:
            await exchange.send(request)
            yield exchange

    def connection(self) -> contextlib.AbstractAsyncContextManager[Exchange]:
        """For bytes of the case's own."""
        return open_exchange(self.target.address)

    async def ask(self, request: Request) -> Answer:
        async with self.opening(request) as exchange:
            return await exchange.answer()

    @contextlib.asynccontextmanager
    async def beside(self, *steps: Coroutine[Any, Any, T]) -> AsyncIterator["list[asyncio.Task[T]]"]:
        """Steps that go on while the block does something else; at its end nothing of them goes on any more."""
        tasks = [asyncio.create_task(step) for step in steps]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def good(self, request: Request) -> Answer:
        """An answer that has to be a success; Failed otherwise."""
        answer = await self.ask(request)
        if answer.status != 200 or answer.problem:
            raise Failed(str(answer))
        return answer

    # What the provider saw.

    @property
    def words(self) -> str:
        """The text of a good answer."""
        return answer_of(self.nonce)

    @property
    def seen(self) -> list[Seen]:
        return self.provider.ledger.by_nonce.get(self.nonce, [])

    @property
    def calls(self) -> int:
        return len(self.seen)

    def let_go(self) -> None:
        """One step of an answer that waits for a word."""
        self.provider.ledger.gate(self.nonce).release()

    async def until(self, holds: Callable[[], object], otherwise: str) -> None:
        """Failed with `otherwise` when it doesn't come to hold."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise Failed(otherwise) from None

    async def stays(self, holds: Callable[[], object], seconds: float, otherwise: str) -> None:
        """Failed with `otherwise` as soon as it does not hold any more, within so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not holds():
                raise Failed(otherwise)
            await asyncio.sleep(POLL_SECONDS)

    async def until_asked(self) -> Seen:
        await self.until(lambda: self.seen, "the request never reached the provider")
        return self.seen[0]

    async def until_known(self, key: str) -> None:
        """Until the gateway has heard of a key that was just made."""
        request = self.get("models").with_headers(authorization=f"Bearer {key}")
        async with asyncio.timeout(PATIENCE):
            while (await self.ask(request)).status == 401:
                await asyncio.sleep(POLL_SECONDS)

    # What the lab was told.

    def told(self, name: str) -> str:
        """A model or key by the name of its option; NotApplicable where the lab was not told any."""
        if not (value := getattr(self.target, name)):
            raise NotApplicable(f"needs --{name.replace('_', '-')}")
        return str(value)

    def operator(self) -> Operator:
        if self.target.operator is None:
            raise NotApplicable("needs somebody who can make and revoke keys; only --own can")
        return self.target.operator
