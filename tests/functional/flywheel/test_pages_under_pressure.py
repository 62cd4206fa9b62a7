import http.client
import json
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from flywheel.bounds import WORKING_AT_ONCE
from tests.factories.accounts import make_project, make_secret_key
from tests.helpers.processes import ServerProcess


def ask(server: ServerProcess, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        link.request(method, path, body, headers)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def database_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_pages_keep_no_database_connections_when_they_are_done(gateway_process: ServerProcess) -> None:
    ask(gateway_process, "GET", "/healthz")
    before = database_connections()
    for _ in range(30):
        assert ask(gateway_process, "GET", "/healthz")[0] == 200
    assert database_connections() <= before + 1


def test_many_more_callers_than_connections_are_all_answered(gateway_process: ServerProcess) -> None:
    """More at once than Postgres takes connections; each works for a while, waiting for a trace that does not come."""
    key = make_secret_key(make_project()).text
    body = json.dumps({"trace_id": "1" * 32, "label": "up"}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with ThreadPoolExecutor(4 * WORKING_AT_ONCE) as callers:
        asked = [
            callers.submit(ask, gateway_process, "POST", "/api/feedback", body, **headers)
            for _ in range(4 * WORKING_AT_ONCE)
        ]
    assert {each.result()[0] for each in asked} == {404}


def test_a_body_too_large_for_the_api_is_refused_before_it_is_sent(gateway_process: ServerProcess) -> None:
    link = http.client.HTTPConnection("127.0.0.1", gateway_process.port, timeout=60)
    link.putrequest("POST", "/api/feedback")
    link.putheader("Content-Length", "3000000")
    link.endheaders()
    answer = link.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "body_too_large")
    link.close()
