"""A model provider that costs next to nothing, so that what is measured is the gateway in front of it.

    python -m bench.mock --port 9100 [--chunks 50]

POST /v1/chat/completions answers a fixed completion, or with `"stream": true` a role event, `--chunks` content
events, each in a write of its own, a finish event, a usage event when asked for, and `[DONE]`. It speaks just
enough HTTP/1.1 for keep-alive clients that send a content-length.
"""

import argparse
import asyncio
import itertools
import json
import socket
from typing import cast

import uvloop

ANSWER = "Coil the line clockwise and hang it up dry."
numbers = itertools.count(1)


def as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def completion(number: int) -> bytes:
    return as_json(
        {
            "id": f"chatcmpl-{number:012d}",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": "mock",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": ANSWER},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 31, "completion_tokens": 11, "total_tokens": 42},
        }
    )


def event(number: int, choices: list[object], **extra: object) -> bytes:
    body = {
        "id": f"chatcmpl-{number:012d}",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "mock",
    }
    return chunk(b"data: " + as_json({**body, "choices": choices, **extra}) + b"\n\n")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Provider(asyncio.Protocol):
    chunks = 50

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.waiting = cast(asyncio.Transport, transport), b""
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while (request := self.next_request()) is not None:
            self.answer(request)

    def next_request(self) -> bytes | None:
        """The body of the next whole request; None until one is there."""
        head, separator, rest = self.waiting.partition(b"\r\n\r\n")
        if not separator:
            return None
        _, _, length = head.lower().partition(b"content-length:")
        size = int(length.split(b"\r\n", 1)[0]) if length else 0
        if len(rest) < size:
            return None
        self.waiting = rest[size:]
        return rest[:size]

    def answer(self, body: bytes) -> None:
        number = next(numbers)
        if b'"stream":true' in body or b'"stream": true' in body:
            self.stream(number, b"include_usage" in body)
            return
        answer = completion(number)
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer)
        )

    def stream(self, number: int, usage: bool) -> None:
        write = self.transport.write
        write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        write(event(number, [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]))
        for word in range(self.chunks):
            write(event(number, [{"index": 0, "delta": {"content": f" word{word}"}, "finish_reason": None}]))
        write(event(number, [{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        if usage:
            tokens = {"prompt_tokens": 31, "completion_tokens": self.chunks, "total_tokens": 31 + self.chunks}
            write(event(number, [], usage=tokens))
        write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--chunks", type=int, default=50)
    options = parser.parse_args()
    Provider.chunks = options.chunks
    uvloop.run(serve(options.port))
