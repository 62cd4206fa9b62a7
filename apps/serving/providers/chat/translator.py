"""What the translators of server-sent events have in common."""

from apps.serving.providers.base import EVENT_LIMIT, UNREADABLE, ProviderError
from apps.serving.providers.chat.chunks import failed
from llmkit import sse


class EventTranslator:
    """One stream. After an error nothing more is sent, no [DONE] either; a stream cut short just ends."""

    def __init__(self) -> None:
        self._parser = sse.Parser(EVENT_LIMIT)
        self._over = False

    def feed(self, chunk: bytes) -> bytes:
        return b"" if self._over else self._read(chunk)

    def end(self) -> bytes:
        return b""

    def _read(self, chunk: bytes) -> bytes:
        out = []
        try:
            for event in self._parser.feed(chunk):
                out.append(self._translate(event.data))
                if self._over:
                    break
        except (*UNREADABLE, sse.EventTooLarge):
            out.append(self._fail(ProviderError(502, "The provider's stream could not be read.")))
        except ProviderError as error:
            out.append(self._fail(error))
        return b"".join(out)

    def _translate(self, data: bytes) -> bytes:
        """The chunks that one event becomes; sets `_over` with the last of them. ProviderError ends the stream."""
        raise NotImplementedError

    def _fail(self, error: ProviderError) -> bytes:
        self._over = True
        return failed(error)
