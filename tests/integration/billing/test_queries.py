"""What the ledger and its sums say, to whom."""

from datetime import timedelta

import pytest

from apps.accounts.models import Organisation
from apps.billing import queries
from apps.billing.domain.period import between, last
from apps.billing.queries import LedgerFilter, Spent, list_entries, spent_by, spent_since, totals
from apps.tracing.domain.cursor import BadCursor
from apps.tracing.domain.position import Position
from llmkit import clock
from llmkit.ids import uuid7
from tests.factories.accounts import make_project, make_secret_key
from tests.factories.billing import ledger, make_ledger_record, reserve, spend

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


def week():
    return last("7d", clock.now())


def course(project, period, dimension):
    return queries.course(project, period, dimension, spent_by(project, period, dimension))


def ago(**time):
    return clock.now() - timedelta(**time)


def test_totals_hold_money_requests_and_what_caches_saved(project):
    spend(project, 10)
    spend(project, 5, estimated=True)
    spend(project, 0, kind="cache_hit", saved_nano=7, usage=None)
    found = totals(project, week())
    assert (found.requests, found.cache_hits, found.amount_nano) == (2, 1, 15)
    assert (found.estimated_nano, found.saved_nano, found.input_tokens) == (5, 7, 2_000)


def test_the_costliest_come_first_under_the_names_people_know(project):
    key = make_secret_key(project).key
    spend(project, 5, key_id=str(key.id))
    spend(project, 50, key_id=str(uuid7()))
    rows = spent_by(project, week(), "key")
    assert [row.sums.amount_nano for row in rows] == [50, 5]
    assert rows[1].label == str(key)


def test_a_course_adds_up_to_the_total_and_names_the_rest(project):
    for number in range(9):
        spend(project, 100 - number, at=ago(days=number % 5), user=f"user-{number}")
    spend(project, 3)
    found = course(project, week(), "user")
    assert list(found.lines) == [*(f"user-{number}" for number in range(6)), "everything else"]
    assert sum(map(sum, found.lines.values())) == totals(project, week()).amount_nano == 867
    assert all(len(line) == len(found.steps) for line in found.lines.values())


def test_a_course_of_nothing_has_no_lines(project):
    assert course(project, week(), "user").lines == {}
    assert sum(course(project, week(), "total").lines.get("Everything", [])) == 0


def test_a_reserve_is_unsettled_when_it_is_old_and_nothing_ended_it(project):
    old, young = reserve(project, 9, at=ago(minutes=16)), reserve(project, at=ago(minutes=14))
    ended = reserve(project, at=ago(hours=1))
    ledger(make_ledger_record(project, kind="release", trace_id=ended.trace_id, span_id=ended.span_id))
    assert [each.trace_id.hex for each in queries.unsettled_of(project)] == [old.trace_id]
    assert queries.unsettled_sum(project) == queries.Unsettled(1, 9)
    both = queries.unsettled_of(project, older_than=timedelta(0))
    assert {each.trace_id.hex for each in both} == {old.trace_id, young.trace_id}


def test_an_unsettled_call_says_whose_it_was(project):
    reserve(project, at=ago(hours=1), user="ada", model="tiny")
    (found,) = queries.unsettled_of(project)
    assert (found.entry.end_user, found.entry.model) == ("ada", "tiny")


@pytest.mark.parametrize(("by", "field"), [("total", ""), ("key", "key_id"), ("user", "user"), ("model", "model")])
def test_what_was_spent_since_a_moment_counts_reserves_and_only_the_asked_part(project, by, field):
    value = str(uuid7())
    mine = {field: value} if field else {}
    since = ago(hours=30)
    spend(project, 1, at=since - timedelta(seconds=1), **mine)
    spend(project, 10, at=since, **mine)
    spend(project, 100, at=since + timedelta(hours=5), **mine)
    reserve(project, 1_000, at=ago(minutes=1), **mine)
    if field:
        spend(project, 7, at=ago(hours=2))
        reserve(project, 7)
    assert spent_since(project, since, by=by, value=value if field else "") == Spent(110, 1_000)


def test_an_organisation_spends_what_its_projects_spend():
    organisation = Organisation.objects.create(name="Port", slug="port")
    for amount in (10, 20):
        place = make_project(organisation=organisation)
        spend(place, amount, user="ada")
        reserve(place, amount, user="ada")
    spend(make_project(), 500, user="ada")
    found = spent_since(organisation, ago(hours=3))
    assert (found.settled_nano, found.reserved_nano, found.total_nano) == (30, 30, 60)
    assert spent_since(organisation, ago(hours=3), by="user", value="ada") == found


def test_nobody_asks_by_what_is_not_counted(project):
    with pytest.raises(ValueError, match="by: one of"):
        spent_since(project, clock.now(), by="colour")


def test_the_ledger_is_read_page_by_page_without_a_gap(project):
    at = ago(hours=1)
    ids = {spend(project, at=at if number % 2 else at - timedelta(minutes=number)).trace_id for number in range(7)}
    chosen, seen, cursor = LedgerFilter(ago(days=1), clock.now()), [], None
    while True:
        page = list_entries(project, chosen, cursor=cursor, limit=2)
        seen += [row.trace_id.hex for row in page.rows]
        if page.older is None:
            break
        cursor = page.older
    assert len(seen) == 7
    assert set(seen) == ids


def test_the_ledger_is_filtered(project):
    mine = spend(project, user="ada", model="tiny")
    spend(project, user="bob", model="tiny")
    reserve(project, user="ada", model="tiny")
    chosen = LedgerFilter(ago(days=1), clock.now(), kind="settle", user="ada", model="tiny")
    assert [row.trace_id.hex for row in list_entries(project, chosen).rows] == [mine.trace_id]


def test_a_cursor_that_nobody_handed_out_is_refused(project):
    with pytest.raises(BadCursor):
        list_entries(project, LedgerFilter(ago(days=1), clock.now()), cursor=Position(clock.now(), "x"))


def test_another_projects_money_is_never_seen(project):
    other = make_project()
    spend(other, 10, user="ada", tags={"team": "x"})
    reserve(other, 10, at=ago(hours=1), user="ada")
    period = between(ago(days=2), None, clock.now())
    assert totals(project, period).amount_nano == 0
    assert all(spent_by(project, period, dimension) == [] for dimension in ("user", "tag", "total"))
    assert course(project, period, "user").lines == {}
    assert not queries.unsettled_of(project).exists()
    assert spent_since(project, ago(days=1), by="user", value="ada") == Spent()
    assert list_entries(project, LedgerFilter(ago(days=1), clock.now())).rows == []
    assert list(queries.spent_per_hour(project, period, "user")) == []
