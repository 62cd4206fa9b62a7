"""Budgets and the real ledger: what it knows as spent, asked in the words of limits."""

import asyncio
from datetime import timedelta

import pytest

from apps.limits.domain.ledger import SpendQuestion
from apps.limits.domain.rules import Ask, Metric, Window
from apps.limits.domain.windows import bounds
from apps.limits.engine.django_ledger import ledger_in_database
from apps.limits.queries import spent_for
from llmkit import clock
from tests.factories.accounts import make_project, make_secret_key
from tests.factories.billing import reserve, spend
from tests.factories.limits import count_in, make_limit, rules_for, with_limiters


def question(project, /, **fields):
    known = {
        "organisation": str(project.organisation_id),
        "project": str(project.id),
        "key": "",
        "user": None,
        "name": "",
    }
    return SpendQuestion(**(known | {"since_ms": 0} | fields))


@pytest.mark.django_db
def test_the_ledger_is_asked_for_just_those_who_are_limited():
    project = make_project()
    sister, stranger = make_project(organisation=project.organisation), make_project()
    key = make_secret_key(project).key
    spend(project, 1_000, key_id=str(key.id), user="ada")
    spend(project, 200, user="ada", route="sales", model="acme-large")
    spend(project, 30, user="grace", model="sales")
    spend(sister, 4)
    spend(stranger, 50_000)
    assert spent_for(question(project)) == 1_230
    assert spent_for(question(project, project="")) == 1_234
    assert spent_for(question(project, key=str(key.id))) == 1_000
    assert spent_for(question(project, user="ada")) == 1_200
    assert spent_for(question(project, user="")) == 0
    assert spent_for(question(project, name="acme-large")) == 200
    assert spent_for(question(project, name="sales")) == 200
    assert spent_for(question(stranger, project=str(key.id))) == 0


@pytest.mark.django_db
def test_what_is_under_way_is_left_out_and_what_nobody_settled_is_not():
    project = make_project()
    reserve(project, 500)
    reserve(project, 7_000, at=clock.now() - timedelta(minutes=20))
    reserve(project, 9_000, at=clock.now() - timedelta(minutes=20), user="ada")
    assert spent_for(question(project)) == 16_000
    assert spent_for(question(project, user="ada")) == 9_000


@pytest.mark.django_db
def test_spending_of_an_earlier_window_is_left_out():
    project = make_project()
    spend(project, 500, at=clock.now() - timedelta(days=40))
    spend(project, 7)
    now_ms = int(clock.now().timestamp() * 1000)
    assert spent_for(question(project, since_ms=bounds(Window.MONTH, now_ms - 60_000).start)) == 7


@pytest.mark.django_db(transaction=True)
def test_a_limiter_begins_a_budget_with_the_ledger_in_the_database():
    project = make_project()
    key = make_secret_key(project).key
    make_limit(project, Metric.COST, 1_000, subject="key", window=Window.TOTAL)
    spend(project, 940, key_id=str(key.id))
    rules = rules_for(key)
    passed = with_limiters(lambda limiter: count_in(limiter, rules, 10, Ask(cost_nano=20)), ledger=ledger_in_database)
    assert passed == 3


@pytest.mark.django_db(transaction=True)
def test_the_ledger_is_asked_away_from_the_loop():
    project = make_project()
    spend(project, 12)
    assert asyncio.run(ledger_in_database(question(project))) == 12
