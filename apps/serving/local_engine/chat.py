"""POST /v1/chat/completions: one request from its body to its last byte."""

from apps.serving.local_engine import web
from apps.serving.local_engine.answers import Answer, event
from apps.serving.local_engine.engine import Engine
from apps.serving.local_engine.exchange import Exchange
from apps.serving.local_engine.problems import RequestProblem
from apps.serving.local_engine.protocol import ChatRequest, parse_chat_request


async def complete_chat(engine: Engine, scope: web.Scope, receive: web.Receive, send: web.Send) -> None:
    request = parse_chat_request(await web.read_body(scope, receive))
    lane = await engine.lane(request.model)
    sequence = await engine.sequence(lane, request)
    exchange = Exchange(engine, lane, sequence, scope)
    async with exchange.running(receive):
        await (_stream if request.stream else _plain)(exchange, request, send)


async def _plain(exchange: Exchange, request: ChatRequest, send: web.Send) -> None:
    text = ""
    while not (output := await exchange.next()).finish:
        text += output.text
    answer = Answer(request.model)
    exchange.close(output.finish)
    await web.respond_json(send, 200, answer.completion(text + output.text, output.finish, exchange.counts))


async def _stream(exchange: Exchange, request: ChatRequest, send: web.Send) -> None:
    output = await exchange.next()
    answer = Answer(request.model, with_usage=request.wants_usage)
    await web.start(send, 200, "text/event-stream")
    written = answer.opening()
    try:
        while not output.finish:
            if output.text or written:
                await _write(send, written + (answer.piece(output.text) if output.text else b""))
                written = b""
            output = await exchange.next()
    except RequestProblem as problem:
        # The status line is out: the error travels as an event, and without [DONE] no client takes it for the end.
        await _write(send, event(problem.body()), more=False)
        return
    if output.text:
        written += answer.piece(output.text)
    exchange.close(output.finish)
    await _write(send, written + answer.closing(output.finish, exchange.counts), more=False)


async def _write(send: web.Send, data: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})
