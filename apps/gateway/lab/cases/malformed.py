"""Requests that are wrong: refused in OpenAI's shape, with the right status, before anyone is asked (11, 25)."""

import gzip
import json
from typing import Any

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import openai_error
from apps.gateway.lab.checks import equal, expect
from apps.gateway.lab.client import Answer, Request
from apps.gateway.lab.trial import Trial

group = Group("Malformed requests")
case = group.case

DEEP = 100_000
MANY = 10_000
MEGABYTE = 1024 * 1024
ANNOUNCED_BYTES = 1 << 40
MOST_SENT_MB = 96
BOMB_MB = 256


async def _raw(trial: Trial, body: bytes) -> Answer:
    return await trial.ask(Request("POST", trial.path("chat/completions"), trial.authorised(), body))


async def _refused(trial: Trial, body: bytes) -> None:
    openai_error(await _raw(trial, body), 400, 422)
    equal(trial.calls, 0, "the number of calls to the provider")


@case("no-key", 11, "No key: 401")
async def no_key(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat().with_headers(authorization="")), 401)


@case("wrong-key", 11, "A key that does not exist: 401")
async def wrong_key(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat().with_headers(authorization="Bearer sk-nobody-has-this-key")), 401)


@case("hostile-key", 11, "A key of strange bytes: 401, not a crash", "It goes into SQL, or fails to decode: 500.")
async def hostile_key(trial: Trial) -> None:
    for key in ("\xff\xfe' OR '1'='1", "x" * 4000, "{}"):
        answer = await trial.ask(trial.chat().with_headers(authorization=f"Bearer {key}"))
        openai_error(answer, 400, 401)


@case("unknown-model", 11, "A model that does not exist: 404", "400 or 500, and the list of all models in it.")
async def unknown_model(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat(model="no-such-model")), 404)


@case("unknown-path", 11, "A path that does not exist: 404, as JSON")
async def unknown_path(trial: Trial) -> None:
    openai_error(await trial.ask(trial.post("no/such/path", {})), 404)


@case("wrong-method", 11, "A method that is not allowed: 405 (or 404), as JSON")
async def wrong_method(trial: Trial) -> None:
    request = Request("DELETE", trial.path("chat/completions"), trial.authorised())
    openai_error(await trial.ask(request), 404, 405)


@case("bad-json", 11, "A body that is no JSON: 400")
async def bad_json(trial: Trial) -> None:
    for body in (b"", b"{", b'{"model": }', b"\xff\xfe\x00", b"[" * 50, b"nonsense"):
        await _refused(trial, body)


@case("not-an-object", 11, "A body that is JSON, but no object: 400", "A list or null becomes a 500.")
async def not_an_object(trial: Trial) -> None:
    for body in (b"[]", b"null", b'"text"', b"7"):
        await _refused(trial, body)


@case("deep-json", 11, "JSON nested 100,000 deep: 400", "The recursion limit ends the worker.")
async def deep_json(trial: Trial) -> None:
    body = json.loads(trial.chat().body)
    nested = "[" * DEEP + "]" * DEEP
    await _refused(trial, json.dumps({**body, "x": 0}).encode().replace(b'"x": 0', f'"x": {nested}'.encode()))


@case("bad-utf8", 11, "A body that is not UTF-8: 400")
async def bad_utf8(trial: Trial) -> None:
    await _refused(trial, trial.chat().body.replace(b"lab:good", b"lab:good \xff\xfe"))


@case(
    "twice", 11, "A member that stands twice is refused, or means the same to all", "Checks see one, providers another."
)
async def duplicate_member(trial: Trial) -> None:
    body = trial.chat().body
    answer = await _raw(trial, b'{"model": "no-such-model",' + body[1:])
    if answer.status == 200:
        sent = trial.seen[0].asked.body
        equal(sent.count(b'"model"'), 1, "how often the member stands in what the provider got")
    else:
        openai_error(answer, 400, 404, 422)


@case("wrong-types", 11, "Members of the wrong type: 400 that names them", "They reach the provider, or make a 500.")
async def wrong_types(trial: Trial) -> None:
    wrong: dict[str, Any] = {
        "messages": "text",
        "model": 7,
        "stream": "yes",
        "temperature": "hot",
        "max_tokens": {},
        "tools": 3,
    }
    for member, value in wrong.items():
        error = openai_error(await trial.ask(trial.chat(**{member: value})), 400, 422)
        expect(member in str(error), f"the error about {member} does not name it: {error['message']}")


@case("missing-members", 11, "Members that are missing: 400 that names them")
async def missing_members(trial: Trial) -> None:
    body = json.loads(trial.chat().body)
    for member in ("messages", "model"):
        rest = {name: value for name, value in body.items() if name != member}
        error = openai_error(await trial.ask(trial.post("chat/completions", rest)), 400, 422)
        expect(member in str(error), f"the error does not name {member}: {error['message']}")


@case("no-messages", 11, "An empty list of messages: 400")
async def no_messages(trial: Trial) -> None:
    openai_error(await trial.ask(trial.chat(messages=[])), 400, 422)


@case("many-messages", 25, "10,000 messages: all of them reach the provider", "Validation takes seconds.", alone=True)
async def many_messages(trial: Trial) -> None:
    told = [{"role": "user", "content": "Ahoy!"}] * MANY + [{"role": "user", "content": trial.marker()}]
    await trial.good(trial.chat(messages=told))
    equal(len(json.loads(trial.seen[0].asked.body)["messages"]), MANY + 1, "the number of messages at the provider")


@case("hostile-headers", 11, "Strange header values change nothing", "They are copied to the provider or the logs.")
async def hostile_headers(trial: Trial) -> None:
    request = trial.chat().with_headers(
        x_request_id="\xff\xfe\t<script>", traceparent="00-zz-zz-zz", x_stainless_retry_count="-1e9", cookie="a=b; c"
    )
    answer = await trial.good(request)
    expect("<script>" not in str(answer.headers), "a hostile request id comes back")
    names = {name for name, _ in trial.seen[0].asked.headers}
    expect("cookie" not in names, "the caller's cookies reach the provider")


@case("body-cap", 25, "A body announced as 1 TB is refused before it is read", "It is awaited, or read into memory.")
async def body_cap(trial: Trial) -> None:
    request = Request("POST", trial.path("chat/completions"), trial.authorised())
    announced = request.with_headers(content_length=str(ANNOUNCED_BYTES))
    openai_error(await trial.ask(announced), 413)


@case("body-cap-chunked", 25, "So is one without a length, as soon as it is too long", "Only the header is looked at.",
      alone=True)  # fmt: skip
async def body_cap_chunked(trial: Trial) -> None:
    request = Request("POST", trial.path("chat/completions"), trial.authorised(), chunked=True)
    piece = b"%x\r\n%b\r\n" % (MEGABYTE, b" " * MEGABYTE)
    async with trial.connection() as exchange:
        await exchange.raw(request.head(trial.target.address.authority))
        async with trial.beside(exchange.head()) as (answering,):
            for _ in range(MOST_SENT_MB):
                if answering.done():
                    break
                await exchange.raw(piece)
            expect(answering.done(), f"{MOST_SENT_MB} MB were taken without an answer")
        openai_error(await exchange.answer(), 413)


@case("body-20mb", 25, "20 MB: answered or refused with 413, never a 5xx", alone=True)
async def twenty_megabytes(trial: Trial) -> None:
    for chunked in (False, True):
        request = trial.chat(lab_padding="x" * 20 * MEGABYTE)
        answer = await trial.ask(Request("POST", request.path, request.headers, request.body, chunked=chunked))
        expect(answer.status in {200, 413}, f"{answer}")


@case("decompression-bomb", 25, "A compressed body is not blown up", "1 MB on the wire, 1 GB in memory.", alone=True)
async def bomb(trial: Trial) -> None:
    packed = gzip.compress(b" " * BOMB_MB * MEGABYTE)
    request = Request("POST", trial.path("chat/completions"), trial.authorised(), packed)
    openai_error(await trial.ask(request.with_headers(content_encoding="gzip")), 400, 413, 415)


@case("smuggling", 25, "Content-Length and Transfer-Encoding together are refused", "Two readers see two requests.")
async def smuggling(trial: Trial) -> None:
    async with trial.connection() as exchange:
        lines = [f"POST {trial.path('chat/completions')} HTTP/1.1", f"host: {trial.target.address.authority}"]
        lines += [f"authorization: Bearer {trial.target.key}", "content-length: 4", "transfer-encoding: chunked"]
        await exchange.raw("\r\n".join([*lines, "", "0", "", "GET /smuggled HTTP/1.1", "", ""]).encode())
        answer = await exchange.answer()
        expect(answer.status in {400, 411, 413, 501}, f"it is taken: {answer}")
