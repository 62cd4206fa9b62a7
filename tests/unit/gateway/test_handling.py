"""The application itself, driven over ASGI without a server, for what is hard to bring about from outside."""

import asyncio
import hashlib
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from apps.gateway.proxy import handling, reading
from apps.gateway.proxy.context import Context
from apps.gateway.proxy.doors import CHAT_DOOR
from apps.gateway.proxy.durable import DurableRecords
from apps.gateway.proxy.refusals import Refusal
from apps.gateway.snapshot import Snapshot
from apps.serving.services import HttpClient
from tests.factories.hot_path import HELLO, make_key, make_model, make_upstream
from tests.helpers.spool import spooled

REQUEST = json.dumps({"model": "helper", "messages": HELLO}).encode()


class BrokenAdapter:
    def request(self, call, credential):
        raise RuntimeError("a bug")


def make_context(tmp_path, adapter=None, **fields) -> Context:
    upstream = make_upstream() if adapter is None else replace(make_upstream(), adapter=adapter)
    keys = {hashlib.sha256(b"fw_sk_a").digest(): make_key(make_model(upstream=upstream))}
    keeper = SimpleNamespace(current=Snapshot(number=1, keys=keys))
    known = {
        "keeper": keeper,
        "records": DurableRecords(tmp_path),
        "ledger": DurableRecords(tmp_path / "ledger"),
        "limiter": None,
        "client": HttpClient(),
        "conversations": None,
        "caches": None,
        "idempotency": None,
        "max_body_bytes": 1000,
    }
    return Context(**(known | fields))


def run(context: Context, *messages, headers=((b"authorization", b"Bearer fw_sk_a"),)) -> list[dict]:
    """What is sent when these messages are received, and nothing after them."""
    sent = []

    async def main():
        waiting = iter(messages)

        async def receive():
            return next(waiting, None) or await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        await handling.answer(context, CHAT_DOOR, {"headers": headers, "path": "/v1/chat/completions"}, receive, send)

    asyncio.run(main())
    return sent


def request(body=REQUEST, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_bug_is_answered_recorded_and_logged_with_its_trace(tmp_path, caplog):
    head, content = run(make_context(tmp_path, BrokenAdapter()), request())
    assert head["status"] == 500
    assert json.loads(content["body"])["error"]["code"] == "internal_error"
    trace_id = dict(head["headers"])[b"x-flywheel-trace-id"].decode()
    entry = spooled(tmp_path, trace_id=trace_id)[0]
    assert entry.attributes["error.type"] == "internal_error"
    assert trace_id in caplog.text
    assert "a bug" not in content["body"].decode()


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"draining": True}, "shutting_down"), ({"keeper": SimpleNamespace(current=None)}, "not_ready")],
)
def test_a_gateway_that_cannot_take_requests_says_so_at_once(tmp_path, fields, code):
    with pytest.raises(Refusal) as caught:
        run(make_context(tmp_path, **fields))
    assert (caught.value.status, caught.value.code) == (503, code)
    assert (b"retry-after", b"1") in caught.value.headers


def test_a_caller_who_leaves_while_sending_is_on_record(tmp_path):
    assert run(make_context(tmp_path), request(b"{", more=True), {"type": "http.disconnect"}) == []
    entry, *steps = spooled(tmp_path)
    assert entry.attributes["http.response.status_code"] == 499
    assert [step.name for step in steps] == ["authorize", "receive"]


def test_a_body_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.01)
    head, _ = run(make_context(tmp_path), request(b"{", more=True))
    assert head["status"] == 408
    assert (b"connection", b"close") in head["headers"]


def test_a_body_in_pieces_is_put_together_up_to_the_limit(tmp_path):
    context = make_context(tmp_path, BrokenAdapter())
    whole = run(context, request(REQUEST[:10], more=True), request(REQUEST[10:]))
    assert whole[0]["status"] == 500, "understood, and handed to the broken adapter"
    long = run(context, request(b"x" * 600, more=True), request(b"x" * 600, more=True))
    assert long[0]["status"] == 413


def test_keys_that_do_not_exist_are_counted_but_not_recorded(tmp_path):
    context = make_context(tmp_path)
    head, _ = run(context, request(), headers=((b"authorization", b"Bearer fw_sk_b"),))
    assert head["status"] == 401
    assert context.unknown_keys == 1
    assert spooled(tmp_path) == []
