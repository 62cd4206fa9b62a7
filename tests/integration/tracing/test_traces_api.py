"""GET /api/traces: what a key may read, and in which form."""

from datetime import timedelta

import pytest

from apps.tracing import services
from apps.tracing.services import extensions
from llmkit import clock
from llmkit.ids import new_trace_id
from tests.factories.accounts import make_project, make_public_key, make_secret_key
from tests.factories.tracing import make_record, make_trace, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def get(client, project):
    key = make_secret_key(project).text

    def get(path="", *, key=key, **query):
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return client.get(f"/api/traces{path}", query, headers=headers)

    return get


def listed(answer):
    assert answer.status_code == 200, answer.content
    return [trace["trace_id"] for trace in answer.json()["traces"]]


def test_a_trace_is_told_with_its_spans(get, project):
    entry = make_trace(project, question="Which rope?", answer="The blue one.", user="ann", session="s-1")

    body = get(f"/{entry.trace_id.hex}").json()

    assert body["trace_id"] == entry.trace_id.hex
    assert (body["user"], body["session"], body["route"], body["model"]) == ("ann", "s-1", "support", "tiny-demo")
    assert (body["cost"], body["cost_nano_usd"]) == (5.6e-06, 5_600)
    assert (body["input_tokens"], body["output_tokens"]) == (12, 34)
    first, second = body["spans"]
    assert (first["span_id"], first["parent_id"], first["is_entry"]) == (entry.span_id, None, True)
    assert (second["parent_id"], second["name"], second["kind"]) == (entry.span_id, "chat tiny-demo", "client")
    assert first["request"]["messages"][0]["content"] == "Which rope?"
    assert first["attributes"]["gen_ai.request.model"] == "support"
    assert body["start"] == first["start"] == entry.start_time.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert first["duration_us"] == 1_000_000
    assert body["feedback"] == []


def test_a_trace_without_an_entry_span_adds_up_its_steps(get, project):
    trace_id = new_trace_id()
    store(*(make_record(project, trace_id=trace_id, is_entry=False) for _ in range(2)))
    assert get(f"/{trace_id}").json()["cost_nano_usd"] == 11_200


def test_a_figure_that_nobody_knows_is_null(get, project):
    nothing = {"gen_ai.usage.input_tokens": None, "flywheel.cost.nano_usd": None}
    record = make_record(project, attributes=nothing)
    store(record)
    body = get(f"/{record.trace_id}").json()
    assert (body["input_tokens"], body["cost"]) == (None, None)


def test_a_trace_of_another_project_is_not_there(get):
    stranger = make_trace(make_project())
    answer = get(f"/{stranger.trace_id.hex}")
    assert answer.status_code == 404
    assert stranger.trace_id.hex in answer.json()["error"]["message"]
    assert listed(get()) == []


def test_an_id_that_is_none_is_named(get):
    for wrong in ("abc", "g" * 32, "1" * 33):
        answer = get(f"/{wrong}")
        assert answer.status_code == 422
        assert answer.json()["error"]["param"] == "trace_id"


def test_a_key_without_the_right_to_read_is_refused(get, project):
    assert get(key=None).status_code == 401
    assert get(key="fw_sk_unknown").status_code == 401
    assert get(key=make_secret_key(project, scopes=["gateway"]).text).status_code == 403
    assert get(key=make_public_key(project, "https://shop.example").text).status_code == 403


def test_pages_follow_their_cursor_without_gap_or_repetition(get, project):
    start = clock.now() - timedelta(minutes=10)
    records = [make_record(project, start=start + timedelta(seconds=n // 3)) for n in range(25)]
    store(*records)

    seen, cursor = [], ""
    while cursor is not None:
        answer = get(limit=4, cursor=cursor)
        seen += listed(answer)
        cursor = answer.json()["next_cursor"]

    assert len(seen) == len(set(seen)) == 25
    assert set(seen) == {record.trace_id for record in records}
    times = {record.trace_id: record.start_ns for record in records}
    assert [times[trace] for trace in seen] == sorted(times.values(), reverse=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "error"}, {"failed"}),
        ({"status": "ok"}, {"plain", "ann"}),
        ({"user": "ann"}, {"ann"}),
        ({"session": "s-9"}, {"ann"}),
        ({"model": "other-model"}, {"failed"}),
        ({"model": "support"}, {"plain", "ann", "failed"}),
        ({"route": "nothing"}, set()),
        ({"q": "anchor"}, {"ann"}),
        ({"q": "anch"}, {"ann"}),
        ({"q": '"light anchor"'}, {"ann"}),
        ({"q": "anchor -light"}, set()),
        ({"q": "-(rope"}, {"plain", "ann", "failed"}),
        ({"q": "'); drop table"}, set()),
        ({"q": "!!!"}, set()),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}, set()),
    ],
)
def test_filters_choose(get, project, query, found):
    traces = {
        "plain": make_trace(project),
        "ann": make_trace(project, user="ann", session="s-9", question="Is this light anchor enough?"),
        "failed": make_trace(project, failed=True, attributes={"gen_ai.response.model": "other-model"}),
    }
    assert set(listed(get(**query))) == {traces[name].trace_id.hex for name in found}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-02T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, "from"),
        ({"from": "2020-02-02T00:00:00Z"}, "from"),
        ({"status": "fine"}, "status"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": "\x00"}, "cursor"),
        ({"q": "x" * 501}, "q"),
        ({"user": "\x00"}, "user"),
    ],
)
def test_a_wrong_parameter_is_named(get, query, field):
    answer = get(**query)
    assert answer.status_code == 422, answer.content
    assert answer.json()["error"]["param"] == field


def test_only_the_last_day_is_listed_unless_more_is_asked_for(get, project):
    old = make_trace(project, start=clock.now() - timedelta(days=3))
    assert listed(get()) == []
    assert listed(get(**{"from": (clock.now() - timedelta(days=4)).isoformat()})) == [old.trace_id.hex]
    assert get(f"/{old.trace_id.hex}").status_code == 200


def test_a_list_costs_the_same_few_queries_whatever_its_length(get, project, django_assert_max_num_queries):
    for _ in range(5):
        make_trace(project)
    with django_assert_max_num_queries(2):
        get()


def test_another_app_adds_its_list_to_a_trace(get, project, monkeypatch):
    monkeypatch.setattr(extensions, "_annotations", {})
    services.register_trace_annotation("feedback", lambda project, trace_id: [{"score": 1, "trace": trace_id.hex}])
    entry = make_trace(project)
    assert get(f"/{entry.trace_id.hex}").json()["feedback"] == [{"score": 1, "trace": entry.trace_id.hex}]


def test_the_operations_stand_in_the_description_of_the_api(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/traces", "/api/traces/{trace_id}"} <= set(paths)
