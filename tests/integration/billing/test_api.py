"""GET /api/spend and GET /api/ledger."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from llmkit import clock
from llmkit.usage import Usage
from tests.factories.accounts import make_project, make_public_key, make_secret_key
from tests.factories.billing import reserve, spend

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def api(project):
    headers = {"Authorization": f"Bearer {make_secret_key(project).text}"}
    return lambda path, **query: Client(headers=headers).get(f"/api/{path}?{urlencode(query)}")


def test_spend_is_told_in_dollars_and_exactly(project, api):
    spend(project, 1_500_000_000, model="big", estimated=True)
    spend(project, 500_000_000, model="small")
    reserve(project, 7, at=clock.now() - timedelta(hours=1))
    body = api("spend", by="model").json()
    assert (body["by"], body["total"]["cost"], body["total"]["amount_nano"]) == ("model", 2.0, 2_000_000_000)
    assert [(row["value"], row["cost"], row["estimated_nano"]) for row in body["rows"]] == [
        ("big", 1.5, 1_500_000_000),
        ("small", 0.5, 0),
    ]
    assert (body["unsettled"], body["unsettled_nano"]) == (1, 7)


def test_the_period_is_whole_hours_and_told(project, api):
    spend(project, 10)
    spend(project, 5, at=clock.now() - timedelta(hours=50))
    start = clock.now() - timedelta(hours=20)
    body = api("spend", **{"from": start.isoformat()}).json()
    assert body["total"]["amount_nano"] == 10
    assert body["from"] == f"{start:%Y-%m-%dT%H:00:00Z}"


def test_the_ledger_is_read_page_by_page(project, api):
    written = [spend(project, n, at=clock.now() - timedelta(minutes=n)) for n in range(1, 6)]
    seen, cursor = [], ""
    while cursor is not None:
        body = api("ledger", limit=2, cursor=cursor).json()
        seen += body["entries"]
        cursor = body["next_cursor"]
    assert [entry["trace_id"] for entry in seen] == [record.trace_id for record in written]


def test_an_entry_says_everything_that_the_ledger_holds(project, api):
    usage = Usage(prompt_tokens=3, raw={"prompt_tokens": 3})
    spend(project, 1_000_000, usage=usage, user="ada", session="s1", tags={"team": "x"}, response_id="r1")
    (entry,) = api("ledger", user="ada", kind="settle").json()["entries"]
    assert (entry["cost"], entry["amount_nano"], entry["user"], entry["session"]) == (0.001, 1_000_000, "ada", "s1")
    assert (entry["tags"], entry["response_id"]) == ({"team": "x"}, "r1")
    assert entry["usage"] == {"prompt_tokens": 3, "raw": {"prompt_tokens": 3}}


def test_a_trace_is_found_with_all_its_entries(project, api):
    record = reserve(project)
    spend(project, trace_id=record.trace_id, span_id=record.span_id)
    spend(project)
    entries = api("ledger", trace_id=record.trace_id.upper()).json()["entries"]
    assert {entry["kind"] for entry in entries} == {"reserve", "settle"}


@pytest.mark.parametrize(
    ("path", "query", "param"),
    [
        ("spend", {"by": "colour"}, "by"),
        ("spend", {"from": "2026-02-01", "to": "2026-01-01"}, "from"),
        ("spend", {"from": "2020-01-01", "to": "2026-01-01"}, "from"),
        ("spend", {"from": "9999-12-31T23:59:59"}, "from"),
        ("ledger", {"to": "9999-12-31T23:59:59"}, "from"),
        ("ledger", {"to": "0001-01-01"}, "from"),
        ("ledger", {"cursor": "nonsense"}, "cursor"),
        ("ledger", {"trace_id": "xyz"}, "trace_id"),
        ("ledger", {"key": "xyz"}, "key"),
        ("ledger", {"kind": "gift"}, "kind"),
        ("ledger", {"user": "\0"}, "user"),
        ("ledger", {"limit": "0"}, "limit"),
    ],
)
def test_what_makes_no_sense_is_named(api, path, query, param):
    answer = api(path, **query)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == param


@pytest.mark.parametrize("path", ["spend", "ledger"])
def test_a_key_without_the_scope_is_refused(project, path):
    for headers in ({}, {"Authorization": f"Bearer {make_public_key(project, 'https://a.example').text}"}):
        assert Client(headers=headers).get(f"/api/{path}").status_code in {401, 403}


def test_another_projects_money_is_never_told(api):
    other = make_project()
    record = spend(other, 10, user="ada")
    reserve(other, at=clock.now() - timedelta(hours=1))
    body = api("spend", by="user").json()
    assert (body["total"]["amount_nano"], body["rows"], body["unsettled"]) == (0, [], 0)
    assert api("ledger", trace_id=record.trace_id).json()["entries"] == []
