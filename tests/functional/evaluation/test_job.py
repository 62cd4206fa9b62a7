"""An evaluation from its start to its report, through a worker's supervisor and the process that it starts."""

import pytest

from apps.compute.engine.running import run_waiting
from apps.evaluation.signals import evaluation_ended
from tests.functional.evaluation.conftest import knows, number_in
from tests.helpers.mock_provider import fails
from tests.helpers.processes import test_database_url


@pytest.fixture
def worker(monkeypatch):
    """Does what waits in the pool, with this test's database in the environment of what it starts."""
    monkeypatch.setenv("DATABASE_URL", test_database_url())
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "flywheel.settings.test")
    return lambda: run_waiting("cpu")


@pytest.fixture
def heard():
    ended = []

    def listen(evaluation_id, **_):
        ended.append(evaluation_id)

    evaluation_ended.connect(listen)
    yield ended
    evaluation_ended.disconnect(listen)


def test_a_job_ends_with_the_report_and_says_so(exam, provider, worker, heard):
    provider.behave("acme-novel", knows(lambda question: True))
    provider.behave("acme-steady", knows(lambda question: number_in(question) % 3 != 0))
    evaluation = exam.evaluation()
    assert worker() == 1
    evaluation.refresh_from_db()
    assert (evaluation.job.state, evaluation.job.progress, evaluation.job.error) == ("succeeded", 1.0, "")
    assert evaluation.report["comparison"]["only_candidate"] == 20
    assert evaluation.report["comparison"]["verdict"] == "better"
    assert heard == [evaluation.id]


def test_a_job_whose_provider_refuses_fails_at_once_and_says_why(exam, provider, worker, heard):
    for model in ("acme-novel", "acme-steady"):
        provider.behave(model, fails(401, {"error": {"message": "Your account is closed."}}))
    evaluation = exam.evaluation()
    assert worker() == 1
    evaluation.refresh_from_db()
    assert (evaluation.job.state, evaluation.report) == ("failed", None)
    assert evaluation.job.error.startswith("Given up: 20 calls in a row failed.")
    assert heard == [evaluation.id]
