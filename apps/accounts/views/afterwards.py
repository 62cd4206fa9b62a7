"""Work that has to wait until the answer has left."""

from collections.abc import Callable

from django.http import HttpResponse


class AnsweredFirst(HttpResponse):
    """A copy of `response` that calls `work` once the client has all of it, so that its duration tells nothing."""

    def __init__(self, response: HttpResponse, work: Callable[[], None]) -> None:
        super().__init__(response.content, status=response.status_code, headers=dict(response.items()))
        self.cookies = response.cookies
        self._work = work

    def close(self) -> None:
        work, self._work = self._work, _nothing
        work()
        super().close()


def _nothing() -> None:
    """Closing twice works once."""
