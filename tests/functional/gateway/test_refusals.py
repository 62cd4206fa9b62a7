"""Requests that are not answered, and what their senders are told."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey
from apps.accounts.services import Actor, revoke_key
from tests.factories.accounts import make_project, make_public_key, make_secret_key
from tests.factories.serving import make_model, make_provider
from tests.functional.gateway.conftest import House
from tests.helpers.calling import CHAT, Caller, read_until_closed
from tests.helpers.mock_provider import MockProvider
from tests.helpers.processes import ServerProcess
from tests.helpers.spool import entry_of
from tests.helpers.waiting import eventually


def test_a_request_without_a_right_key_is_refused(caller: Caller) -> None:
    for authorization, code in (
        ("", "missing_api_key"),
        ("Basic abc", "missing_api_key"),
        ("Bearer fw_sk_wrong", "invalid_api_key"),
        ("Bearer \xff\xfe", "invalid_api_key"),
    ):
        answer = caller.chat("helper", headers={"authorization": authorization})
        assert (answer.status, answer.error["code"]) == (401, code)
        assert set(answer.error) == {"message", "type", "param", "code"}
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_refused_within_two_seconds(caller: Caller, house: House) -> None:
    revoke_key(actor=Actor(), key=ApiKey.objects.get(project=house.project))
    answer = eventually(lambda: (got := caller.chat("helper")).status == 401 and got, within=2.0)
    assert answer.error["code"] == "revoked_api_key"


def test_an_expired_key_is_refused_in_the_moment_it_expires(house: House, gateway_process: ServerProcess) -> None:
    soon = timezone.now() + timedelta(seconds=1.5)
    caller = Caller(gateway_process.url, make_secret_key(house.project, expires_at=soon).text)
    eventually(lambda: caller.get("/v1/models").status == 200)
    answer = eventually(lambda: (got := caller.chat("helper")).status == 401 and got)
    assert answer.error["code"] == "expired_api_key"
    assert timezone.now() >= soon


def test_a_key_without_the_scope_may_not_call_models(house: House, gateway_process: ServerProcess) -> None:
    for issued in (
        make_secret_key(house.project, scopes=["read"]),
        make_public_key(house.project, "https://a.example"),
    ):
        caller = Caller(gateway_process.url, issued.text)
        answer = eventually(lambda caller=caller: (got := caller.chat("helper")).status != 401 and got)
        assert (answer.status, answer.error["code"]) == (403, "scope_missing")


def test_a_key_for_some_models_may_not_use_the_others(house: House, gateway_process: ServerProcess) -> None:
    key = make_secret_key(house.project, models_allowed=["support"]).text
    caller = Caller(gateway_process.url, key)
    eventually(lambda: caller.get("/v1/models").status == 200)
    assert caller.chat("support").status == 200
    answer = caller.chat("helper")
    assert (answer.status, answer.error["code"], answer.error["param"]) == (403, "model_not_allowed", "model")
    assert [model["id"] for model in caller.get("/v1/models").json["data"]] == ["support"]


def test_an_unknown_model_is_answered_with_what_the_key_may_use(caller: Caller) -> None:
    answer = caller.chat("gpt-9")
    assert (answer.status, answer.error["param"]) == (404, "model")
    assert "helper, support" in answer.error["message"]
    assert caller.get("/v1/models/gpt-9").status == 404


def test_models_of_another_project_do_not_exist(caller: Caller, provider: MockProvider) -> None:
    make_model(make_provider(make_project(), base_url=provider.url), name="theirs")
    answer = caller.chat("theirs")
    assert answer.status == 404
    assert "theirs" not in answer.error["message"].split("may use")[1]


def test_a_member_of_the_wrong_type_is_named(caller: Caller, provider: MockProvider) -> None:
    for members, param in (({"temperature": "hot"}, "temperature"), ({"messages": [{"role": 1}]}, "messages[0].role")):
        answer = caller.chat("helper", **members)
        assert (answer.status, answer.error["param"]) == (400, param)
    assert provider.asked == []


def test_a_body_that_is_no_json_object_is_refused(caller: Caller, provider: MockProvider) -> None:
    for body in (b"", b"hello", b"[]", b'{"model": "helper", "messages": [{"role": "user", "content": "\xff"}]}'):
        answer = caller.post(body)
        assert (answer.status, answer.error["type"]) == (400, "invalid_request_error")
    assert provider.asked == []


def test_a_member_that_stands_twice_is_refused(caller: Caller, provider: MockProvider) -> None:
    bodies = [
        b'{"model":"support","messages":[{"role":"user"}],"model":"helper"}',
        b'{"model": "helper", "mod\\u0065l": "helper", "messages": [{"role": "user"}]}',
    ]
    for body in bodies:
        answer = caller.post(body)
        assert (answer.status, answer.error["param"]) == (400, "model")
    assert provider.asked == []


@pytest.fixture
def small_gateway(house: House, start_server) -> Caller:
    """A gateway that takes bodies of at most 1000 bytes."""
    return house.caller(start_server(FLYWHEEL_GATEWAY_MAX_BODY_BYTES="1000"))


def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(small_gateway: Caller) -> None:
    with small_gateway.connection() as connected:
        connected.sendall(small_gateway.head(1001))
        received = read_until_closed(connected)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert json.loads(received.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "body_too_large"


def test_a_body_without_length_is_read_up_to_the_limit_only(small_gateway: Caller) -> None:
    with small_gateway.connection() as connected:
        connected.sendall(small_gateway.head(transfer_encoding="chunked"))
        connected.sendall(b"3e9\r\n" + b"x" * 1001 + b"\r\n")
        received = read_until_closed(connected)
    assert received.startswith(b"HTTP/1.1 413 ")


def test_the_key_is_checked_before_the_body_is_read(small_gateway: Caller) -> None:
    stranger = Caller(small_gateway.url, "fw_sk_stranger")
    with stranger.connection() as connected:
        connected.sendall(stranger.head(1001))
        assert connected.recv(100).startswith(b"HTTP/1.1 401 ")


def test_paths_and_methods_that_do_not_exist_are_refused_in_the_same_shape(caller: Caller) -> None:
    for method, path, status in (
        ("POST", "/v1/moderations", 404),
        ("GET", "/v1/", 404),
        ("GET", CHAT, 405),
        ("POST", "/v1/models", 405),
    ):
        answer = caller.request(method, path, b"{}" if method == "POST" else None)
        assert (answer.status, set(answer.error)) == (status, {"message", "type", "param", "code"})


def test_refused_requests_of_a_project_are_on_record(caller: Caller, gateway_process: ServerProcess) -> None:
    for answer, code in (
        (caller.chat("gpt-9"), "model_not_found"),
        (caller.chat("helper", temperature="hot"), "invalid_type"),
        (caller.post(b"no json"), "invalid_json"),
    ):
        entry = entry_of(gateway_process.spool, answer.trace_id)
        assert (entry.status, entry.attributes["error.type"]) == ("error", code)
        assert entry.attributes["http.response.status_code"] == answer.status
        assert json.loads(bytes(entry.response)) == answer.json
