"""manage.py ledger, as operators and scripts call it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.services import Actor
from apps.billing.models import LedgerEntry
from apps.billing.queries import unsettled_of
from apps.serving.services import set_price
from llmkit import clock
from tests.factories.accounts import make_project
from tests.factories.billing import reserve, spend_at_price
from tests.factories.serving import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project()


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("ledger", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue()


def mispriced(project):
    model = make_model(make_provider(project), name="tiny", input_nano=10**9, output_nano=10**9)
    spend_at_price(model)
    since = clock.now() - timedelta(days=1)
    set_price(actor=Actor(), model=model, effective_from=since, input_nano=2 * 10**9, output_nano=2 * 10**9)


def span_of_time():
    return (
        "--from",
        f"{clock.now() - timedelta(days=2):%Y-%m-%d}",
        "--to",
        f"{clock.now() + timedelta(days=1):%Y-%m-%d}",
    )


def test_repricing_shows_a_table_and_writes_its_figures(project, tmp_path):
    mispriced(project)
    mispriced(make_project())
    path = tmp_path / "figures.json"
    shown = run("reprice", *span_of_time(), "--json", path)
    assert f"{project.slug} / tiny" in shown
    figures = json.loads(path.read_text())["figures"]
    assert figures["projects"][project.slug]["changed"] == 1
    assert figures["projects"][project.slug]["difference_nano"] == 1_200_000
    assert len(figures["projects"]) == LedgerEntry.objects.filter(kind="adjust").count() == 2


def test_one_project_and_model_and_a_dry_run(project, tmp_path):
    mispriced(project)
    mispriced(make_project())
    shown = run("reprice", *span_of_time(), "--project", project.slug, "--model", "tiny", "--dry-run")
    assert "dry run" in shown
    assert not LedgerEntry.objects.filter(kind="adjust").exists()


def test_calls_are_settled_from_a_file(project, tmp_path):
    billed, _unbilled = (reserve(project, at=clock.now() - timedelta(hours=1)) for _ in range(2))
    file, path = tmp_path / "provider.csv", tmp_path / "figures.json"
    days = sorted({f"{clock.now() - timedelta(hours=hours):%Y-%m-%d}" for hours in (0, 2)})
    lines = [f"{billed.trace_id},{billed.span_id},{day},0.000001234" for day in days[:1]]
    lines += [f"{'f' * 32},{'f' * 16},{day},0" for day in days[1:]]
    file.write_text("\n".join(["trace_id,span_id,date,amount", *lines]))
    shown = run("settle", "--csv", file, "--project", project.slug, "--release-missing", "--json", path)
    assert "$0.00000123" in shown
    figures = json.loads(path.read_text())["figures"]
    assert (figures["settled"], figures["settled_nano"], figures["released"]) == (1, 1234, 1)
    assert not unsettled_of(project).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reprice", "--from", "2026-02-01", "--to", "2026-01-01", "--project", "{slug}"), "before the end"),
        (("reprice", "--from", "2026-01-01", "--to", "2026-02-01", "--project", "nobody"), "no project"),
        (("reprice", "--from", "soon", "--to", "2026-02-01"), "--from"),
        (("settle", "--csv", "/nowhere/at/all.csv", "--project", "{slug}"), "can't be read"),
        (("settle", "--csv", __file__, "--project", "{slug}"), "No column of the header"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(project, arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*(argument.format(slug=project.slug) for argument in arguments))
