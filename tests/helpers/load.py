"""A steady stream of requests from many threads, and the list of those that were answered to the last byte."""

import http.client
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

from tests.helpers.calling import Caller


class SteadyLoad:
    """Plain and streamed requests in turn, `rate` of them a second. `answered` holds their trace ids.

    members: what stands in each request besides the model and the message.
    """

    def __init__(self, caller: Caller, model: str, *, rate: float = 50.0, threads: int = 24, **members: Any) -> None:
        self.caller, self.model, self.rate, self.members = caller, model, rate, members
        self.answered: list[str] = []
        self.refused: list[int] = []
        self.broken = 0
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _work(self) -> None:
        for number in self._turns():
            try:
                answer = self.caller.chat(self.model, stream=number % 2 == 0, **self.members)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                continue
            whole = answer.raw.endswith(b"data: [DONE]\n\n") if number % 2 == 0 else answer.raw.endswith(b"}")
            if answer.status == 200 and whole:
                self.answered.append(answer.trace_id)
            else:
                self.refused.append(answer.status)

    def _turns(self) -> Iterator[int]:
        """Numbers of requests, each when its time has come."""
        while not self._over.is_set():
            with self._lock:
                number = next(self._numbers)
            due = self._began + number / self.rate
            if self._over.wait(max(0.0, due - time.monotonic())):
                return
            yield number
