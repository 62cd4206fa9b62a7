"""Turns token ids into text as they arrive."""

from collections.abc import Callable, Sequence

REPLACEMENT = "\ufffd"
# A character has at most four bytes, so at most three of them can be waiting for the last one.
MAX_UNFINISHED = 3
# Tokens without a finished character (bytes of no text, special tokens) must not make the window grow for ever.
MAX_WINDOW, TRIMMED_WINDOW = 64, 32

Decode = Callable[[Sequence[int]], str]


class Detokenizer:
    """Emits only whole characters: the pieces joined are what decoding all ids at once gives.

    Decoding looks back one finished piece, since decoders of the SentencePiece family treat the first token of a
    text differently (they strip its leading space).
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._window: list[int] = []
        self._context = 0  # tokens of the window that only serve as context
        self._shown = ""  # the part of the window's text that is out already

    def push(self, token: int) -> str:
        """The text that `token` completes, often one word, sometimes empty."""
        self._window.append(token)
        text = self._decode(self._window)
        whole = _whole_characters(text)
        if whole < len(text) and not text.startswith(self._shown):
            # A byte-fallback decoder spoils a whole run of bytes, the shown ones too, while its end is unfinished.
            whole = 0
        piece = text[len(self._shown) : whole]
        self._shown += piece
        if piece and whole == len(text):
            self._slide()
        elif len(self._window) > MAX_WINDOW:
            self._trim(len(text) - len(self._shown))
        return piece

    def flush(self) -> str:
        """What is left at the end, unfinished characters as replacement characters."""
        rest = self._decode(self._window)[len(self._shown) :]
        self._shown += rest
        return rest

    def _slide(self) -> None:
        self._window = self._window[self._context :]
        self._context = len(self._window)
        self._shown = self._decode(self._window)

    def _trim(self, unshown: int) -> None:
        if unshown > 0:
            self._window, self._context = self._window[-TRIMMED_WINDOW:], 0
        else:
            # All that followed the context was without text.
            self._window = self._window[: self._context]
        text = self._decode(self._window)
        self._shown = text[: max(0, len(text) - unshown)]


def _whole_characters(text: str) -> int:
    end = len(text)
    while end and len(text) - end < MAX_UNFINISHED and text[end - 1] == REPLACEMENT:
        end -= 1
    return end
