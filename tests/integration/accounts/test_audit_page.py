"""The audit page, and what is written down."""

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.domain.roles import Role
from apps.accounts.models import AuditEvent, Project
from apps.accounts.queries.audit import AUDIT_PAGE
from apps.accounts.services import Actor, record_change, revoke_key
from tests.factories.accounts import browser, make_member, make_project, make_secret_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def page_of(project: Project, role: Role = Role.ADMIN, *, this_project_only: bool = False, **query: str) -> Any:
    client = browser(make_member(project, role, this_project_only=this_project_only))
    AuditEvent.objects.filter(action="user.signed_in").delete()
    return client.get(reverse("accounts:audit", args=[project.slug]), query)


def record(project: Project, action: str = "route.created", target: str = "support", **options: Any) -> AuditEvent:
    return record_change(actor=Actor(), action=action, target=target, project=project, **options)


def test_changes_stand_newest_first(project: Project) -> None:
    for number in range(3):
        record(project, target=f"route {number}")

    assert [event.target for event in page_of(project).context["page"].events] == ["route 2", "route 1", "route 0"]


def test_a_long_log_is_paged_without_gaps_and_repeats(project: Project) -> None:
    total = 2 * AUDIT_PAGE + 7
    AuditEvent.objects.bulk_create(
        AuditEvent(organisation=project.organisation, project=project, action="a.b", target=str(number))
        for number in range(total)
    )
    # All in one instant, so that only the id tells them apart.
    AuditEvent.objects.update(at=AuditEvent.objects.earliest("at").at)

    seen, cursor = [], ""
    while True:
        page = page_of(project, cursor=cursor).context["page"]
        seen += [event.target for event in page.events]
        if page.older is None:
            break
        cursor = page.older

    assert len(seen) == total
    assert sorted(map(int, seen)) == list(range(total))


@pytest.mark.parametrize("cursor", ["x", "~", "2026-01-01~", "2026-01-01T00:00:00~x", "\x00"])
def test_a_cursor_that_is_none_starts_at_the_top(project: Project, cursor: str) -> None:
    record(project)

    assert len(page_of(project, cursor=cursor).context["page"].events) == 1


def test_the_log_can_be_narrowed_by_action_and_by_person(project: Project) -> None:
    engineer = make_member(project)
    revoke_key(actor=Actor(user=engineer), key=make_secret_key(project).key)
    record(project)

    by_action = page_of(project, action="key.revoked").context["page"].events
    by_person = page_of(project, actor=str(engineer.id)).context["page"].events
    by_nobody = page_of(project, actor="none").context["page"].events

    assert [event.action for event in by_action] == ["key.revoked"]
    assert [event.action for event in by_person] == ["key.revoked"]
    assert {event.action for event in by_nobody} == {"key.created", "route.created"}


def test_an_unknown_filter_is_told_and_filters_nothing(project: Project) -> None:
    record(project)

    answer = page_of(project, actor="somebody", action="no.such")

    assert len(answer.context["page"].events) == 1
    assert set(answer.context["form"].errors) == {"actor", "action"}


def test_other_projects_and_organisations_stay_out(project: Project) -> None:
    record(make_project(), target="foreign")
    record(make_project(organisation=project.organisation), target="sister")
    record(project, target="own")

    assert [event.target for event in page_of(project).context["page"].events] == ["own"]


def test_only_admins_of_the_whole_organisation_read_what_concerns_it(project: Project) -> None:
    record_change(actor=Actor(), action="user.signed_in", target="ada", organisation=project.organisation)
    record(project, target="own")
    client = browser(make_member(project, Role.ADMIN, this_project_only=True))

    there = client.get(reverse("accounts:audit", args=[project.slug])).context["page"].events
    everywhere = browser(make_member(project, Role.ADMIN)).get(reverse("accounts:audit", args=[project.slug]))

    assert [event.target for event in there] == ["own"]
    assert "ada" in {event.target for event in everywhere.context["page"].events}


def test_engineers_do_not_read_the_log(project: Project) -> None:
    assert page_of(project, Role.ENGINEER).status_code == 403


def test_htmx_gets_the_rows_alone(project: Project) -> None:
    record(project)
    client = browser(make_member(project, Role.ADMIN))

    part = client.get(reverse("accounts:audit", args=[project.slug]), headers={"HX-Request": "true"}).content.decode()

    assert "route.created" in part
    assert "<html" not in part


def test_what_people_wrote_is_escaped(project: Project) -> None:
    record(project, target="<script>alert(1)</script>", detail={"to": "<img src=x>"})

    page = page_of(project).content.decode()

    assert "<script>alert" not in page
    assert "<img src=x>" not in page
