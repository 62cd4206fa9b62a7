"""The content blocks of a message's stream: numbered, and one at a time."""

from collections import deque

import msgspec

START = b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
_DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":'
_END = b"}}\n\n"


class Block:
    """`fragments`: the JSON strings that make up a tool call's arguments; None for every other block."""

    __slots__ = ("_before", "closed", "fragments", "held", "index", "kind", "start")

    def __init__(self, kind: str, index: int, start: bytes, delta: bytes, member: bytes) -> None:
        self.kind, self.index = kind, index
        self.start = START % (index, start)
        self.fragments: list[bytes] | None = [] if kind == "tool_use" else None
        self.held: list[bytes] = []  # deltas that came before its turn
        self.closed = False
        self._before = _DELTA % (index, delta, member)

    def delta(self, written: bytes) -> bytes:
        if self.fragments is not None:
            self.fragments.append(written)
        return self._before + written + _END

    @property
    def complete(self) -> bool:
        """Whether nothing of it can be missing: a tool call is complete when its arguments are JSON."""
        if self.fragments is None:
            return True
        if not self.fragments or not self.fragments[-1].endswith(b'}"'):
            return False
        try:
            text = "".join([msgspec.json.decode(fragment, type=str) for fragment in self.fragments])
            msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, RecursionError):
            return False
        return True


class Blocks:
    """Providers may write several tool calls at once, Anthropic's clients expect one block after the other: a block
    whose predecessor isn't complete is held back until it is, or until everything ends."""

    def __init__(self) -> None:
        self._queue: deque[Block] = deque()  # the open one, and those that wait
        self._count = 0

    @property
    def last(self) -> Block | None:
        return self._queue[-1] if self._queue else None

    def text(self) -> tuple[Block, bytes]:
        return self._open("text", b'{"type":"text","text":""}', b"text_delta", b"text")

    def thinking(self) -> tuple[Block, bytes]:
        start = b'{"type":"thinking","thinking":"","signature":""}'
        return self._open("thinking", start, b"thinking_delta", b"thinking")

    def redacted(self, data: str) -> bytes:
        start = msgspec.json.encode({"type": "redacted_thinking", "data": data})
        return self._open("redacted_thinking", start, b"", b"")[1]

    def tool_use(self, call_id: str, name: str) -> tuple[Block, bytes]:
        start = msgspec.json.encode({"type": "tool_use", "id": call_id, "name": name, "input": {}})
        return self._open("tool_use", start, b"input_json_delta", b"partial_json")

    def delta(self, block: Block, written: bytes) -> bytes:
        """`written`: a JSON string. What comes for a block that is over already is white space."""
        return b"" if block.closed else self._let(block, block.delta(written))

    def sign(self, block: Block, signature: str) -> bytes:
        """The signature of a thinking block, which ends it."""
        block.kind = "signed"
        written = msgspec.json.encode(signature)
        return self._let(block, _DELTA % (block.index, b"signature_delta", b"signature") + written + _END)

    def close(self) -> bytes:
        """The end of the open block, and everything that was held back."""
        out = []
        while self._queue:
            out.append(self._next())
        return b"".join(out)

    def _open(self, kind: str, start: bytes, delta: bytes, member: bytes) -> tuple[Block, bytes]:
        block = Block(kind, self._count, start, delta, member)
        self._count += 1
        self._queue.append(block)
        return block, block.start if len(self._queue) == 1 else self._advance()

    def _let(self, block: Block, event: bytes) -> bytes:
        if block is not self._queue[0]:
            block.held.append(event)
            return b""
        return event + self._advance() if len(self._queue) > 1 else event

    def _advance(self) -> bytes:
        out = []
        while len(self._queue) > 1 and self._queue[0].complete:
            out.append(self._next())
        return b"".join(out)

    def _next(self) -> bytes:
        """The end of the open block, and as much of the one behind it as there is."""
        over = self._queue.popleft()
        over.closed = True
        following = [self._queue[0].start, *self._queue[0].held] if self._queue else []
        return b"".join([STOP % over.index, *following])
