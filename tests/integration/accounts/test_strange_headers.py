"""Requests whose headers make no sense: they get an ordinary answer, not a failure of ours."""

import pytest

from tests.factories.accounts import make_project

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("cookie", ['"\\000aaaaaaaaaaaaaaaa"', "a" * 4000, '"\\377\\376aaaaaaaaaaaa"'])
def test_a_session_cookie_that_cannot_be_one_leads_to_the_sign_in_page(client, cookie):
    client.cookies.load(f"flywheel_session={cookie}")
    answer = client.get(f"/p/{make_project().slug}/")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/sign-in/")


@pytest.mark.parametrize(
    "headers", [{"hx-request": "true", "hx-current-url": "http://[bad"}, {"referer": "http://[bad"}]
)
def test_a_page_address_that_cannot_be_read_leads_back_to_the_start(client, headers):
    send = client.get if "hx-request" in headers else client.post
    answer = send(f"/p/{make_project().slug}/settings/", headers=headers)
    assert "/sign-in/?next=/" in (answer.get("HX-Redirect") or answer["Location"])
