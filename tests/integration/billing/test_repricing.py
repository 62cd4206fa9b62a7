"""Costs are computed again from the counts, and what is missing is added, once."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.accounts.models import AuditEvent
from apps.accounts.services import Actor
from apps.billing.engine import repricing
from apps.billing.engine.price_book import PriceBook
from apps.billing.engine.repricing import reprice
from apps.billing.models import LedgerEntry, Repricing, SpendHour
from apps.billing.services import reprice_now, start_repricing
from apps.billing.tasks import reprice_waiting
from apps.serving.services import set_price
from llmkit import clock
from llmkit.usage import Usage
from tests.factories.accounts import make_member, make_project
from tests.factories.billing import spend, spend_at_price
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db
# At the prices of `model`: 600 × 1,000 + 400 × 500 + 200 × 4,000, in millionths of a dollar a million.
BEFORE, DOUBLE = 1_600_000, 3_200_000


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def model(project):
    return make_model(
        make_provider(project),
        name="tiny",
        input_nano=1_000_000_000,
        cached_input_nano=500_000_000,
        output_nano=4_000_000_000,
    )


def twice_as_dear(model, since):
    return set_price(
        actor=Actor(),
        model=model,
        effective_from=since,
        input_nano=2_000_000_000,
        cached_input_nano=1_000_000_000,
        output_nano=8_000_000_000,
    )


def ago(**time):
    return clock.now() - timedelta(**time)


def again(project, **options):
    return reprice(project, ago(days=30), clock.now(), **options)


def spent(project):
    return SpendHour.objects.get(project=project, dimension="total").amount_nano


def test_calls_after_a_new_price_are_adjusted_and_those_before_stay(project, model):
    old, new = spend_at_price(model, at=ago(days=3)), spend_at_price(model, at=ago(days=1))
    price = twice_as_dear(model, ago(days=2))

    found = again(project).whole

    assert (found.calls, found.changed) == (2, 1)
    assert (found.before_nano, found.after_nano) == (2 * BEFORE, BEFORE + DOUBLE)
    adjust = LedgerEntry.objects.get(kind="adjust")
    assert (adjust.trace_id.hex, adjust.amount_nano) == (new.trace_id, DOUBLE - BEFORE)
    assert (adjust.reference, adjust.price_version_id) == (f"reprice:{price.id}", price.id)
    assert LedgerEntry.objects.get(trace_id=old.trace_id).amount_nano == BEFORE


def test_an_adjustment_counts_in_the_hour_and_under_the_names_of_its_call(project, model):
    spend_at_price(model, at=ago(days=1), user="ada", tags={"team": "x"})
    twice_as_dear(model, ago(days=2))
    again(project)
    for dimension, value in (("total", ""), ("user", "ada"), ("tag", "team=x"), ("model", "tiny")):
        hour = SpendHour.objects.get(project=project, dimension=dimension, value=value)
        assert (hour.requests, hour.amount_nano, hour.input_tokens) == (1, DOUBLE, 1_000)


def test_repricing_twice_adds_once(project, model):
    spend_at_price(model)
    twice_as_dear(model, ago(days=2))
    again(project)
    assert again(project).whole.changed == 0
    assert spent(project) == DOUBLE


def test_repricing_follows_the_prices_as_often_as_they_change(project, model):
    spend_at_price(model)
    twice_as_dear(model, ago(days=2))
    again(project)
    set_price(actor=Actor(), model=model, effective_from=ago(days=1), input_nano=0, output_nano=0)
    assert again(project).whole.difference_nano == -DOUBLE
    assert spent(project) == 0
    assert LedgerEntry.objects.filter(kind="adjust").count() == 2


def test_a_dry_run_tells_and_writes_nothing(project, model):
    spend_at_price(model)
    twice_as_dear(model, ago(days=2))
    assert again(project, dry_run=True).whole.difference_nano == DOUBLE - BEFORE
    assert LedgerEntry.objects.count() == 1
    assert spent(project) == BEFORE


def test_a_wrong_price_in_the_gateway_is_found_without_a_new_version(project, model):
    spend_at_price(model, amount_nano=BEFORE + 1)
    assert again(project).whole.difference_nano == -1


def test_every_kind_of_token_is_priced_again(project, model):
    usage = Usage(prompt_tokens=100, audio_prompt_tokens=100, completion_tokens=50, reasoning_tokens=50)
    spend_at_price(model, usage)
    set_price(
        actor=Actor(),
        model=model,
        effective_from=ago(days=1),
        input_nano=0,
        output_nano=0,
        audio_input_nano=40_000_000,
        reasoning_nano=20_000_000,
    )
    again(project)
    assert spent(project) == 100 * 40 + 50 * 20


def test_what_has_no_price_or_no_counts_is_kept_and_told(project, model):
    spend(project, 5, model="gone")
    spend(project, 7, model="tiny", usage=None)
    found = again(project)
    assert (found.models["gone"].unpriced, found.models["tiny"].kept) == (1, 1)
    assert (found.whole.changed, spent(project)) == (0, 12)


def test_one_model_alone_is_repriced(project, model):
    other = make_model(model.provider, name="other", input_nano=1, output_nano=1)
    spend_at_price(model)
    spend_at_price(other)
    for each in (model, other):
        twice_as_dear(each, ago(days=2))
    assert again(project, model="other").models.keys() == {"other"}
    assert LedgerEntry.objects.get(kind="adjust").model == "other"


def test_another_projects_calls_are_not_touched(project, model):
    elsewhere = make_model(make_provider(make_project()), name="tiny", input_nano=1, output_nano=1)
    spend_at_price(elsewhere)
    twice_as_dear(elsewhere, ago(days=2))
    assert again(project).whole.calls == 0
    assert not LedgerEntry.objects.filter(kind="adjust").exists()


def test_large_periods_are_done_in_batches_and_progress_is_told(project, model, monkeypatch):
    monkeypatch.setattr(repricing, "BATCH", 3)
    at = ago(hours=1)
    for _ in range(8):
        spend_at_price(model, at=at)
    twice_as_dear(model, ago(days=2))
    told = []
    found = again(project, progress=lambda done, total: told.append((done, total)))
    assert found.whole.changed == 8
    assert told == [(0, 8), (3, 8), (6, 8), (8, 8)]


def test_the_price_book_knows_every_moment(project, model):
    first = model.prices.get()
    second = twice_as_dear(model, ago(days=2))
    book = PriceBook(project)
    assert book.at("tiny", second.effective_from) == second
    assert book.at("tiny", second.effective_from - timedelta(microseconds=1)) == first
    assert book.at("tiny", first.effective_from - timedelta(microseconds=1)) is None
    assert book.at("unknown", clock.now()) is None


def start(project, **options):
    actor = Actor(user=make_member(project))
    return start_repricing(actor=actor, project=project, start=ago(days=2), end=clock.now(), **options)


def test_a_repricing_in_the_background_is_audited_and_ends_with_its_figures(project, model):
    spend_at_price(model)
    twice_as_dear(model, ago(days=2))
    row = start(project)
    reprice_waiting(unknown="argument")
    row.refresh_from_db()
    assert (row.state, row.done, row.total, row.finished) == ("succeeded", 1, 1, True)
    assert row.result["difference_nano"] == DOUBLE - BEFORE
    assert row.result["models"]["tiny"]["changed"] == 1
    assert AuditEvent.objects.get(action="ledger.repriced").actor == row.created_by


def test_a_second_repricing_waits_for_the_first(project):
    start(project)
    with pytest.raises(ValidationError, match="still under way"):
        start(project)


def test_a_repricing_that_a_lost_worker_began_is_taken_up_again(project, model):
    spend_at_price(model)
    row = start(project, dry_run=True)
    row.mark_progress(0, 1)
    reprice_waiting()
    row.refresh_from_db()
    assert row.state == Repricing.State.SUCCEEDED
    assert not AuditEvent.objects.filter(action="ledger.repriced").exists()


def test_what_fails_says_so_and_the_next_goes_on(project, model):
    # A count that no usage can have: written by hand, since no record gets that far.
    spend_at_price(model)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER billing_append_only")
        cursor.execute("""UPDATE billing_ledgerentry SET usage = '{"prompt_tokens": "many"}'""")
        cursor.execute("ALTER TABLE billing_ledgerentry ENABLE TRIGGER billing_append_only")
    row, fine = start(project), start(make_project())
    reprice_waiting()
    for each in (row, fine):
        each.refresh_from_db()
    assert (row.state, fine.state) == ("failed", "succeeded")
    assert "log of the worker" in row.error


def test_a_period_that_ends_before_it_begins_is_refused(project):
    with pytest.raises(ValidationError, match="before the end"):
        reprice_now(actor=Actor(), project=project, start=clock.now(), end=ago(days=1))
