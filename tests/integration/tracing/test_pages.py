"""The pages of traces, sessions and users, as the server renders them."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.tracing import services
from apps.tracing.services import Mark, extensions
from llmkit import clock
from llmkit.ids import new_trace_id
from tests.factories.accounts import make_member, make_project
from tests.factories.tracing import body, make_record, make_trace, store

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202ejavascript:alert(1)"


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def page(client, project):
    client.force_login(make_member(project))

    def page(path, *, part=False, **query):
        headers = {"HX-Request": "true"} if part else {}
        return client.get(f"/p/{project.slug}{path}", query, headers=headers)

    return page


@pytest.fixture
def no_extensions(monkeypatch):
    for name in ("_annotations", "_panels", "_marks"):
        monkeypatch.setattr(extensions, name, {})


def text(answer, status=200):
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def shown(answer):
    return re.findall(r'id="t-([0-9a-f]{32})-', text(answer))


@pytest.mark.parametrize("path", ["/traces/", "/traces/arrivals", "/sessions/", "/users/"])
def test_strangers_learn_nothing(client, project, path):
    assert client.get(f"/p/{project.slug}{path}").status_code == 302
    client.force_login(make_member(make_project()))
    assert client.get(f"/p/{project.slug}{path}").status_code == 404


def test_before_the_first_request_the_list_says_how_to_send_one(page, settings):
    shown = text(page("/traces/"))
    assert f"{settings.PUBLIC_URL}/v1" in shown
    assert "Waiting for the first request" in shown
    assert 'data-live="3"' in shown


def test_the_list_shows_what_happened(page, project):
    entry = make_trace(project, question="Which rope holds?", answer="Twelve millimetres.")
    shown = text(page("/traces/"))
    for expected in ("Which rope holds?", "Twelve millimetres.", "support", "tiny-demo", "1.00", "250", "$0.0000056"):
        assert expected in shown
    assert f"/p/{project.slug}/traces/{entry.trace_id.hex}/" in shown


def test_other_projects_are_not_in_the_list(page):
    make_trace(make_project())
    assert shown(page("/traces/")) == []


def test_a_filter_that_fits_nothing_says_so_instead_of_showing_the_snippet(page, project):
    make_trace(project)
    shown = text(page("/traces/", user="nobody"))
    assert "No trace fits" in shown
    assert "Waiting for" not in shown


def test_filters_stand_in_the_form_and_work(page, project):
    ann = make_trace(project, user="ann", question="anchor chain")
    failed = make_trace(project, failed=True)
    assert shown(page("/traces/", user="ann")) == [ann.trace_id.hex]
    assert shown(page("/traces/", q="anchor")) == [ann.trace_id.hex]
    assert shown(page("/traces/", status="error", range="1h")) == [failed.trace_id.hex]
    assert len(shown(page("/traces/", model="tiny-demo", route="support"))) == 2
    html = text(page("/traces/", route="not in use", user="ann"))
    assert '<option value="not in use" selected>' in html
    assert '<option value="support">' in html
    assert 'value="ann"' in html


def test_nonsense_in_the_url_still_shows_the_page(page, project):
    entry = make_trace(project)
    query = {"range": "soon", "status": "odd", "cursor": "zzz", "from": "x", "user": "\0"}
    assert shown(page("/traces/", **query)) == [entry.trace_id.hex]
    assert shown(page("/traces/arrivals", since="never", **query)) in ([], [entry.trace_id.hex])


def test_a_fixed_stretch_of_time_is_told_and_not_live(page, project):
    old = make_trace(project, start=clock.now() - timedelta(days=9))
    make_trace(project)
    query = {
        "from": f"{clock.now() - timedelta(days=10):%Y-%m-%d %H:%M}",
        "to": f"{clock.now() - timedelta(days=8):%Y-%m-%d %H:%M}",
    }
    answer = page("/traces/", **query)
    assert shown(answer) == [old.trace_id.hex]
    assert "back to the last 24 hours" in text(answer)
    assert "tracing-poller" not in text(answer)


def test_ten_thousand_traces_are_paged_to_and_fro(page, project):
    begin = clock.now() - timedelta(hours=20)
    records = [make_record(project, start=begin + timedelta(seconds=6 * n)) for n in range(10_000)]
    for place in range(0, len(records), 2000):
        store(*records[place : place + 2000])
    newest_first = [record.trace_id for record in reversed(records)]

    with CaptureQueriesContext(connection) as asked:
        first = page("/traces/")
    assert len([query for query in asked if "tracing_" in query["sql"]]) <= 2
    second = page("/traces/", **cursors(first)["next"])
    third = page("/traces/", **cursors(second)["next"])
    back = page("/traces/", **cursors(third)["prev"])

    assert shown(first) == newest_first[:50]
    assert shown(second) == shown(back) == newest_first[50:100]
    assert shown(third) == newest_first[100:150]
    assert "prev" not in cursors(first)


def cursors(answer):
    found = re.findall(r'rel="(prev|next)" href="\?([^"]*)"', text(answer))
    return {name: {"cursor": re.search(r"cursor=([\w-]+)", query)[1]} for name, query in found}


def test_the_live_list_fetches_only_what_arrived_since(page, project):
    make_trace(project)
    mark = re.search(r"since=([^&\"]+)", text(page("/traces/")))[1].replace("%3A", ":").replace("%2B", "+")
    later = (clock.now() + timedelta(seconds=30)).isoformat()
    assert shown(page("/traces/arrivals", since=later)) == []
    assert page("/traces/arrivals", since="0001-01-01T00:00:00-14:00").status_code == 200

    slow = make_trace(project, start=clock.now() - timedelta(minutes=10))
    answer = page("/traces/arrivals", since=mark)

    assert slow.trace_id.hex in shown(answer)
    assert 'hx-swap-oob="afterbegin:#trace-rows"' in text(answer)
    assert 'id="tracing-poller"' in text(answer)


def test_more_arrivals_than_a_page_replace_the_list(page, project):
    store(*(make_record(project) for _ in range(60)))
    answer = page("/traces/arrivals", part=True, since=(clock.now() - timedelta(minutes=1)).isoformat())
    assert answer.headers["HX-Retarget"] == "#traces"
    assert len(shown(answer)) == 50


def test_htmx_gets_the_list_without_the_frame(page, project):
    make_trace(project)
    assert "<html" not in text(page("/traces/", part=True))
    assert len(shown(page("/traces/", part=True))) == 1


def test_marks_of_other_apps_stand_in_the_list(page, project, no_extensions):
    entry = make_trace(project)
    services.register_trace_marks("t", lambda project, ids: {ids[0]: [Mark("thumb-down", "Bad answer", "bad")]})
    assert "Bad answer" in text(page("/traces/"))
    assert shown(page("/traces/")) == [entry.trace_id.hex]


def test_the_trace_page_shows_steps_and_conversation(page, project):
    entry = make_trace(project, question="Which rope?", answer='{"intent": "rope"}', user="ann", session="s/1?x")
    html = text(page(f"/traces/{entry.trace_id.hex}/"))
    assert "Which rope?" in html
    assert "&quot;intent&quot;: &quot;rope&quot;" in html
    assert html.count('class="waterfall-row"') == 2
    assert f"/p/{project.slug}/sessions/thread/?id=s%2F1%3Fx" in html
    assert entry.trace_id.hex in html


def test_a_step_is_chosen_by_the_url(page, project):
    entry = make_trace(project)
    html = text(page(f"/traces/{entry.trace_id.hex}/"))
    other = next(span for span in re.findall(r"\?span=([0-9a-f]{16})", html) if span != entry.span_id)
    chosen = text(page(f"/traces/{entry.trace_id.hex}/", part=True, span=other, tab="raw"))
    assert "<html" not in chosen
    assert re.search(rf'href="\?span={other}&amp;tab=raw"[^>]*aria-current="true"', chosen)
    assert other in chosen
    for tab in ("attributes", "nonsense"):
        assert text(page(f"/traces/{entry.trace_id.hex}/", span="0", tab=tab))


def test_a_trace_of_another_project_or_none_is_not_found(page):
    stranger = make_trace(make_project())
    for wrong in (stranger.trace_id.hex, new_trace_id(), "nonsense"):
        assert page(f"/traces/{wrong}/").status_code == 404


def test_another_app_shows_its_panel_on_the_trace(page, project, no_extensions):
    entry = make_trace(project)
    services.register_trace_panel("tracing/_columns.html", lambda project, trace_id: {}, title="From elsewhere")
    html = text(page(f"/traces/{entry.trace_id.hex}/"))
    assert "From elsewhere" in html
    assert "Asked and answered" in html


def test_a_session_is_a_thread_of_what_was_added_each_time(page, project):
    begin = clock.now() - timedelta(minutes=5)
    for number, question in enumerate(["How long is the pier?", "And how deep?"]):
        history = [
            {"role": "user", "content": "How long is the pier?"},
            {"role": "assistant", "content": "Forty metres."},
        ]
        messages = [*(history if number else []), {"role": "user", "content": question}]
        store(
            make_record(
                project,
                start=begin + timedelta(minutes=number),
                attributes={"session.id": "pier talk", "user.id": "ann"},
                request=body({"messages": messages}),
                response=body({"choices": [{"message": {"role": "assistant", "content": f"answer {number}"}}]}),
            )
        )
    assert "pier talk" in text(page("/sessions/"))
    html = text(page("/sessions/thread/", id="pier talk"))
    assert html.count("How long is the pier?") == 1
    assert "And how deep?" in html
    assert html.index("answer 0") < html.index("And how deep?") < html.index("answer 1")
    assert page("/sessions/thread/", id="another").status_code == 404
    assert page("/sessions/thread/").status_code == 404


def test_a_session_belongs_to_every_window_that_it_overlaps(page, project):
    now = clock.now()
    for hours in (3, 0.01):
        make_trace(project, session="long", start=now - timedelta(hours=hours))
    make_trace(project, session="over", start=now - timedelta(hours=3))
    html = text(page("/sessions/", range="1h"))
    assert "long" in html
    assert "?id=over" not in html
    middle = {"from": f"{now - timedelta(hours=2):%Y-%m-%d %H:%M}", "to": f"{now - timedelta(hours=1):%Y-%m-%d %H:%M}"}
    assert "?id=long" in text(page("/sessions/", **middle))


def test_users_are_listed_with_what_they_did(page, project):
    make_trace(project, user="ann", session="a")
    make_trace(project, user="ann", session="b", failed=True)
    make_trace(project, user="bob")
    html = text(page("/users/"))
    assert html.index("?id=bob") < html.index("?id=ann")
    html = text(page("/users/one/", id="ann"))
    assert len(re.findall(r'id="t-', html)) == 2
    assert "?id=a&" in html or '?id=a"' in html
    assert "No requests in this time" in text(page("/users/one/", id="nobody"))


def test_lists_of_sessions_and_users_go_on_behind_their_cursor(page, project):
    begin = clock.now() - timedelta(hours=2)
    store(
        *(
            make_record(
                project,
                start=begin + timedelta(seconds=n),
                attributes={"session.id": f"session-{n:02}", "user.id": f"user-{n:02}"},
            )
            for n in range(60)
        )
    )
    for path, name in (("/sessions/", "session"), ("/users/", "user")):
        first = text(page(path))
        second = text(page(path, **cursors_of(first)))
        found = re.findall(rf"row-target[^?]*\?id=({name}-\d\d)", first + second)
        assert found == [f"{name}-{n:02}" for n in reversed(range(60))]


def cursors_of(html):
    return {"cursor": re.search(r"cursor=([\w-]+)", html)[1]}


def test_hostile_texts_stay_texts_on_every_page(page, project):
    entry = make_trace(
        project,
        question=HOSTILE,
        answer=HOSTILE,
        user=HOSTILE[:150],
        session=HOSTILE[:150],
        name=HOSTILE,
        status_message=HOSTILE,
        failed=True,
        attributes={"flywheel.route.name": HOSTILE[:90], "gen_ai.response.model": HOSTILE, HOSTILE: HOSTILE},
    )
    trace = f"/traces/{entry.trace_id.hex}/"
    name = HOSTILE[:150]
    pages = [page("/traces/"), page("/sessions/"), page("/users/"), page("/traces/arrivals")]
    pages += [page(trace, tab=tab) for tab in ("conversation", "attributes", "raw")]
    pages += [page("/sessions/thread/", id=name), page("/users/one/", id=name), page("/traces/", q=name, user=name)]
    for answer in pages:
        html = text(answer)
        assert "<script>alert" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html
    assert quote(name, safe="") in text(page("/users/"))
