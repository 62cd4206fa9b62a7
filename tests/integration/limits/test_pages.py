"""The limits pages."""

import html

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.limits.domain.rules import Ask, Metric, Window
from apps.limits.models import Limit
from tests.factories.accounts import browser, make_member, make_project, make_secret_key
from tests.factories.limits import DOLLAR, count_in, make_limit, rules_for, with_limiters

HOSTILE = '<script>alert("x")</script>'
FIELDS = {
    "title": "Monthly budget",
    "subject": "project",
    "key": "",
    "end_user": "",
    "name": "",
    "metric": "cost",
    "value": "12.50",
    "window": "month",
    "hard": "1",
    "away": "lease",
    "share": "2",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def engineer(client, project):
    client.force_login(make_member(project, Role.ENGINEER))
    return client


def page(client, name, project, /, *more):
    return client.get(reverse(f"limits:{name}", args=[project.slug, *more]))


def submit(client, name, project, /, *more, **fields):
    return client.post(reverse(f"limits:{name}", args=[project.slug, *more]), fields)


def text_of(answer) -> str:
    return html.unescape(answer.content.decode())


def test_a_budget_is_set_in_dollars_and_shown_as_such(engineer, project):
    answer = submit(engineer, "new", project, **FIELDS)
    limit = Limit.objects.get()
    assert answer.url == reverse("limits:limit", args=[project.slug, limit.id])
    assert (limit.value, limit.share, limit.hard) == (12_500_000_000, 0.02, True)
    assert "$12.50 per month" in text_of(page(engineer, "limits", project))


def test_what_is_used_and_leased_now_is_shown(engineer, project):
    limit = make_limit(project, Metric.TOKENS, 1_000)
    rules = rules_for(make_secret_key(project).key)
    # A request that is still under way when its process ends keeps what it took.
    with_limiters(lambda limiter: count_in(limiter, rules, 1, Ask(tokens=250)), lease_share=0.0)
    shown = text_of(page(engineer, "limit", project, limit.id))
    assert "250 of 1,000 tokens, 250 of it leased" in shown
    assert "it could be granted once more: 250 tokens too much at worst" in shown


def test_a_limit_is_changed_without_forgetting_what_was_counted(engineer, project):
    limit = make_limit(project, value=10)
    rules = rules_for(make_secret_key(project).key)
    with_limiters(lambda limiter: count_in(limiter, rules, 4))
    changed = {name: FIELDS[name] for name in ("hard", "away", "share")} | {"title": "Fewer", "value": "5"}
    assert submit(engineer, "edit", project, limit.id, **changed).status_code == 302
    assert "4 of 5 requests" in text_of(page(engineer, "limits", project))


def test_a_limit_is_removed(engineer, project):
    limit = make_limit(project)
    submit(engineer, "remove", project, limit.id)
    assert not Limit.objects.exists()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"metric": "requests", "value": "1.5"}, "A whole number"),
        ({"value": "9999999999"}, "at most $9,000,000.00"),
        ({"window": "minute"}, "A budget is kept by the day"),
        ({"subject": "organisation"}, "can't be held against the whole organisation"),
        ({"name": HOSTILE}, "name"),
        ({"value": "many"}, "Enter a number"),
        ({"share": "101"}, "less than or equal to 100"),
    ],
)
def test_what_makes_no_sense_comes_back_with_a_reason(engineer, project, changes, complaint):
    answer = submit(engineer, "new", project, **(FIELDS | changes))
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert not Limit.objects.exists()


def test_texts_of_others_are_text(engineer, project):
    limit = make_limit(project, title=HOSTILE, subject="user", window=Window.DAY)
    rules = rules_for(make_secret_key(project).key)
    with_limiters(lambda limiter: count_in(limiter, rules, 1, Ask(user=HOSTILE)))
    for answer in (page(engineer, "limits", project), page(engineer, "limit", project, limit.id)):
        assert HOSTILE.encode() not in answer.content
        assert HOSTILE in text_of(answer)


def test_an_organisations_limit_is_seen_by_engineers_and_changed_by_its_admins(engineer, project):
    limit = make_limit(project, Metric.COST, DOLLAR, whole_organisation=True, subject="organisation")
    shown = text_of(page(engineer, "limit", project, limit.id))
    assert "all projects together" in shown
    assert "Remove this limit" not in shown
    assert submit(engineer, "remove", project, limit.id).status_code == 403
    admin = browser(make_member(project, Role.ADMIN))
    assert "Remove this limit" in text_of(page(admin, "limit", project, limit.id))
    assert submit(admin, "remove", project, limit.id).status_code == 302


def test_only_admins_are_offered_limits_for_the_organisation(engineer, project):
    assert "whole_organisation" not in text_of(page(engineer, "new", project))
    assert "whole_organisation" in text_of(page(browser(make_member(project, Role.ADMIN)), "new", project))


def test_viewers_read_and_change_nothing(client, project):
    limit = make_limit(project)
    client.force_login(make_member(project, Role.VIEWER))
    assert page(client, "limits", project).status_code == 200
    assert "Remove" not in text_of(page(client, "limit", project, limit.id))
    assert page(client, "new", project).status_code == 403
    assert submit(client, "remove", project, limit.id).status_code == 403


def test_limits_of_another_project_are_not_there(engineer, project):
    other = make_limit(make_project())
    assert page(engineer, "limit", project, other.id).status_code == 404
    assert submit(engineer, "remove", project, other.id).status_code == 404
    assert submit(engineer, "edit", project, other.id, **FIELDS).status_code == 404
