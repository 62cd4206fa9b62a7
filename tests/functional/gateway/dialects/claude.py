"""A provider that speaks Anthropic's protocol."""

import asyncio
import json

from tests.helpers.mock_provider import Asked, close_stream, fails

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [{"type": "text", "text": "Ahoy."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 20, "output_tokens": 3, "cache_read_input_tokens": 4},
}
EVENTS = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ahoy."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Too many ships in the harbor."}}


async def claude(asked: Asked, writer: asyncio.StreamWriter) -> None:
    if asked.path.endswith("/count_tokens"):
        return await fails(200, {"input_tokens": 17})(asked, writer)
    if not asked.body.get("stream"):
        return await fails(200, MESSAGE)(asked, writer)
    return await events(writer, EVENTS)


async def claude_that_falls_over(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await events(writer, [*EVENTS[:4], OVERLOADED])


async def events(writer: asyncio.StreamWriter, told: list[dict[str, object]]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for event in told:
        raw = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        writer.write(b"%x\r\n%b\r\n" % (len(raw), raw))
        await writer.drain()
    await close_stream(writer)
