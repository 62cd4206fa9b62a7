import json
import socket
import uuid

import pytest

from apps.accounts.services.limits import Limit
from apps.feedback import api
from apps.feedback.limits import WaitingRoom
from apps.feedback.models import Feedback
from tests.factories.accounts import make_project, make_public_key, make_secret_key
from tests.factories.tracing import make_trace

pytestmark = pytest.mark.django_db(transaction=True)

SHOP = "https://shop.example"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(api, "TRACE_PATIENCE", 0.2)


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def trace_id(project):
    return make_trace(project).trace_id


def post(client, key, origin="", **body):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if origin:
        headers["origin"] = origin
    return client.post("/api/feedback", json.dumps(body), content_type="application/json", headers=headers)


def test_a_backend_judges_a_trace_with_its_secret_key(client, project, trace_id):
    key = make_secret_key(project).text
    answer = post(client, key, trace_id=trace_id.hex, score=-1, comment="Wrong berth.", user="u-7")
    assert answer.status_code == 200, answer.content
    stored = Feedback.objects.get()
    assert (stored.trace_id, stored.score, stored.comment, stored.end_user, stored.source) == (
        trace_id,
        -1.0,
        "Wrong berth.",
        "u-7",
        "api",
    )


def test_the_same_person_changes_their_mind_and_others_keep_theirs(client, project, trace_id):
    key = make_secret_key(project).text
    for user, label in [("ann", "up"), ("bob", "up"), ("ann", "down")]:
        assert post(client, key, trace_id=trace_id.hex, label=label, user=user).status_code == 200
    assert dict(Feedback.objects.values_list("end_user", "score")) == {"ann": -1.0, "bob": 1.0}


def test_the_widget_judges_with_a_public_key_from_a_listed_origin(client, project, trace_id):
    key = make_public_key(project, SHOP).text
    answer = post(client, key, origin=SHOP, trace_id=trace_id.hex, label="up")
    assert answer.status_code == 200, answer.content
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert Feedback.objects.get().source == "widget"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://shop.example", ""])
def test_a_public_key_from_an_unlisted_origin_is_refused_and_nothing_is_stored(client, project, trace_id, origin):
    answer = post(client, make_public_key(project, SHOP).text, origin=origin, trace_id=trace_id.hex, label="up")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_listed")
    assert not Feedback.objects.exists()


def test_feedback_on_an_unknown_trace_is_not_found(client, project):
    answer = post(client, make_secret_key(project).text, trace_id=uuid.uuid4().hex, label="up")
    assert answer.status_code == 404
    assert not Feedback.objects.exists()


def test_feedback_on_another_projects_trace_is_not_found(client, trace_id):
    stranger = make_secret_key(make_project()).text
    assert post(client, stranger, trace_id=trace_id.hex, label="up").status_code == 404
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"trace_id": "zz", "label": "up"}, "trace_id"),
        ({"trace_id": "g" * 32, "label": "up"}, "trace_id"),
        ({"label": "up"}, "trace_id"),
        ({"trace_id": "T", "comment": "x" * 4001}, "comment"),
        ({"trace_id": "T", "score": 7}, "score"),
        ({"trace_id": "T", "score": "much"}, "score"),
        ({"trace_id": "T", "label": "up", "user": "u" * 201}, "user"),
        ({"trace_id": "T", "label": "up", "user": "a\0b"}, "user"),
        ({"trace_id": "T", "label": "up", "user": "a\ud800b"}, "user"),
        ({"trace_id": "T", "score": 1, "label": "a\0b"}, "label"),
        ({"trace_id": "0_" + "1" * 30, "label": "up"}, "trace_id"),
        ({"trace_id": "\uff11" * 32, "label": "up"}, "trace_id"),
        ({"trace_id": "T"}, "score"),
    ],
)
def test_what_makes_no_sense_is_refused_naming_the_field(client, project, trace_id, body, field):
    body = {name: trace_id.hex if value == "T" else value for name, value in body.items()}
    answer = post(client, make_secret_key(project).text, **body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["error"]["param"] == field
    assert not Feedback.objects.exists()


def test_half_a_character_in_a_comment_is_replaced_and_the_comment_kept(client, project, trace_id):
    answer = post(client, make_secret_key(project).text, trace_id=trace_id.hex, comment="cut \ud83d off\0")
    assert answer.status_code == 200, answer.content
    assert Feedback.objects.get().comment == "cut \ufffd off"


def test_only_some_wait_for_a_trace_that_does_not_come_and_the_others_are_told_at_once(client, project, monkeypatch):
    monkeypatch.setattr(api, "waiting_room", WaitingRoom(places=0))
    monkeypatch.setattr(api, "TRACE_PATIENCE", 3600)
    answer = post(client, make_secret_key(project).text, trace_id=uuid.uuid4().hex, label="up")
    assert answer.status_code == 404


def test_who_has_waited_makes_room_for_the_next(client, project):
    key, free = make_secret_key(project).text, api.waiting_room.free
    assert post(client, key, trace_id=uuid.uuid4().hex, label="up").status_code == 404
    assert api.waiting_room.free == free


def test_without_a_usable_key_nothing_is_taken(client, project, trace_id):
    assert post(client, "", trace_id=trace_id.hex, label="up").status_code == 401
    assert post(client, "fw_sk_wrong", trace_id=trace_id.hex, label="up").status_code == 401
    reader = make_secret_key(project, scopes=["read"]).text
    assert post(client, reader, trace_id=trace_id.hex, label="up").status_code == 403


def test_a_browser_may_ask_first_whether_it_may_send(client):
    answer = client.options("/api/feedback", headers={"origin": SHOP, "access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_one_address_cannot_flood_with_a_public_key(client, project, trace_id, monkeypatch):
    monkeypatch.setattr("apps.feedback.limits.PER_ADDRESS", Limit("feedback-test", most=2, window_s=3600))
    key = make_public_key(project, SHOP).text
    codes = [post(client, key, origin=SHOP, trace_id=trace_id.hex, label="up").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_feedback_is_taken_while_the_server_that_counts_it_hangs(client, project, trace_id, settings):
    """A frozen Redis accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings.CACHES = {name: entry | {"LOCATION": where} for name, entry in settings.CACHES.items()}
        key = make_public_key(project, SHOP).text
        assert post(client, key, origin=SHOP, trace_id=trace_id.hex, label="up").status_code == 200


def test_an_unknown_address_below_api_is_told_in_the_apis_own_form(client):
    answer = client.get("/api/nowhere")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_url")
