"""A stream reader that gives what came before a reset, too."""

import asyncio


class KeepingReader(asyncio.StreamReader):
    """asyncio's own forgets what it has received as soon as the connection breaks. was_reset: it did."""

    was_reset = False

    def set_exception(self, exc: BaseException) -> None:
        self.was_reset = True
        self.feed_eof()
