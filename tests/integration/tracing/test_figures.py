"""Figures over time, and how far the shipper is."""

from datetime import timedelta

import pytest

from apps.tracing.domain.histogram import ACCURACY
from apps.tracing.engine.shipper import Shipper
from apps.tracing.queries import home_figures, shipping
from llmkit import clock
from llmkit.spool import SpoolWriter
from llmkit.telemetry import encode_records
from tests.factories.accounts import make_project
from tests.factories.tracing import make_record, store

pytestmark = pytest.mark.django_db


def close_to(value):
    return pytest.approx(value, rel=ACCURACY)


def test_home_figures_are_those_of_the_requests(django_assert_num_queries):
    project, now = make_project(), clock.now()
    hour_ago = now - timedelta(hours=1)
    records = [make_record(project, start=hour_ago, duration=timedelta(milliseconds=n)) for n in range(100, 200)]
    failed = make_record(project, status="error", attributes={"gen_ai.response.time_to_first_chunk": None})
    stranger = make_record(make_project())
    too_old = make_record(project, start=now - timedelta(hours=30))
    store(*records, failed, stranger, too_old)

    with django_assert_num_queries(3):
        figures = home_figures(project, now - timedelta(hours=24), now)

    assert (figures.requests, figures.errors) == (101, 1)
    assert figures.error_rate == pytest.approx(1 / 101)
    assert (figures.input_tokens, figures.output_tokens, figures.cost_nano) == (101 * 12, 101 * 34, 101 * 5_600)
    assert figures.latency_p50_us == close_to(150_000)
    assert figures.latency_p95_us == close_to(194_000)
    assert figures.ttft_p50_us == figures.ttft_p95_us == close_to(250_000)
    assert sum(point.requests for point in figures.points) == 101
    assert [point.start for point in figures.points] == sorted({point.start for point in figures.points})
    assert len(figures.points) <= 61
    busiest = max(figures.points, key=lambda point: point.requests)
    assert busiest.start <= hour_ago < busiest.start + figures.width
    assert busiest.latency_p99_us == close_to(198_000)


def test_a_project_without_requests_has_empty_points_and_no_latencies():
    figures = home_figures(make_project(), clock.now() - timedelta(minutes=15))
    assert (figures.requests, figures.error_rate, figures.latency_p50_us) == (0, None, None)
    assert len(figures.points) in {15, 16}


@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_long_stretches_have_few_points(days):
    assert len(home_figures(make_project(), clock.now() - timedelta(days=days)).points) <= 91


def test_the_backlog_of_the_spool_is_told_and_gone_once_shipped(tmp_path, settings):
    settings.SPOOL_DIR = tmp_path
    assert (shipping().backlog_bytes, shipping().lag_seconds, shipping().running) == (0, 0, False)
    line = encode_records([make_record(make_project())])
    writer = SpoolWriter(tmp_path, "test")
    writer.append(line + b"poison\n")
    assert shipping().backlog_bytes == len(line) + 7
    assert shipping().lag_seconds > 0

    Shipper(tmp_path).drain()

    told = shipping()
    assert (told.backlog_bytes, told.lag_seconds, told.shipped, told.rejected, told.running) == (0, 0, 1, 1, True)
    writer.append(line)
    assert shipping().lag_seconds > 0
    writer.close()
